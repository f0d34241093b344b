import DequeModule
import Primitives

/// A group's entries while the segments are read.
///
/// The oldest checkpoint tells how long the log was. Entries that were copied forward come later than
/// those after them, so places may stay empty until the end.
struct ReplayedLog: Sendable {
    struct Slot: Sendable {
        var entry: LogEntry
        var segment: UInt64
    }

    /// The place before the first slot.
    private(set) var base: LogIndex
    private var slots: Deque<Slot?>

    /// An unknown log that holds the entries after `base` up to `last`.
    init(base: LogIndex, last: LogIndex) {
        self.base = base
        slots = Deque(repeating: nil, count: max(0, last - base))
    }

    var last: LogIndex { base + slots.count }

    mutating func apply(_ change: GroupState.LogChange, segment: UInt64) {
        switch change {
        case .none: break
        case .append(let entry):
            cut(after: entry.index.previous)
            slots.append(Slot(entry: entry, segment: segment))
        case .cut(let last): cut(after: last)
        case .compact(let through):
            slots.removeFirst(through - base)
            base = through
        case .replace(let index):
            slots.removeAll()
            base = index
        }
    }

    /// Puts an entry that was copied forward into its place.
    mutating func put(_ entry: LogEntry, segment: UInt64) throws(Contradiction) {
        guard entry.index > base, entry.index <= last else {
            throw Contradiction("copied entry \(entry.index) in a log of \(base.next)…\(last)")
        }
        let slot = entry.index - base - 1
        if let present = slots[slot], present.entry != entry {
            throw Contradiction(
                "copied entry \(entry.index) of term \(entry.term), the log has one of term "
                    + "\(present.entry.term)")
        }
        slots[slot] = Slot(entry: entry, segment: segment)
    }

    /// The first row of places that no segment filled.
    var missing: ClosedRange<LogIndex>? {
        guard let first = slots.firstIndex(where: { $0 == nil }) else { return nil }
        let end = slots[first...].firstIndex { $0 != nil } ?? slots.endIndex
        return base + (first + 1)...base + end
    }

    /// The slots in order; none may be ``missing``.
    var filled: [Slot] { slots.compactMap(\.self) }

    private mutating func cut(after index: LogIndex) {
        slots.removeLast(max(0, last - index))
    }
}
