import DequeModule
import Primitives

/// A group's entries while the segments are read.
///
/// The first checkpoint tells how long the log was. Entries that were copied forward come later than
/// those after them, so places may stay empty until the end.
struct ReplayedLog: Sendable {
    struct Slot: Sendable {
        var entry: LogEntry
        var segment: UInt64
    }

    /// The place before the first one of the log.
    private(set) var base: LogIndex
    private(set) var last: LogIndex
    /// By index. Places that are empty have none, so that a long log that is gone takes no memory.
    private(set) var slots: Deque<Slot> = []

    /// An unknown log that holds the entries after `base` up to `last`.
    init(base: LogIndex, last: LogIndex) {
        self.base = base
        self.last = max(base, last)
    }

    mutating func apply(_ change: GroupState.LogChange, segment: UInt64) {
        switch change {
        case .none: break
        case .append(let entry):
            cut(after: entry.index.previous)
            slots.append(Slot(entry: entry, segment: segment))
            last = entry.index
        case .cut(let last): cut(after: last)
        case .compact(let through):
            while let first = slots.first, first.entry.index <= through { slots.removeFirst() }
            base = through
            last = max(last, through)
        case .replace(let index):
            slots.removeAll()
            base = index
            last = index
        }
    }

    /// Puts an entry that was copied forward into its place.
    mutating func put(_ entry: LogEntry, segment: UInt64) throws(Contradiction) {
        guard entry.index > base, entry.index <= last else {
            throw Contradiction("copied entry \(entry.index) in a log of \(base.next)…\(last)")
        }
        let place = position(of: entry.index)
        guard place < slots.count, slots[place].entry.index == entry.index else {
            slots.insert(Slot(entry: entry, segment: segment), at: place)
            return
        }
        guard slots[place].entry == entry else {
            throw Contradiction(
                "copied entry \(entry.index) of term \(entry.term), the log has one of term "
                    + "\(slots[place].entry.term)")
        }
        slots[place].segment = segment
    }

    /// The first row of places that no segment filled.
    var missing: ClosedRange<LogIndex>? {
        guard slots.count < last - base else { return nil }
        var next = base.next
        for slot in slots {
            guard slot.entry.index == next else { return next...slot.entry.index.previous }
            next = next.next
        }
        return next...last
    }

    private mutating func cut(after index: LogIndex) {
        while let slot = slots.last, slot.entry.index > index { slots.removeLast() }
        last = min(last, index)
    }

    /// Where the slot of the entry at `index` is, or would be put.
    private func position(of index: LogIndex) -> Int {
        var low = 0
        var high = slots.count
        while low < high {
            let middle = (low + high) / 2
            if slots[middle].entry.index < index { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
