import Client
import Primitives
import RESP

/// Input: cuts, then the stream.
enum ReplyFuzz {
    private struct Outcome: Equatable {
        var replies: [Reply] = []
        var unreadByteCount = 0
        var refusal: ReplyDecodingError?
    }

    static func run(_ input: inout FuzzInput) throws(Finding) {
        var cuts = Cuts(seed: input.byte())
        let stream = input.rest()
        let whole = read([stream])
        let split = read(cuts.ranges(of: stream.count).map { Array(stream[$0]) })
        try expectEqual(whole, split, "read whole and in pieces")
        for reply in whole.replies {
            var bytes: [UInt8] = []
            encode(reply, into: &bytes)
            var position = 0
            let again = try? ReplyDecoder.decode(bytes.span, at: &position)
            try expect(again == reply, "\(reply) written anew is \(String(describing: again))")
            try expectEqual(position, bytes.count, "the end of \(reply)")
        }
    }

    private static func read(_ pieces: [[UInt8]]) -> Outcome {
        var outcome = Outcome()
        var received: [UInt8] = []
        var position = 0
        for piece in pieces {
            received += piece
            do throws(ReplyDecodingError) {
                while let reply = try ReplyDecoder.decode(received.span, at: &position) {
                    outcome.replies.append(reply)
                }
            } catch {
                outcome.refusal = error
                return outcome
            }
        }
        outcome.unreadByteCount = received.count - position
        return outcome
    }

    /// `reply` in the third version of the protocol.
    private static func encode(_ reply: Reply, into bytes: inout [UInt8]) {
        switch reply {
        case .simple(let text): line("+", text, into: &bytes)
        case .error(let text):
            line("!", "\(text.utf8.count)", into: &bytes)
            bytes += [UInt8](text.utf8) + [0x0D, 0x0A]
        case .integer(let number): line(":", "\(number)", into: &bytes)
        case .bulk(let body):
            line("$", "\(body.count)", into: &bytes)
            bytes += body + [0x0D, 0x0A]
        case .null: line("_", "", into: &bytes)
        case .array(let elements): encode("*", elements.count, elements, into: &bytes)
        case .map(let elements): encode("%", elements.count / 2, elements, into: &bytes)
        case .push(let elements): encode(">", elements.count, elements, into: &bytes)
        case .double(let text): line(",", text, into: &bytes)
        case .boolean(let value): line("#", value ? "t" : "f", into: &bytes)
        }
    }

    private static func encode(
        _ type: String, _ count: Int, _ elements: [Reply], into bytes: inout [UInt8]
    ) {
        line(type, "\(count)", into: &bytes)
        for element in elements { encode(element, into: &bytes) }
    }

    private static func line(_ type: String, _ text: String, into bytes: inout [UInt8]) {
        bytes += [UInt8]("\(type)\(text)\r\n".utf8)
    }

    static var seeds: [[UInt8]] {
        let streams = [RESPVersion.two, .three].map { version in
            var writer = ReplyWriter(version: version)
            writer.ok()
            writer.error("ERR no")
            writer.integer(-12)
            writer.bulk("text\r\n")
            writer.null()
            writer.nullArray()
            writer.map(1)
            writer.simple("key")
            writer.array(2)
            writer.double("1.5")
            writer.boolean(true)
            writer.set(1)
            writer.verbatim("words")
            writer.push(1)
            writer.bulk("message")
            return writer.bytes
        }
        let others = [
            "|1\r\n+a\r\n:1\r\n*-1\r\n", "(123456789012345678901234567890\r\n!5\r\nERR a\r\n",
            "=7\r\ntxt:abc\r\n~1\r\n#f\r\n", "%2\r\n+a\r\n,inf\r\n+b\r\n$-1\r\n",
            String(repeating: "*1\r\n", count: 31) + "_\r\n",
        ]
        return (streams + others.map { [UInt8]($0.utf8) }).enumerated().map { number, stream in
            [UInt8(number)] + stream
        }
    }
}
