import Keyspace
import Primitives
import RESP

/// The commands that give keys other names.
extension KeyCommands {
    private static let noSuchKey = CommandError("ERR no such key")

    @Sendable static func rename(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let source = context.locate(request[1], in: keyspace)
        guard source.isPresent else { throw noSuchKey }
        if !request[1].equals(request[2]) {
            try context.willMake(keyspace.renamedByteCount(at: source))
            var target = context.locate(request[2], in: keyspace)
            keyspace.rename(source, to: request[2], at: &target)
        }
        reply.ok()
    }

    /// No such key, or it has that name already.
    @Sendable static func peekRename(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        guard context.locate(request[1], in: keyspace).isPresent else { throw noSuchKey }
        guard request[1].equals(request[2]) else { return false }
        reply.ok()
        return true
    }

    @Sendable static func weighRename(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext
    ) -> Int {
        let source = context.locate(request[1], in: keyspace)
        return source.isPresent ? keyspace.renamedByteCount(at: source) : 0
    }

    @Sendable static func renamenx(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let source = context.locate(request[1], in: keyspace)
        guard source.isPresent else { throw noSuchKey }
        var target = context.locate(request[2], in: keyspace)
        guard !target.isPresent else { return reply.integer(0) }
        try context.willMake(keyspace.renamedByteCount(at: source))
        keyspace.rename(source, to: request[2], at: &target)
        reply.integer(1)
    }

    /// No such key, or another one has that name.
    @Sendable static func peekRenamenx(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        guard context.locate(request[1], in: keyspace).isPresent else { throw noSuchKey }
        guard context.locate(request[2], in: keyspace).isPresent else { return false }
        reply.integer(0)
        return true
    }

    // MARK: COPY

    @Sendable static func copy(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let replaces = try copyReplaces(request, in: context.database)
        let source = context.locate(request[1], in: keyspace)
        var target = context.locate(request[2], in: keyspace)
        guard source.isPresent, replaces || !target.isPresent else { return reply.integer(0) }
        try context.willMake(keyspace.copiedByteCount(at: source))
        keyspace.copy(source, to: request[2], at: &target)
        reply.integer(1)
    }

    /// No such key, or another one is in the way.
    @Sendable static func peekCopy(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let replaces = try copyReplaces(request, in: context.database)
        if context.locate(request[1], in: keyspace).isPresent,
            replaces || !context.locate(request[2], in: keyspace).isPresent
        {
            return false
        }
        reply.integer(0)
        return true
    }

    @Sendable static func weighCopy(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext
    ) -> Int {
        let source = context.locate(request[1], in: keyspace)
        return source.isPresent ? keyspace.copiedByteCount(at: source) : 0
    }

    /// Whether the copy may take another key's place.
    private static func copyReplaces(
        _ request: borrowing Request, in database: DatabaseID
    ) throws(CommandError) -> Bool {
        var replaces = false
        var index = 3
        while index < request.count {
            if request[index].equalsIgnoringCase("replace") {
                replaces = true
                index += 1
            } else if request[index].equalsIgnoringCase("db"), index + 1 < request.count {
                guard try request[index + 1].integerArgument() == Int64(database.number ?? 0)
                else {
                    throw CommandError(
                        "ERR COPY to another database is not possible: each database may be on "
                            + "another shard, and keys do not move between them")
                }
                index += 2
            } else {
                throw .syntax
            }
        }
        guard !request[1].equals(request[2]) else {
            throw CommandError("ERR source and destination objects are the same")
        }
        return replaces
    }
}
