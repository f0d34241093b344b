import DequeModule
import Primitives

/// The part of a group's log that is in memory: what follows the boundary, an entry of which only
/// index, term and stamp are known.
struct RaftLog: Sendable {
    /// The last entry that is no longer held; 0 when none was dropped.
    private(set) var boundaryIndex: LogIndex
    private var boundaryTerm: Term
    private var boundaryStamp: Int64
    private var entries: Deque<LogEntry>

    init(boundaryIndex: LogIndex, term: Term, stamp: Int64, entries: [LogEntry]) {
        self.boundaryIndex = boundaryIndex
        boundaryTerm = term
        boundaryStamp = stamp
        self.entries = Deque(entries)
        for (offset, entry) in entries.enumerated() {
            precondition(
                entry.index == boundaryIndex + (offset + 1),
                "entry \(entry.index) in place \(offset) after \(boundaryIndex)")
        }
    }

    var firstIndex: LogIndex { boundaryIndex.next }
    var lastIndex: LogIndex { boundaryIndex + entries.count }
    var lastTerm: Term { entries.last?.term ?? boundaryTerm }
    var lastStamp: Int64 { entries.last?.stamp ?? boundaryStamp }

    func term(at index: LogIndex) -> Term? {
        if index == boundaryIndex { return boundaryTerm }
        return entry(at: index)?.term
    }

    func stamp(at index: LogIndex) -> Int64? {
        if index == boundaryIndex { return boundaryStamp }
        return entry(at: index)?.stamp
    }

    func entry(at index: LogIndex) -> LogEntry? {
        let offset = index - boundaryIndex - 1
        guard offset >= 0, offset < entries.count else { return nil }
        return entries[offset]
    }

    mutating func append(_ entry: LogEntry) {
        precondition(
            entry.index == lastIndex.next && entry.term >= lastTerm,
            "entry \(entry.index) of term \(entry.term) after \(lastIndex) of \(lastTerm)")
        entries.append(entry)
    }

    /// Drops the entries after `index`.
    mutating func truncate(after index: LogIndex) {
        precondition(index >= boundaryIndex, "truncation after \(index) before \(boundaryIndex)")
        entries.removeLast(max(0, lastIndex - index))
    }

    /// Drops the entries up to and with `index` from memory.
    ///
    /// - Complexity: O(entries dropped).
    mutating func forget(through index: LogIndex) {
        guard index > boundaryIndex, let entry = entry(at: index) else { return }
        entries.removeFirst(index - boundaryIndex)
        boundaryIndex = index
        boundaryTerm = entry.term
        boundaryStamp = entry.stamp
    }

    /// Replaces everything by a snapshot's last entry.
    mutating func reset(to snapshot: SnapshotMetadata) {
        entries.removeAll()
        boundaryIndex = snapshot.index
        boundaryTerm = snapshot.term
        boundaryStamp = snapshot.stamp
    }

    /// The entries from `index` on, up to `byteCount` bytes of them, but at least one if there is one.
    func entries(from index: LogIndex, byteCount limit: Int) -> [LogEntry] {
        let start = index - boundaryIndex - 1
        precondition(start >= 0, "entries from \(index), held from \(firstIndex)")
        var byteCount = 0
        var end = start
        while end < entries.count {
            byteCount += entries[end].byteCount
            if byteCount > limit, end > start { break }
            end += 1
        }
        return start < end ? Array(entries[start..<end]) : []
    }

    /// The last entry at or before `index` whose term is at most `term`: nothing after it can be in
    /// a log that has `term` at `index`.
    ///
    /// - Complexity: O(log entries).
    func lastAgreement(through index: LogIndex, term: Term) -> (index: LogIndex, term: Term) {
        var low = 0
        var high = max(0, min(index, lastIndex) - boundaryIndex)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].term <= term { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return (boundaryIndex, boundaryTerm) }
        return (boundaryIndex + low, entries[low - 1].term)
    }
}
