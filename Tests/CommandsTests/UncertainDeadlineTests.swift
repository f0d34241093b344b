@testable import Commands
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
        guard case .read(let body, _) = try CommandTable.standard.row("get").body else {
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

    // MARK: Fields

    /// A hash whose fields `a` and `b` end at 1000 and 2000 and whose `c` stays, and one of which
    /// nothing stays.
    private func hashes() -> Keyspace {
        var keyspace = Keyspace(hashSecret: 1)
        for (key, names) in [("h", ["a", "b", "c"]), ("e", ["a", "b"])] {
            let key = [UInt8](key.utf8)
            var place = keyspace.locate(key.span, now: 0)
            for name in names {
                let deadline: Int64? = ["a": 1000, "b": 2000][name]
                let name = [UInt8](name.utf8)
                keyspace.setField(
                    name.span, to: name.span, deadline: deadline ?? Keyspace.noDeadline,
                    of: key.span, at: &place)
            }
        }
        return keyspace
    }

    private static let presents: [Int64] = [900, 1000, 2000]

    /// A read, or a write's peek, and at which of ``presents`` it is uncertain when `now` is 900.
    @Test(
        "of a field, and of all fields where all matter",
        arguments: [
            ("HGET h a", [1000, 2000]), ("HGET h b", [2000]), ("HGET h c", []), ("HGET h x", []),
            ("HMGET h c a", [1000, 2000]), ("HMGET h c b", [2000]), ("HEXISTS h a", [1000, 2000]),
            ("HSTRLEN h b", [2000]), ("HSTRLEN h c", []), ("HLEN h", [1000, 2000]),
            ("HGETALL h", [1000, 2000]), ("HKEYS h", [1000, 2000]), ("HVALS h", [1000, 2000]),
            ("HSCAN h 0", [1000, 2000]), ("HRANDFIELD h", [1000, 2000]),
            ("HRANDFIELD h 2", [1000, 2000]), ("HTTL h FIELDS 1 b", [2000]),
            ("HPEXPIRETIME h FIELDS 2 c a", [1000, 2000]), ("HPTTL h FIELDS 1 c", []),
            // The hash ends with its last field.
            ("EXISTS h", []), ("EXISTS e", [2000]), ("TYPE e", [2000]), ("HGET e x", [2000]),
            ("PTTL e", [2000]),
            ("HSETNX h a 1", [1000, 2000]), ("HSETNX h b 1", [2000]),
            ("HGETEX h FIELDS 1 b", [2000]),
            ("HSETEX h FNX FIELDS 1 b 1", [2000]), ("HSETEX h FXX FIELDS 1 x 1", []),
            ("HPEXPIREAT h 5000 NX FIELDS 1 b", [2000]), ("HPEXPIREAT h 500 GT FIELDS 1 b", [2000]),
            ("HPEXPIRE h 500 XX FIELDS 1 c", []), ("HDEL h x", []), ("HGETDEL h FIELDS 1 x", []),
        ] as [(String, [Int64])])
    func fields(line: String, uncertain: [Int64]) throws {
        let keyspace = hashes()
        for present in Self.presents {
            let bytes = try InlineCommand.request(from: [UInt8](line.utf8).span)
            var frame = RequestFrame()
            _ = try RequestParser().parse(bytes.span, into: &frame)
            let request = Request(bytes: bytes.span, frame: frame)
            let name = String(decoding: request.copy(0), as: UTF8.self).lowercased()
            var context = ExecutionContext(now: 900, present: present)
            var reply = ReplyWriter()
            switch try CommandTable.standard.row(name).body {
            case .read(let body, _): try body(keyspace, request, &context, &reply)
            case .write(_, let peek?, _):
                let isFinal = try peek(keyspace, request, &context, &reply)
                #expect(isFinal)
            default: Issue.record("\(line) is neither")
            }
            #expect(context.sawUncertainDeadline == uncertain.contains(present), "\(present)")
        }
    }

    @Test("a field that has ended by the last stamp is certain") func certainFields() throws {
        let keyspace = hashes()
        let place = keyspace.locate([UInt8]("h".utf8).span, now: 1000)
        let count = keyspace.fieldCount(at: place)
        #expect(count == 2)
        var context = ExecutionContext(now: 1000, present: 1999)
        _ = try context.locateFields([UInt8]("h".utf8).span, in: keyspace)
        #expect(!context.sawUncertainDeadline)
    }
}
