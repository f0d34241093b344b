@testable import Commands
import Keyspace
import Primitives
import RESP
import Testing

/// What writes make beside what their requests bring, see `ExecutionContext.willMake`.
@Suite("Bytes that writes make") struct MadeBytesTests {
    /// Does a write, or weighs it, after its entry has made `before` bytes already.
    private func write(
        _ line: String, on keyspace: inout Keyspace, madeBefore before: Int = 0
    ) throws -> (reply: String, made: Int, weight: Int) {
        let words = try CommandRunner.words(line)
        var bytes = [UInt8]("*\(words.count)\r\n".utf8)
        for word in words {
            bytes += [UInt8]("$\(word.count)\r\n".utf8) + word + [UInt8]("\r\n".utf8)
        }
        var frame = RequestFrame()
        _ = try RequestParser().parse(bytes.span, into: &frame)
        let request = Request(bytes: bytes.span, frame: frame)
        let name = String(decoding: words[0], as: UTF8.self).lowercased()
        guard case .write(let body, _, let weigh) = try CommandTable.standard.row(name).body else {
            throw NoSuchCommand()
        }
        var context = ExecutionContext(now: 1)
        let weight = weigh?(keyspace, request, &context) ?? 0
        try context.willMake(before)
        var reply = ReplyWriter()
        do throws(CommandError) {
            try body(&keyspace, request, &context, &reply)
        } catch {
            reply.error(error.text)
        }
        return (
            String(decoding: reply.bytes, as: UTF8.self), context.madeByteCount - before, weight
        )
    }

    /// With a string `s` of 5 bytes, a small hash `h` and a large one, `l`, both with 3 fields of 2 bytes.
    private func keyspace() throws -> Keyspace {
        var keyspace = Keyspace(hashSecret: 1)
        for line in ["SET s 12345", "HSET h a 1 b 2 c 3"] { _ = try write(line, on: &keyspace) }
        keyspace.compactLimits = CompactLimits(fieldCount: 0, itemByteCount: 0)
        _ = try write("HSET l a 1 b 2 c 3", on: &keyspace)
        return keyspace
    }

    @Test(
        "are what a copy has, zeros that fill a gap, and nothing else",
        arguments: [
            ("COPY s t", 5), ("COPY none t", 0), ("RENAME s t", 5), ("RENAMENX s t", 5),
            ("RENAME s s", 0), ("RENAME h t", 0), ("RENAME l t", 0),
            // However a hash is kept.
            ("COPY h t", 6 + 3 * 512), ("COPY l t", 6 + 3 * 512),
            ("SETRANGE s 2 abcdefgh", 0), ("SETRANGE s 5 a", 0), ("SETRANGE s 9 abc", 4),
            ("SETRANGE t 100 a", 100), ("SETRANGE t 100 \"\"", 0), ("SET s 1", 0),
            ("APPEND s 1", 0),
        ])
    func counted(line: String, made: Int) throws {
        var keyspace = try keyspace()
        let done = try write(line, on: &keyspace)
        #expect(done.made == made)
        // The leader weighs by the state before it; a name's own bytes don't matter to it.
        #expect(done.weight == made || line == "RENAME s s")
    }

    @Test(
        "are bounded for all writes of an entry together, and one that is refused changes nothing",
        arguments: [
            "COPY s t", "COPY h t", "COPY l t", "RENAME s t", "RENAMENX s t", "SETRANGE s 9 a",
        ])
    func bounded(line: String) throws {
        var keyspace = try keyspace()
        let before = keyspace.stateHash()
        let refused = try write(
            line, on: &keyspace, madeBefore: ExecutionContext.madeByteLimit - 3)
        #expect(
            refused.reply
                == "-TRYAGAIN too much is being copied at the same time; nothing was done\r\n")
        #expect(keyspace.stateHash() == before && refused.made == 0)
        let done = try write(
            line, on: &keyspace, madeBefore: ExecutionContext.madeByteLimit - 2000)
        #expect(!done.reply.hasPrefix("-") && keyspace.stateHash() != before)
    }

    @Test("one value that is too large is an error for good") func tooLarge() throws {
        var context = ExecutionContext(now: 1)
        #expect(throws: CommandError.makesTooMuch) {
            try context.willMake(ExecutionContext.madeByteLimit + 1)
        }
        try context.willMake(ExecutionContext.madeByteLimit)
        #expect(throws: CommandError.makesTooMuchAtOnce) { try context.willMake(1) }
    }
}
