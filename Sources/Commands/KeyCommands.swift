import Keyspace
import RESP

/// Commands on keys of any type (Redis: "Generic commands"), but for those about their deadlines.
enum KeyCommands {
    @Sendable static func delete(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var removed = 0
        for index in 1..<request.count {
            var place = context.locate(request[index], in: keyspace)
            if keyspace.remove(&place) { removed += 1 }
        }
        reply.integer(removed)
    }

    /// Nothing to delete.
    @Sendable static func peekDelete(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        guard count(keyspace, request, &context) == 0 else { return false }
        reply.integer(0)
        return true
    }

    @Sendable static func exists(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        reply.integer(count(keyspace, request, &context))
    }

    @Sendable static func type(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        reply.simple(context.locate(request[1], in: keyspace).type?.name ?? "none")
    }

    private static func count(
        _ keyspace: borrowing Keyspace, _ request: borrowing Request,
        _ context: inout ExecutionContext
    ) -> Int {
        var present = 0
        for index in 1..<request.count
        where context.locate(request[index], in: keyspace).isPresent {
            present += 1
        }
        return present
    }
}
