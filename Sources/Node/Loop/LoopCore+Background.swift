import Keyspace
import Primitives

/// Work that is too much for one turn and waits for nobody: a slice of it in each turn.
extension LoopCore {
    /// Asks for another turn if there is such work.
    mutating func postBackgroundTurn() {
        guard !isBackgroundTurnDue, !isStopping, mayHaveBackgroundWork || taking != nil else {
            return
        }
        mayHaveBackgroundWork = hasBackgroundWork
        guard mayHaveBackgroundWork else { return }
        isBackgroundTurnDue = true
        effects.append(.post(.continueInBackground, to: .loop(settings.loopIndex)))
    }

    private var hasBackgroundWork: Bool {
        if canContinueSnapshot { return true }
        for index in shards.indices {
            let machine = shards[index].machine
            if machine.isLoading || machine.hasGarbage || shards[index].check.digest != nil {
                return true
            }
        }
        return false
    }

    /// Does a slice of each kind of work.
    mutating func continueInBackground() {
        isBackgroundTurnDue = false
        mayHaveBackgroundWork = true
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
