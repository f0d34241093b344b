package import Primitives

/// An entry that a replica applied, as the simulator's checkers compare it.
package struct AppliedEntry: Equatable, Sendable {
    package var group: GroupID
    package var index: LogIndex
    /// Of all that the entry is.
    package var hash: UInt64

    init(_ entry: LogEntry, of group: GroupID) {
        self.group = group
        index = entry.index
        let words = [
            entry.term.rawValue, entry.index.rawValue, UInt64(entry.kind.rawValue),
            UInt64(bitPattern: entry.stamp), UInt64(crc32c(entry.payload.span)),
        ]
        hash = words.reduce(0) { SplitMix64.mix($0 ^ $1) }
    }
}
