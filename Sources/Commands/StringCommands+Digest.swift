import Keyspace
import RESP

/// `DIGEST`, and `DELEX`, which compares with digests.
extension StringCommands {
    @Sendable static func digest(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locate(request[1], of: .string, in: keyspace)
        if place.isPresent {
            reply.bulk(ValueComparison.digestText(of: place, keyspace))
        } else {
            reply.null()
        }
    }

    @Sendable static func delex(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = context.locate(request[1], in: keyspace)
        guard try mayDelete(request, place, keyspace) else { return reply.integer(0) }
        keyspace.remove(&place)
        reply.integer(1)
    }

    @Sendable static func peekDelex(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let place = context.locate(request[1], in: keyspace)
        if try mayDelete(request, place, keyspace) { return false }
        reply.integer(0)
        return true
    }

    private static func mayDelete(
        _ request: borrowing Request, _ place: borrowing Place, _ keyspace: borrowing Keyspace
    ) throws(CommandError) -> Bool {
        if request.count == 2 { return place.isPresent }
        guard request.count == 4 else { throw .wrongArgumentCount("delex") }
        guard let type = place.type else { return false }
        guard type == .string else {
            throw CommandError("ERR Key should be of string type if conditions are specified")
        }
        guard let comparison = ValueComparison(request[2], argument: 3) else {
            throw CommandError("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")
        }
        return try comparison.holds(request, place, keyspace)
    }
}
