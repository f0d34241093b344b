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

    /// How the parts' replies make the command's.
    enum Rule: Sendable {
        /// `OK`, when all is well.
        case allOK
    }
}

/// The replies in the output of a split's session.
struct PartReplies {
    /// The bytes of each, in order.
    private(set) var replies: [ArraySlice<UInt8>] = []

    /// - Parameter output: Whole replies.
    init(_ output: [UInt8]) {
        var start = 0
        while start < output.count {
            let end = Self.end(of: output, at: start)
            replies.append(output[start..<end])
            start = end
        }
    }

    var errors: [ArraySlice<UInt8>] { replies.filter { $0.first == UInt8(ascii: "-") } }

    /// Whether the fate of a part is unknown.
    var isUncertain: Bool { replies.contains { $0.starts(with: "-UNCERTAIN".utf8) } }

    /// Where the reply at `start` ends. What this node has written itself is a reply.
    private static func end(of output: [UInt8], at start: Int) -> Int {
        guard let line = output[start...].firstIndex(of: UInt8(ascii: "\n")) else {
            preconditionFailure("a reply at \(start) has no end")
        }
        let rest = line + 1
        let number = Int(String(decoding: output[start + 1..<line - 1], as: UTF8.self))
        switch output[start] {
        case UInt8(ascii: "$"), UInt8(ascii: "="):
            guard let byteCount = number, byteCount >= 0 else { return rest }
            return rest + byteCount + 2
        case UInt8(ascii: "*"), UInt8(ascii: "~"):
            return (0..<max(0, number ?? 0)).reduce(rest) { end, _ in Self.end(of: output, at: end)
            }
        case UInt8(ascii: "%"):
            return (0..<2 * (number ?? 0)).reduce(rest) { end, _ in Self.end(of: output, at: end) }
        default: return rest
        }
    }
}
