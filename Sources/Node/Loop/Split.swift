import Commands
import Keyspace
import Primitives
import RESP

/// A command of a plain connection that is done in parts, each on one shard.
///
/// The parts are the requests of a session that has no socket: what holds for a plain connection holds
/// for them, and its output is what their replies are taken from.
struct Split: Sendable {
    /// The session whose requests the parts are.
    let parts: SessionReference
    let client: SessionReference
    /// The reply's place in the client's session.
    let sequence: UInt64
    let version: RESPVersion
    let rule: Rule
    /// The command's row in the ``DispatchTable``.
    let row: Int

    /// How the parts' replies make the command's.
    enum Rule: Sendable {
        /// `OK`, when all is well.
        case allOK
        /// Numbers of what was changed, added up.
        case changes
        /// Numbers of what was found, added up.
        case sum
        /// Arrays, one behind the other.
        case concatenation
        /// Arrays whose elements are the values of the keys at these places of the request, part by part.
        case values([[Int]])
        /// For each shard how many keys it has and one of them; each key has the same chance.
        case oneOf(SeededGenerator)
        /// A page of a walk through slots of which these are one shard's.
        case page(ClosedRange<SlotID>)

        /// Whether parts that are done stay done when others fail.
        var isWrite: Bool {
            switch self {
            case .allOK, .changes: true
            case .sum, .concatenation, .values, .oneOf, .page: false
            }
        }
    }
}

/// What a part of a split is, and where it is done.
struct SplitPart: Sendable {
    var place: DatabaseSlot
    var words: [[UInt8]]
}

/// The replies in the output of a split's session.
struct PartReplies {
    private let output: [UInt8]
    /// Where each is, in order.
    private let replies: [Range<Int>]

    /// - Parameter output: Whole replies.
    init(_ output: [UInt8]) {
        self.output = output
        var start = 0
        var replies: [Range<Int>] = []
        while start < output.count {
            let end = Self.end(of: output, at: start)
            replies.append(start..<end)
            start = end
        }
        self.replies = replies
    }

    /// What went wrong, given that parts may be done that others failed beside; `nil`: nothing.
    func error(isWrite: Bool) -> String? {
        let errors = replies.filter { output[$0.lowerBound] == UInt8(ascii: "-") }
        guard let first = errors.first else { return nil }
        let isUncertain = errors.contains { output[$0].starts(with: "-UNCERTAIN".utf8) }
        guard isWrite, isUncertain || errors.count < replies.count else {
            return String(
                decoding: output[first.lowerBound + 1..<first.upperBound - 2], as: UTF8.self)
        }
        return CommandError.partlyDone.text
    }

    /// The sum of replies that are numbers.
    var sum: Int64 { replies.reduce(0) { $0 + Int64(Self.number(of: output, at: $1.lowerBound)) } }

    var count: Int { replies.count }

    /// Of pairs of a number and a reply, one of the replies that aren't null, by chances as those numbers
    /// are; `nil` when there are none.
    func draw(from generator: inout SeededGenerator) -> [UInt8]? {
        var drawn: Range<Int>?
        var total = 0
        for index in stride(from: 0, to: replies.count - 1, by: 2)
        where !Self.isNull(output, at: replies[index + 1].lowerBound) {
            let weight = max(1, Self.number(of: output, at: replies[index].lowerBound))
            total += weight
            if generator.below(total) < weight { drawn = replies[index + 1] }
        }
        return drawn.map { [UInt8](output[$0]) }
    }

    /// How many elements all arrays have, and their bytes one behind the other.
    var elements: (count: Int, bytes: [UInt8]) {
        var count = 0
        var bytes: [UInt8] = []
        for reply in replies {
            count += Self.number(of: output, at: reply.lowerBound)
            bytes.append(
                contentsOf: output[Self.body(of: output, at: reply.lowerBound)..<reply.upperBound])
        }
        return (count, bytes)
    }

    /// The elements of each array, at the places that `order` gives them.
    func elements(inOrder order: [[Int]]) -> [UInt8] {
        var places = [Range<Int>](repeating: 0..<0, count: order.reduce(0) { $0 + $1.count })
        for (reply, targets) in zip(replies, order) {
            var start = Self.body(of: output, at: reply.lowerBound)
            for target in targets {
                let end = Self.end(of: output, at: start)
                places[target] = start..<end
                start = end
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(output.count)
        for place in places { bytes.append(contentsOf: output[place]) }
        return bytes
    }

    /// The cursor of the only reply, a page of `SCAN`, and the array behind it.
    var page: (cursor: UInt64, keys: [UInt8]) {
        let start = Self.body(of: output, at: 0)
        let end = Self.end(of: output, at: start)
        let digits = output[Self.body(of: output, at: start)..<end - 2]
        return (UInt64(String(decoding: digits, as: UTF8.self)) ?? 0, [UInt8](output[end...]))
    }

    // MARK: Replies, as this node writes them

    private static func number(of output: [UInt8], at start: Int) -> Int {
        Int(String(decoding: output[start + 1..<body(of: output, at: start) - 2], as: UTF8.self))
            ?? 0
    }

    private static func isNull(_ output: [UInt8], at start: Int) -> Bool {
        output[start] == UInt8(ascii: "_")
            || output[start] == UInt8(ascii: "$") && number(of: output, at: start) < 0
    }

    /// Behind the first line of the reply at `start`.
    private static func body(of output: [UInt8], at start: Int) -> Int {
        guard let line = output[start...].firstIndex(of: UInt8(ascii: "\n")) else {
            preconditionFailure("a reply at \(start) has no end")
        }
        return line + 1
    }

    /// Where the reply at `start` ends.
    private static func end(of output: [UInt8], at start: Int) -> Int {
        let rest = body(of: output, at: start)
        switch output[start] {
        case UInt8(ascii: "$"), UInt8(ascii: "="):
            let byteCount = number(of: output, at: start)
            return byteCount < 0 ? rest : rest + byteCount + 2
        case UInt8(ascii: "*"), UInt8(ascii: "~"):
            let count = max(0, number(of: output, at: start))
            return (0..<count).reduce(rest) { end, _ in Self.end(of: output, at: end) }
        case UInt8(ascii: "%"):
            let count = 2 * number(of: output, at: start)
            return (0..<count).reduce(rest) { end, _ in Self.end(of: output, at: end) }
        default: return rest
        }
    }
}
