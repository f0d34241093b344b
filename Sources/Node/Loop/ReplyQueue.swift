import Primitives

/// The replies that a connection still owes, in the order in which it asked.
///
/// A reply that is ready before its turn waits in a side buffer.
struct ReplyQueue: Sendable {
    private enum Place: Sendable {
        case waiting
        case ready(offset: Int, byteCount: Int)
    }

    private var places: [Place] = []
    private var firstPlace = 0
    private var side: [UInt8] = []
    /// How many bytes of `side` belong to replies that have had their turn.
    private var spentByteCount = 0
    /// The sequence number of the oldest reply that is owed.
    private(set) var head: UInt64 = 0

    /// The sequence number that the next request gets.
    private(set) var next: UInt64 = 0

    /// Bytes of replies that are ready before their turn.
    var readyByteCount: Int { side.count - spentByteCount }
    /// What they take in memory.
    var heldByteCount: Int { side.count }

    /// Whether the reply `sequence` has not come.
    func isWaiting(_ sequence: UInt64) -> Bool {
        guard sequence >= head, sequence < next else { return false }
        guard case .waiting = places[firstPlace + Int(sequence - head)] else { return false }
        return true
    }

    /// Keeps a place for a reply that comes later.
    mutating func append() -> UInt64 {
        places.append(.waiting)
        next += 1
        return next - 1
    }

    /// Adds a reply that is ready, behind all that are owed.
    mutating func append(ready reply: [UInt8]) {
        places.append(.ready(offset: side.count, byteCount: reply.count))
        next += 1
        side.append(copying: reply.span)
    }

    /// Keeps the reply `sequence`, whose turn has not come.
    mutating func store(_ reply: [UInt8], sequence: UInt64) {
        places[place(of: sequence)] = .ready(offset: side.count, byteCount: reply.count)
        side.append(copying: reply.span)
    }

    /// The reply `sequence` has come: it goes to `output` when its turn has come, with those behind it.
    mutating func answer(
        _ sequence: UInt64, with reply: [UInt8], into output: inout [UInt8]
    ) {
        guard sequence == head else { return store(reply, sequence: sequence) }
        output.append(copying: reply.span)
        advance(into: &output)
    }

    /// The reply `head` has been written: moves every reply that is ready behind it to `output`.
    mutating func advance(into output: inout [UInt8]) {
        firstPlace += 1
        head += 1
        while firstPlace < places.count, case .ready(let offset, let byteCount) = places[firstPlace]
        {
            output.append(copying: side.span.extracting(offset..<offset + byteCount))
            spentByteCount += byteCount
            firstPlace += 1
            head += 1
        }
        if firstPlace == places.count {
            places.removeAll(keepingCapacity: places.count <= 4096)
            side.removeAll(keepingCapacity: side.count <= 1 << 16)
            spentByteCount = 0
            firstPlace = 0
            return
        }
        if firstPlace > 4096, firstPlace * 2 > places.count {
            places.removeFirst(firstPlace)
            firstPlace = 0
        }
        // A connection that always asks for more before all is answered never has an empty queue.
        if spentByteCount > 1 << 16, spentByteCount > readyByteCount { dropSpent() }
    }

    /// Gives back the memory of replies that have had their turn.
    private mutating func dropSpent() {
        var rest: [UInt8] = []
        rest.reserveCapacity(readyByteCount)
        for index in firstPlace..<places.count {
            guard case .ready(let offset, let byteCount) = places[index] else { continue }
            places[index] = .ready(offset: rest.count, byteCount: byteCount)
            rest.append(copying: side.span.extracting(offset..<offset + byteCount))
        }
        side = rest
        spentByteCount = 0
    }

    private func place(of sequence: UInt64) -> Int {
        let place = firstPlace + Int(sequence - head)
        precondition(
            sequence >= head && place < places.count,
            "reply \(sequence) is not owed (\(head)..<\(next))")
        return place
    }
}
