import Keyspace
import RESP

/// The commands on parts of strings.
extension StringCommands {
    /// `GETRANGE`, and `SUBSTR`, its old name.
    @Sendable static func getrange(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let start = try request[2].integerArgument()
        let end = try request[3].integerArgument()
        let place = try context.locate(request[1], of: .string, in: keyspace)
        guard place.isPresent else { return reply.bulk(Span()) }
        let value = keyspace.string(at: place)
        reply.bulk(value.extracting(range(from: start, through: end, of: value.count)))
    }

    /// Where the bytes are from `start` to `end`, both counted from the string's end when negative;
    /// empty when there are none.
    static func range(from start: Int64, through end: Int64, of byteCount: Int) -> Range<Int> {
        if start < 0, end < 0, start > end { return 0..<0 }
        let count = Int64(byteCount)
        let first = max(0, start < 0 ? start + count : start)
        let last = min(count - 1, max(0, end < 0 ? end + count : end))
        return first <= last ? Int(first)..<Int(last) + 1 : 0..<0
    }

    @Sendable static func setrange(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let offset = try rangeOffset(request)
        var place = try context.locate(request[1], of: .string, in: keyspace)
        let bytes = request[3]
        guard !bytes.isEmpty else {
            return reply.integer(place.isPresent ? keyspace.string(at: place).count : 0)
        }
        let (end, overflow) = offset.addingReportingOverflow(bytes.count)
        guard !overflow, end <= stringByteLimit else { throw .stringTooLong }
        try context.willMake(zeroCount(before: offset, at: place, in: keyspace))
        if place.isPresent {
            context.work += keyspace.copiedByteCount(toWriteUpTo: end, from: offset, at: place)
        } else {
            keyspace.setString(Span(), of: request[1], at: &place, deadline: Keyspace.noDeadline)
        }
        keyspace.overwrite(bytes, from: offset, of: request[1], at: &place)
        reply.integer(keyspace.string(at: place).count)
    }

    @Sendable static func weighSetrange(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext
    ) -> Int {
        guard let offset = try? rangeOffset(request), offset <= stringByteLimit,
            !request[3].isEmpty,
            let place = try? context.locate(request[1], of: .string, in: keyspace)
        else { return 0 }
        let zeros = zeroCount(before: offset, at: place, in: keyspace)
        guard place.isPresent else { return zeros }
        let end = offset + request[3].count
        return zeros + keyspace.copiedByteCount(toWriteUpTo: end, from: offset, at: place)
    }

    /// How many zeros a string needs to reach as far as `offset`.
    private static func zeroCount(
        before offset: Int, at place: borrowing Place, in keyspace: borrowing Keyspace
    ) -> Int {
        max(0, offset - (place.isPresent ? keyspace.string(at: place).count : 0))
    }

    /// Without bytes to write there is nothing to change.
    @Sendable static func peekSetrange(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        _ = try rangeOffset(request)
        let place = try context.locate(request[1], of: .string, in: keyspace)
        guard request[3].isEmpty else { return false }
        reply.integer(place.isPresent ? keyspace.string(at: place).count : 0)
        return true
    }

    private static func rangeOffset(_ request: borrowing Request) throws(CommandError) -> Int {
        let offset = try request[2].integerArgument()
        guard offset >= 0 else { throw CommandError("ERR offset is out of range") }
        return Int(offset)
    }
}
