import Commands
import Keyspace
import Primitives
import RESP
import Testing

@Suite("Uncertain deadlines") struct UncertainDeadlineTests {
    /// A keyspace in which `k` ends at 1000.
    private func keyspace() -> Keyspace {
        var keyspace = Keyspace(hashSecret: 1)
        let key = [UInt8]("k".utf8)
        var place = keyspace.locate(key.span, now: 0)
        keyspace.setString(key.span, of: key.span, at: &place, deadline: 1000)
        return keyspace
    }

    /// The reply to `GET k` and whether it rests on a deadline that is not certain.
    private func get(now: Int64, present: Int64, fault: KeyspaceFault? = nil) throws -> (
        reply: String, isUncertain: Bool
    ) {
        let bytes = [UInt8]("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".utf8)
        var frame = RequestFrame()
        _ = try RequestParser().parse(bytes.span, into: &frame)
        let request = Request(bytes: bytes.span, frame: frame)
        guard case .read(let body) = try CommandTable.standard.row("get").body else {
            return ("not a read", false)
        }
        var context = ExecutionContext(now: now, present: present, fault: fault)
        var reply = ReplyWriter()
        try body(keyspace(), request, &context, &reply)
        return (String(decoding: reply.bytes, as: UTF8.self), context.sawUncertainDeadline)
    }

    @Test("only a deadline after the last stamp that has passed by now is uncertain") func window()
        throws
    {
        let value = "$1\r\nk\r\n"
        let null = "$-1\r\n"
        #expect(try get(now: 900, present: 999) == (value, false))
        #expect(try get(now: 900, present: 1000) == (value, true))
        #expect(try get(now: 999, present: 5000) == (value, true))
        #expect(try get(now: 1000, present: 5000) == (null, false))
    }

    @Test(
        "a walk through a whole database rests on the deadlines that have passed since the last stamp",
        arguments: [["KEYS", "*"], ["SCAN", "0"], ["RANDOMKEY"]])
    func walks(words: [String]) throws {
        func isUncertain(now: Int64, present: Int64) throws -> Bool {
            var keyspace = Keyspace(hashSecret: 1, isWhole: true)
            let key = [UInt8]("k".utf8)
            var place = keyspace.locate(key.span, now: 0)
            keyspace.setString(key.span, of: key.span, at: &place, deadline: 1000)
            var bytes: [UInt8] = []
            bytes.append(request: words.map { [UInt8]($0.utf8) })
            var frame = RequestFrame()
            _ = try RequestParser().parse(bytes.span, into: &frame)
            let request = Request(bytes: bytes.span, frame: frame)
            guard
                case .read(let body)? = try CommandTable.standard.row(words[0].lowercased())
                    .wholeBody
            else { throw CommandError("no read") }
            var context = ExecutionContext(now: now, present: present, database: .whole(0))
            var reply = ReplyWriter()
            try body(keyspace, request, &context, &reply)
            return context.sawUncertainDeadline
        }
        #expect(try !isUncertain(now: 900, present: 999))
        #expect(try isUncertain(now: 900, present: 1000))
        // An entry's stamp is certain.
        #expect(try !isUncertain(now: 1000, present: 1000))
    }

    @Test("the planted bug judges by the present and is sure of it") func fault() throws {
        #expect(
            try get(now: 900, present: 1000, fault: .expiryByPresentClock) == ("$-1\r\n", false))
    }
}
