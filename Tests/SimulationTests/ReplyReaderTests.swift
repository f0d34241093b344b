import Simulation
import Testing

@Suite struct ReplyReaderTests {
    private static let bytes = [UInt8].ascii(
        "+OK\r\n-ERR no\r\n:-12\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n")
    private static let replies: [Reply] = [
        .simple(.ascii("OK")), .error(.ascii("ERR no")), .integer(-12), .bulk(.ascii("a\r\n")),
        .null, .null, .array([.integer(1), .array([.bulk([])])]),
    ]

    @Test("reads every type, whatever pieces the bytes come in", arguments: [1, 2, 3, 7, 100])
    func pieces(size: Int) throws {
        var reader = ReplyReader()
        var replies: [Reply] = []
        for start in stride(from: 0, to: Self.bytes.count, by: size) {
            reader.feed(Array(Self.bytes[start..<min(start + size, Self.bytes.count)]))
            while let reply = try reader.next() { replies.append(reply) }
        }
        #expect(replies == Self.replies)
    }

    @Test("refuses what is no reply", arguments: ["!x\r\n", ":x\r\n", "$-2\r\n", "\r\n"])
    func faults(text: String) {
        var reader = ReplyReader()
        reader.feed(.ascii(text))
        #expect(throws: ReplyFault.self) { try reader.next() }
    }
}

@Suite struct RefusalTests {
    @Test(
        "tells not done from unknown from a command's own error",
        arguments: [
            ("MOVED 12 10.0.0.2:7000", Refusal.moved(host: "10.0.0.2", port: 7000)),
            ("CLUSTERDOWN The cluster is down", .notDone), ("TRYAGAIN later", .notDone),
            ("LOADING x", .notDone), ("MISCONF x", .notDone), ("OOM x", .notDone),
            ("UNCERTAIN the outcome is unknown", .uncertain), ("ERR syntax error", nil),
            ("WRONGTYPE x", nil), ("MOVED 12", nil),
        ])
    func codes(text: String, refusal: Refusal?) {
        #expect(Refusal(error: .ascii(text)) == refusal)
    }
}
