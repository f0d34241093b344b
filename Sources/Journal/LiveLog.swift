import DequeModule
import Primitives

/// Where a group's live entries are, and copies of the newest of them.
struct LiveLog: Sendable {
    /// Entries in a row that are in one segment and of one term.
    struct Run: Equatable, Sendable {
        var first: LogIndex
        var last: LogIndex
        var term: Term
        var segment: UInt64
        var byteCount: Int

        var count: Int { last - first + 1 }
    }

    /// By index; together they are the whole log after the snapshot.
    private(set) var runs: Deque<Run> = []
    /// Bytes of the live records. Exact but for a run that was cut, which counts by its share.
    private(set) var byteCount = 0
    /// The entries of the newest runs; of a run all or none, since only a whole one can be carried.
    private var held: Deque<LogEntry> = []
    private var heldByteCount = 0
    /// How many bytes of copies are kept; the newest runs win.
    private let limit: Int

    init(heldByteCount limit: Int) { self.limit = limit }

    /// How many entries are in memory.
    var heldCount: Int { held.count }

    /// The term of a live entry.
    func term(at index: LogIndex) -> Term? {
        runs.last { $0.first <= index && index <= $0.last }?.term
    }

    func hasEntries(in segment: UInt64) -> Bool {
        runs.contains { $0.segment == segment }
    }

    /// Whether entries of the segment can't be copied forward because they are not in memory.
    func isPinning(_ segment: UInt64) -> Bool {
        runs.contains { $0.segment == segment && !isHeld($0) }
    }

    mutating func apply(_ change: GroupState.LogChange, segment: UInt64) {
        switch change {
        case .none: break
        case .append(let entry):
            cut(after: entry.index.previous)
            append(entry, segment: segment)
        case .cut(let last): cut(after: last)
        case .compact(let last): drop(through: last)
        case .replace:
            runs.removeAll()
            held.removeAll()
            byteCount = 0
            heldByteCount = 0
        }
    }

    mutating func append(_ entry: LogEntry, segment: UInt64) {
        let size = StoredRecord.byteCount(of: entry)
        byteCount += size
        if let last = runs.indices.last, runs[last].segment == segment,
            runs[last].term == entry.term
        {
            runs[last].last = entry.index
            runs[last].byteCount += size
        } else {
            runs.append(
                Run(
                    first: entry.index, last: entry.index, term: entry.term, segment: segment,
                    byteCount: size))
        }
        hold(entry, byteCount: size)
    }

    private mutating func hold(_ entry: LogEntry, byteCount: Int) {
        let isFirst = runs.last?.first == entry.index
        guard isFirst || held.last?.index == entry.index.previous else { return }
        held.append(entry)
        heldByteCount += byteCount
        while heldByteCount > limit, let first = held.first?.index,
            let run = runs.last(where: { $0.first <= first })
        {
            while let oldest = held.first, oldest.index <= run.last {
                held.removeFirst()
                heldByteCount -= StoredRecord.byteCount(of: oldest)
            }
        }
    }

    /// Takes entries of a segment along to a new one, as far as they are in memory and `budget` lasts.
    ///
    /// - Parameters:
    ///   - segment: Where they are.
    ///   - target: Where the caller writes them.
    ///   - budget: How many bytes may be written; lowered by what is taken.
    /// - Returns: The entries to write.
    mutating func carry(
        from segment: UInt64, to target: UInt64, budget: inout Int
    ) -> [LogEntry] {
        var carried: [LogEntry] = []
        for index in runs.indices where runs[index].segment == segment {
            guard let first = held.first?.index, isHeld(runs[index]) else { continue }
            let start = runs[index].first - first
            let entries = held[start..<start + runs[index].count]
            let size = entries.reduce(0) { $0 + StoredRecord.byteCount(of: $1) }
            guard size <= budget else { continue }
            budget -= size
            runs[index].segment = target
            carried += entries
        }
        return carried
    }

    private func isHeld(_ run: Run) -> Bool {
        guard let first = held.first?.index else { return false }
        return first <= run.first
    }

    private mutating func cut(after last: LogIndex) {
        while let run = runs.last, run.last > last {
            runs.removeLast()
            byteCount -= run.byteCount
            guard run.first <= last else { continue }
            let kept = share(of: run, count: last - run.first + 1)
            runs.append(
                Run(
                    first: run.first, last: last, term: run.term, segment: run.segment,
                    byteCount: kept))
            byteCount += kept
        }
        while let entry = held.last, entry.index > last {
            held.removeLast()
            heldByteCount -= StoredRecord.byteCount(of: entry)
        }
    }

    private mutating func drop(through last: LogIndex) {
        while let run = runs.first, run.first <= last {
            runs.removeFirst()
            byteCount -= run.byteCount
            guard run.last > last else { continue }
            let kept = share(of: run, count: run.last - last)
            runs.prepend(
                Run(
                    first: last.next, last: run.last, term: run.term, segment: run.segment,
                    byteCount: kept))
            byteCount += kept
        }
        while let entry = held.first, entry.index <= last {
            held.removeFirst()
            heldByteCount -= StoredRecord.byteCount(of: entry)
        }
    }

    private func share(of run: Run, count: Int) -> Int {
        run.byteCount / run.count * count
    }
}
