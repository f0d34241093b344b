import RESP

/// A command whose execution took long (Redis: `SLOWLOG`).
package struct SlowEntry: Sendable {
    var id: UInt64
    var seconds: Int64
    var microseconds: Int64
    var arguments: [[UInt8]]
    var address: String
    var name: [UInt8]
}

/// The slow commands of one loop.
struct SlowLog: Sendable {
    /// The oldest first.
    private(set) var entries: [SlowEntry] = []
    private var nextNumber: UInt64 = 0

    init() {}

    /// - Parameters:
    ///   - entry: Its id is given here, so that those of other loops differ.
    ///   - limit: How many are kept.
    ///   - loop: Which loop it is, and of how many.
    mutating func add(_ entry: SlowEntry, limit: Int, loop: (index: Int, count: Int)) {
        var entry = entry
        entry.id = nextNumber * UInt64(loop.count) + UInt64(loop.index)
        nextNumber += 1
        entries.append(entry)
        // Cut now and then: each entry is moved a few times at most.
        if entries.count > limit + max(16, limit / 4) { trim(to: limit) }
    }

    mutating func trim(to limit: Int) {
        if entries.count > limit { entries.removeFirst(entries.count - limit) }
    }

    mutating func removeAll() { entries = [] }

    // MARK: Arguments as Redis shows them

    private static let argumentLimit = 32
    private static let byteLimit = 128

    /// What of a request is kept: not all of a long one, and no passwords.
    static func arguments(of request: borrowing Request) -> [[UInt8]] {
        var arguments: [[UInt8]] = []
        let count = min(request.count, argumentLimit)
        let secrets = secretPositions(in: request)
        for position in 0..<count {
            if position == argumentLimit - 1, request.count > argumentLimit {
                let more = request.count - argumentLimit + 1
                arguments.append([UInt8]("... (\(more) more arguments)".utf8))
            } else if secrets.contains(position) {
                arguments.append([UInt8]("(redacted)".utf8))
            } else {
                arguments.append(shortened(request.copy(position)))
            }
        }
        return arguments
    }

    private static func shortened(_ argument: [UInt8]) -> [UInt8] {
        guard argument.count > byteLimit else { return argument }
        return Array(argument.prefix(byteLimit))
            + "... (\(argument.count - byteLimit) more bytes)".utf8
    }

    private static func secretPositions(in request: borrowing Request) -> [Int] {
        func word(_ position: Int) -> String {
            String(decoding: request.copy(position), as: UTF8.self).lowercased()
        }
        switch word(0) {
        case "auth": return Array(1..<max(1, request.count))
        case "hello":
            for position in 1..<max(1, request.count) where word(position) == "auth" {
                return [position + 1, position + 2]
            }
            return []
        default: return []
        }
    }
}
