import Client
import Testing

@Suite("Replies are decoded")
struct ReplyDecoderTests {
    static let replies: [(String, Reply)] = [
        ("+OK\r\n", .simple("OK")),
        ("-ERR no\r\n", .error("ERR no")),
        (":-42\r\n", .integer(-42)),
        ("$5\r\na\r\nbc\r\n", .bulk([UInt8]("a\r\nbc".utf8))),
        ("$0\r\n\r\n", .bulk([])),
        ("$-1\r\n", .null),
        ("*-1\r\n", .null),
        ("_\r\n", .null),
        ("*0\r\n", .array([])),
        ("*2\r\n:1\r\n*1\r\n+a\r\n", .array([.integer(1), .array([.simple("a")])])),
        ("~1\r\n:1\r\n", .array([.integer(1)])),
        ("%1\r\n+k\r\n:1\r\n", .map([.simple("k"), .integer(1)])),
        (">1\r\n+k\r\n", .push([.simple("k")])),
        (",1.5\r\n", .double("1.5")),
        ("#t\r\n", .boolean(true)),
        ("#f\r\n", .boolean(false)),
        ("=7\r\ntxt:abc\r\n", .bulk([UInt8]("abc".utf8))),
        ("!5\r\nERR x\r\n", .error("ERR x")),
        ("|1\r\n+a\r\n+b\r\n:3\r\n", .integer(3)),
    ]

    @Test("whole, and with the next reply behind it", arguments: replies)
    func whole(text: String, reply: Reply) throws {
        let bytes = [UInt8](text.utf8)
        var position = 0
        #expect(try ReplyDecoder.decode((bytes + bytes).span, at: &position) == reply)
        #expect(position == bytes.count)
    }

    @Test("at no prefix", arguments: replies)
    func prefixes(text: String, reply: Reply) throws {
        let bytes = [UInt8](text.utf8)
        for count in 0..<bytes.count {
            var position = 0
            let part = Array(bytes[..<count])
            #expect(try ReplyDecoder.decode(part.span, at: &position) == nil)
            #expect(position == 0)
        }
    }

    @Test(
        "unless they are none",
        arguments: [
            "hello\r\n", ":x\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n", "$1\r\nabc", "#x\r\n",
            "=1\r\na\r\n", "%9223372036854775807\r\n", "$999999999999\r\n",
            String(repeating: "*1\r\n", count: 40),
        ])
    func broken(text: String) {
        let bytes = [UInt8](text.utf8)
        #expect(throws: ReplyDecodingError.self) {
            var position = 0
            _ = try ReplyDecoder.decode(bytes.span, at: &position)
        }
    }
}
