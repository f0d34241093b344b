import Commands
import Primitives

/// Entries that end the process (design §4): a replica that died twice at one is not taken there a
/// third time. It keeps its log and its vote; the other shards go on.
extension LoopCore {
    /// Takes note of the entries at which this node's process ended before.
    mutating func heed(_ crashes: [CrashMark]) {
        var seen: [CrashMark] = []
        for crash in crashes where !seen.contains(crash) {
            seen.append(crash)
            guard let index = shardIndexes[crash.group],
                shards[index].replica == crash.replica, shards[index].appliedIndex < crash.index
            else { continue }
            let count = crashes.count { $0 == crash }
            let place = "entry \(crash.index) of group \(crash.group)"
            guard count >= CrashMark.limit else {
                effects.append(
                    .log(.warning, "this node's process ended while it applied \(place)"))
                continue
            }
            let earlier = shards[index].haltIndex
            shards[index].haltIndex = earlier == .zero ? crash.index : min(earlier, crash.index)
            effects.append(
                .log(
                    .error,
                    "group \(crash.group) is halted before \(place): this node's process ended "
                        + "\(count) times while it applied that. A later version tries again; so "
                        + "does this one once the file \(CrashMark.fileName) is removed from the "
                        + "node's folder"))
        }
    }

    /// Whether a halted replica has taken in as much as it can hold: what it doesn't apply stays in memory
    /// and in the journal.
    func isFilledUp(_ index: Int) -> Bool {
        shards[index].isHalted && shards[index].heldByteCount > settings.proposalByteCount
    }

    /// What a request for a halted shard is answered.
    func haltError(of index: Int) -> CommandError {
        CommandError(
            "MISCONF Shard \(shards[index].group) is halted at entry \(shards[index].haltIndex): "
                + "applying it ended the process of node \(settings.nodeID) time and again. Its "
                + "keys can't be used; nothing was done.")
    }
}
