/// The entries with a deadline, their own or a field's, the earliest first: a heap of four children a node whose entries
/// know their place.
///
/// An item's deadline may be earlier than when its entry is due: a deadline that moves later leaves the item
/// where it is until it comes to the top, so refreshing a TTL costs nothing. Items with equal
/// deadlines are ordered by key, which makes the order of removal a function of what is in the
/// keyspace.
struct ExpiryHeap {
    private struct Item {
        var deadline: Int64
        var word: UInt64
    }

    static var itemByteCount: Int { MemoryLayout<Item>.stride }

    private var items: [Item] = []

    init() {}

    var count: Int { items.count }

    /// No entry's deadline is earlier; `nil` when none has one.
    var earliestDeadline: Int64? { items.first?.deadline }

    /// Takes note of a deadline of `entry`, or of a field of it, that has just been set.
    mutating func update(_ entry: Entry, hash: @autoclosure () -> UInt64) {
        let index = entry.expiryIndex
        if index == Entry.notInHeap {
            guard entry.due != Entry.noDeadline else { return }
            precondition(items.count < Int(Entry.notInHeap), "\(items.count) deadlines")
            items.append(Item(deadline: entry.due, word: entry.word(hash: hash())))
            raise(from: items.count - 1)
        } else if entry.due < items[Int(index)].deadline {
            items[Int(index)].deadline = entry.due
            raise(from: Int(index))
        }
    }

    /// `replacement` stands for `entry` from now on.
    mutating func replace(_ entry: Entry, with replacement: Entry, hash: UInt64) {
        let index = entry.expiryIndex
        replacement.expiryIndex = index
        if index != Entry.notInHeap { items[Int(index)].word = replacement.word(hash: hash) }
    }

    mutating func remove(_ entry: Entry) {
        let index = entry.expiryIndex
        guard index != Entry.notInHeap else { return }
        removeItem(at: Int(index))
    }

    mutating func removeAll() { items = [] }

    /// The entry that is due first, if that is at most `now`.
    mutating func firstExpired(now: Int64) -> Entry? {
        while let item = items.first, item.deadline <= now {
            guard let entry = Entry(word: item.word) else {
                preconditionFailure("an item without an entry")
            }
            let due = entry.due
            if due == item.deadline { return entry }
            if due == Entry.noDeadline {
                removeItem(at: 0)
            } else {
                items[0].deadline = due
                lower(from: 0)
            }
        }
        return nil
    }

    // MARK: Order

    private mutating func removeItem(at index: Int) {
        Entry(word: items[index].word)?.expiryIndex = Entry.notInHeap
        let moved = items.removeLast()
        guard index < items.count else { return }
        items[index] = moved
        raise(from: index)
        if Entry(word: items[index].word)?.expiryIndex == UInt32(index) { lower(from: index) }
    }

    private func precedes(_ left: Item, _ right: Item) -> Bool {
        if left.deadline != right.deadline { return left.deadline < right.deadline }
        guard let leftEntry = Entry(word: left.word), let rightEntry = Entry(word: right.word)
        else { preconditionFailure("an item without an entry") }
        return leftEntry.keyPrecedes(rightEntry)
    }

    private mutating func put(_ item: Item, at index: Int) {
        items[index] = item
        Entry(word: item.word)?.expiryIndex = UInt32(index)
    }

    private mutating func raise(from start: Int) {
        let item = items[start]
        var index = start
        while index > 0 {
            let parent = (index - 1) / 4
            guard precedes(item, items[parent]) else { break }
            put(items[parent], at: index)
            index = parent
        }
        put(item, at: index)
    }

    private mutating func lower(from start: Int) {
        let item = items[start]
        var index = start
        while true {
            let firstChild = index * 4 + 1
            guard firstChild < items.count else { break }
            var least = firstChild
            for child in firstChild + 1..<max(min(firstChild + 4, items.count), firstChild + 1)
            where precedes(items[child], items[least]) {
                least = child
            }
            guard precedes(items[least], item) else { break }
            put(items[least], at: index)
            index = least
        }
        put(item, at: index)
    }
}
