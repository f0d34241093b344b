import Primitives

/// A hash table of entries: open addressing, linear probing, grown and shrunk in steps.
///
/// A bucket's index is the top bits of the hash, so the table is in the order of the hashes but for
/// short runs; ``scan(from:limit:secret:visit:)`` relies on it. While the table changes its size each
/// change of it moves some buckets from the older block; small tables move at once.
///
/// It doesn't own its entries: whoever removes one frees it.
struct EntryTable {
    /// Up to this many buckets a table is moved in one go.
    private static let stepwiseCapacity = 512
    /// Buckets of the older block that one change moves.
    private static let bucketsMovedAtOnce = 16

    /// The word of the block, 0 for an empty table.
    private var word: UInt64 = 0

    private(set) var block: TableBlock? {
        get { TableBlock(word: word) }
        set { word = newValue?.word ?? 0 }
    }

    init() {}

    var count: Int { block?.count ?? 0 }

    /// Whether nothing is in the table; doesn't look at its memory.
    var isEmpty: Bool { word == 0 }

    // MARK: Hot path

    func find(_ key: Span<UInt8>, hash: UInt64) -> Entry? {
        guard let block else { return nil }
        if let entry = block.find(key, hash: hash) { return entry }
        return block.older?.find(key, hash: hash)
    }

    /// Adds `entry`, whose key must not be in the table.
    mutating func insert(_ entry: Entry, hash: UInt64, secret: UInt64) {
        let block = roomForOneMore(secret: secret)
        block.place(entry.word(hash: hash), hash: hash)
        block.count += 1
        if block.older != nil { move(Self.bucketsMovedAtOnce, into: block, secret: secret) }
    }

    /// Removes `entry`, which must be in the table, and leaves it to the caller.
    mutating func remove(_ entry: Entry, hash: UInt64, secret: UInt64) {
        guard let block else { preconditionFailure("removal from an empty table") }
        let word = entry.word(hash: hash)
        if let index = block.index(of: word, hash: hash) {
            block.vacate(index, secret: secret)
        } else if let older = block.older, let index = older.index(of: word, hash: hash) {
            older[index] = TableBlock.tombstone
        } else {
            preconditionFailure("removal of an entry that is not in its table")
        }
        block.count -= 1
        if block.count == 0 {
            deallocate()
        } else if block.older != nil {
            move(Self.bucketsMovedAtOnce, into: block, secret: secret)
        } else if block.capacity > 16, block.count < block.capacity / 16 {
            resize(to: block.capacity / 4, secret: secret)
        }
    }

    /// Puts `replacement` where `entry` with the same key is.
    mutating func replace(_ entry: Entry, with replacement: Entry, hash: UInt64) {
        let word = entry.word(hash: hash)
        if let block, let index = block.index(of: word, hash: hash) {
            block[index] = replacement.word(hash: hash)
        } else if let older = block?.older, let index = older.index(of: word, hash: hash) {
            older[index] = replacement.word(hash: hash)
        } else {
            preconditionFailure("replacement of an entry that is not in its table")
        }
    }

    // MARK: Size

    private mutating func roomForOneMore(secret: UInt64) -> TableBlock {
        guard let block else {
            let first = TableBlock(capacity: 4)
            self.block = first
            return first
        }
        guard block.count + 1 > block.capacity / 4 * 3 else { return block }
        if block.older != nil { move(.max, into: block, secret: secret) }
        return resize(to: block.capacity * 2, secret: secret)
    }

    @discardableResult
    private mutating func resize(to capacity: Int, secret: UInt64) -> TableBlock {
        let next = TableBlock(capacity: capacity)
        next.older = block
        next.count = count
        block = next
        let isSmall = capacity <= Self.stepwiseCapacity
        move(isSmall ? .max : Self.bucketsMovedAtOnce, into: next, secret: secret)
        return next
    }

    private func move(_ bucketCount: Int, into block: TableBlock, secret: UInt64) {
        guard let older = block.older else { return }
        let first = block.migrated
        let end = bucketCount < older.capacity - first ? first + bucketCount : older.capacity
        for index in first..<end {
            if index + 8 < end { older.prefetchEntry(ofBucket: index + 8) }
            let word = older[index]
            guard word != 0, word != TableBlock.tombstone, let entry = Entry(word: word) else {
                continue
            }
            older[index] = TableBlock.tombstone
            block.place(word, hash: entry.hash(secret: secret))
        }
        block.migrated = end
        if end == older.capacity {
            block.older = nil
            block.migrated = 0
            older.deallocate()
        }
    }

    /// Frees the table's own memory; its entries are the caller's.
    mutating func deallocate() {
        block?.older?.deallocate()
        block?.deallocate()
        block = nil
    }

    // MARK: Walking

    /// Calls `visit` with every entry, in the order of the buckets.
    func forEach(_ visit: (Entry) -> Void) {
        guard let block else { return }
        Self.walk(block, visit)
        if let older = block.older { Self.walk(older, visit) }
    }

    private static func walk(_ block: TableBlock, _ visit: (Entry) -> Void) {
        for index in 0..<block.capacity where block[index] != TableBlock.tombstone {
            if let entry = Entry(word: block[index]) { visit(entry) }
        }
    }

    /// Buckets of the block and of the older one.
    var bucketCount: Int { block.map { $0.capacity + ($0.older?.capacity ?? 0) } ?? 0 }

    /// Calls `visit` with the entries of some buckets, counting the older block's behind the block's.
    func forEach(ofBuckets buckets: Range<Int>, _ visit: (Entry) -> Void) {
        guard let block else { return }
        for index in buckets {
            let word =
                index < block.capacity
                ? block[index] : block.older?[index - block.capacity] ?? TableBlock.tombstone
            if word != TableBlock.tombstone, let entry = Entry(word: word) { visit(entry) }
        }
    }

    /// Visits entries in ranges of their hashes, from `start` on.
    ///
    /// A walk that follows the returned hashes from 0 to `nil` visits each entry that was in the
    /// table throughout, whatever sizes the table has meanwhile.
    ///
    /// - Parameters:
    ///   - start: Where the last call ended; only hashes from here on are visited.
    ///   - limit: Ends the call once so many entries were visited or ten times as many buckets seen.
    ///   - secret: The key of the hashes.
    ///   - visit: Called with each entry.
    /// - Returns: The hash to go on from, a multiple of 2^16; `nil` at the table's end.
    func scan(
        from start: UInt64, limit: Int, secret: UInt64, visit: (Entry) -> Void
    ) -> UInt64? {
        guard let block else { return nil }
        // A range is never finer than the prefix that a cursor can hold.
        let shift = max(block.shift, 16)
        let width: UInt64 = (1 << shift) - 1
        var range = start >> shift
        var visited = 0
        var seen = 0
        while visited < limit, seen / 10 < limit {
            let first = max(range << shift, start)
            let last = range << shift | width
            visited += Self.visit(first...last, of: block, secret: secret, visit)
            if let older = block.older {
                visited += Self.visit(first...last, of: older, secret: secret, visit)
            }
            seen += 1
            if last == .max { return nil }
            range += 1
        }
        return range << shift
    }

    /// An entry drawn at random, each with the same chance; the table must not be empty.
    ///
    /// - Complexity: O(1), since neither block is ever almost empty.
    func draw(from generator: inout SeededGenerator) -> Entry {
        precondition(count > 0, "a draw from an empty table")
        let buckets = bucketCount
        while true {
            // Each entry is in one bucket.
            let bucket = generator.below(buckets)
            var drawn: Entry?
            forEach(ofBuckets: bucket..<bucket + 1) { drawn = $0 }
            if let drawn { return drawn }
        }
    }

    private static func visit(
        _ hashes: ClosedRange<UInt64>, of block: TableBlock, secret: UInt64,
        _ visit: (Entry) -> Void
    ) -> Int {
        let mask = block.capacity - 1
        let firstHome = block.home(hashes.lowerBound)
        let lastHome = block.home(hashes.upperBound)
        var visited = 0
        var index = firstHome
        var step = 0
        // All homes of the range, and then to the end of the run that begins in the last one.
        while step <= mask, step <= lastHome - firstHome || block[index] != 0 {
            let word = block[index]
            if word != 0, word != TableBlock.tombstone, let entry = Entry(word: word),
                hashes.contains(entry.hash(secret: secret))
            {
                visit(entry)
                visited += 1
            }
            index = (index + 1) & mask
            step += 1
        }
        return visited
    }
}
