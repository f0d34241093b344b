/// The fields of a hash that have a deadline, the earliest first; fields of one deadline in the order
/// of their names, byte by byte.
///
/// An array cut into chunks, so that a change moves few of them even when there are millions.
///
/// It also keeps, for the snapshot under way, the deadlines that fields had before they were changed.
struct FieldDeadlines {
    private struct Item {
        var deadline: Int64
        var field: Entry
    }

    private static let chunkCapacity = 256

    /// None is empty.
    private var chunks: [[Item]] = []
    private(set) var count = 0
    private var former: [Int64] = []

    init() {}

    var first: Entry? { chunks.first?.first?.field }
    var earliest: Int64? { chunks.first?.first?.deadline }
    var latest: Int64? { chunks.last?.last?.deadline }

    /// How many are not later than `time`.
    ///
    /// - Complexity: O(count / 256).
    func count(through time: Int64) -> Int {
        var count = 0
        for chunk in chunks {
            guard let last = chunk.last, last.deadline <= time else {
                return count + Self.count(through: time, of: chunk)
            }
            count += chunk.count
        }
        return count
    }

    /// The earliest that is later than `time`.
    func earliest(after time: Int64) -> Int64? {
        guard let latest, latest > time else { return nil }
        var (low, high) = (0, chunks.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if let last = chunks[middle].last, last.deadline > time {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return chunks[low][Self.count(through: time, of: chunks[low])].deadline
    }

    private static func count(through time: Int64, of chunk: [Item]) -> Int {
        var (low, high) = (0, chunk.count)
        while low < high {
            let middle = (low + high) / 2
            if chunk[middle].deadline <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Changes

    /// Adds `field`, which has a deadline.
    mutating func insert(_ field: Entry) {
        let item = Item(deadline: field.deadline, field: field)
        count += 1
        guard !chunks.isEmpty else { return chunks.append([item]) }
        let chunk = min(self.chunk(of: item), chunks.count - 1)
        let place = Self.place(of: item, in: chunks[chunk])
        chunks[chunk].insert(item, at: place)
        if chunks[chunk].count > Self.chunkCapacity { split(chunk, insertedAt: place) }
    }

    /// Removes `field`, whose deadline and name are what they were when it was added.
    mutating func remove(_ field: Entry) {
        let item = Item(deadline: field.deadline, field: field)
        let chunk = chunk(of: item)
        precondition(chunk < chunks.count, "a deadline that is not a hash's")
        let place = Self.place(of: item, in: chunks[chunk])
        precondition(
            place < chunks[chunk].count && chunks[chunk][place].field.isIdentical(to: field),
            "a deadline of another field")
        chunks[chunk].remove(at: place)
        if chunks[chunk].isEmpty { chunks.remove(at: chunk) }
        count -= 1
    }

    /// Halves a chunk, or leaves it whole when it was added to at its end: deadlines mostly grow.
    private mutating func split(_ chunk: Int, insertedAt place: Int) {
        let kept =
            place == Self.chunkCapacity && chunk == chunks.count - 1
            ? Self.chunkCapacity : Self.chunkCapacity / 2
        let rest = Array(chunks[chunk][kept...])
        chunks[chunk].removeSubrange(kept...)
        chunks.insert(rest, at: chunk + 1)
    }

    /// Frees up to `limit` chunks of what is going to be freed as a whole.
    ///
    /// - Returns: How many were freed.
    mutating func freeSome(limit: Int) -> Int {
        let freed = min(limit, chunks.count)
        chunks.removeLast(freed)
        return freed
    }

    // MARK: Order

    /// The first chunk that doesn't end before `item`.
    private func chunk(of item: Item) -> Int {
        var (low, high) = (0, chunks.count)
        while low < high {
            let middle = (low + high) / 2
            if let last = chunks[middle].last, Self.precedes(last, item) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private static func place(of item: Item, in chunk: [Item]) -> Int {
        var (low, high) = (0, chunk.count)
        while low < high {
            let middle = (low + high) / 2
            if precedes(chunk[middle], item) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func precedes(_ left: Item, _ right: Item) -> Bool {
        left.deadline == right.deadline
            ? left.field.keyPrecedes(right.field) : left.deadline < right.deadline
    }

    // MARK: Snapshots

    /// Keeps the deadline that `field` has; its ``Entry/expiryIndex`` says where.
    mutating func keepFormer(of field: Entry) {
        precondition(former.count < Int(Entry.notInHeap), "\(former.count) former deadlines")
        field.expiryIndex = UInt32(former.count)
        former.append(field.deadline)
    }

    func former(of field: Entry) -> Int64 { former[Int(field.expiryIndex)] }

    /// No field refers to a former deadline any more.
    mutating func forgetFormer() { former = [] }
}
