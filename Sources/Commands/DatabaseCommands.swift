import Keyspace
import Primitives
package import RESP

/// Commands without keys that concern one database, as they are on a whole database.
package enum DatabaseCommands {
    @Sendable static func dbsize(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        reply.integer(keyspace.keyCount)
    }

    @Sendable static func scan(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let scan = try ScanRequest(parsing: request)
        context.noteUncertainDeadlines(in: keyspace)
        var count = scan.count
        var keys: [[UInt8]] = []
        let next = keyspace.scan(
            from: scan.cursor, count: &count, filter: scan.filter, now: context.now, into: &keys)
        ScanRequest.answer(next: next, keys: keys, into: &reply)
    }

    @Sendable static func keys(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        context.noteUncertainDeadlines(in: keyspace)
        var count = Int.max
        var keys: [[UInt8]] = []
        _ = keyspace.scan(
            from: .beginning, count: &count, filter: ScanFilter(pattern: request.copy(1)),
            now: context.now, into: &keys)
        ScanRequest.answer(keys: keys, into: &reply)
    }

    @Sendable static func randomkey(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        context.noteUncertainDeadlines(in: keyspace)
        var generator = SeededGenerator(seed: context.seed)
        if let key = keyspace.randomKey(now: context.now, from: &generator).key {
            reply.bulk(key)
        } else {
            reply.null()
        }
    }

    @Sendable static func flushdb(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try checkFlushMode(request)
        keyspace.removeAll()
        reply.ok()
    }

    /// Whether the keys go at once or their memory later is all the same here.
    package static func checkFlushMode(_ request: borrowing Request) throws(CommandError) {
        guard request.count <= 2 else { throw .syntax }
        guard request.count == 2 else { return }
        guard request[1].equalsIgnoringCase("SYNC") || request[1].equalsIgnoringCase("ASYNC")
        else { throw .syntax }
    }
}
