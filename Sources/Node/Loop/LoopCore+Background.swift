import Keyspace
import Primitives

/// Work that is too much for one turn and waits for nobody: a slice of it in each turn.
extension LoopCore {
    /// Asks for another turn if there is such work.
    mutating func postBackgroundTurn() {
        guard !isBackgroundTurnDue, !isStopping, hasBackgroundWork else { return }
        isBackgroundTurnDue = true
        effects.append(.post(.continueInBackground, to: .loop(settings.loopIndex)))
    }

    private var hasBackgroundWork: Bool {
        canContinueSnapshot
            || shards.contains {
                $0.machine.isLoading || $0.machine.hasGarbage || $0.check.digest != nil
            }
    }

    /// Does a slice of each kind of work.
    mutating func continueInBackground() {
        isBackgroundTurnDue = false
        if hasFailed { return }
        continueSnapshot()
        continueStateCheck()
        if let index = shards.firstIndex(where: { $0.machine.hasGarbage }) {
            shards[index].machine.freeSome(limit: freedAtOnceCount)
        }
        if let index = shards.firstIndex(where: { $0.machine.isLoading }) { load(index) }
    }

    /// Reads on in the snapshot that the shard had when the node started.
    private mutating func load(_ index: Int) {
        do throws(DecodingFailure) {
            try shards[index].machine.load(byteCount: settings.snapshotChunkByteCount)
        } catch {
            hasFailed = true
            effects.append(
                .stop(
                    .unusable(
                        "the snapshot of group \(shards[index].group) can't be read: \(error.what) at byte \(error.offset)"
                    )))
        }
    }
}

/// Keys and fields that one turn frees.
private let freedAtOnceCount = 1000
