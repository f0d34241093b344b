import Keyspace
import RESP

/// The commands about deadlines.
extension KeyCommands {
    @Sendable static func expire(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try expire("expire", .seconds, true, &keyspace, request, &context, &reply)
    }

    @Sendable static func pexpire(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try expire("pexpire", .milliseconds, true, &keyspace, request, &context, &reply)
    }

    @Sendable static func expireat(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try expire("expireat", .seconds, false, &keyspace, request, &context, &reply)
    }

    @Sendable static func pexpireat(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try expire("pexpireat", .milliseconds, false, &keyspace, request, &context, &reply)
    }

    private static func expire(
        _ name: String, _ unit: Expiration.Unit, _ isRelative: Bool,
        _ keyspace: inout Keyspace, _ request: borrowing Request,
        _ context: inout ExecutionContext, _ reply: inout ReplyWriter
    ) throws(CommandError) {
        let options = try ExpireOptions(parsing: request)
        let deadline = try Expiration.deadline(
            try request[2].integerArgument(), unit, isRelative, command: name, now: context.now)
        var place = context.locate(request[1], in: keyspace)
        guard place.isPresent, options.allows(deadline, instead: place.deadline) else {
            return reply.integer(0)
        }
        if deadline <= context.now {
            keyspace.remove(&place)
        } else {
            keyspace.setDeadline(deadline, at: &place)
        }
        reply.integer(1)
    }

    /// No key, or one that `NX` or `XX` leaves alone. `GT` and `LT` depend on the entry's stamp.
    @Sendable static func peekExpire(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let options = try ExpireOptions(parsing: request)
        guard request[2].decimalInteger() != nil else { throw .notInteger }
        let place = context.locate(request[1], in: keyspace)
        if place.isPresent, options.allowsSome(insteadOf: place.deadline) { return false }
        // An overflow is refused first, and that is judged at the entry's stamp.
        guard (Int64.min / 2000...Int64.max / 2000) ~= (request[2].decimalInteger() ?? 0) else {
            return false
        }
        reply.integer(0)
        return true
    }

    @Sendable static func persist(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = context.locate(request[1], in: keyspace)
        guard place.isPresent, place.deadline != Keyspace.noDeadline else {
            return reply.integer(0)
        }
        keyspace.setDeadline(Keyspace.noDeadline, at: &place)
        reply.integer(1)
    }

    @Sendable static func peekPersist(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let place = context.locate(request[1], in: keyspace)
        if place.isPresent, place.deadline != Keyspace.noDeadline { return false }
        reply.integer(0)
        return true
    }

    // MARK: Reading deadlines

    @Sendable static func ttl(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        answer(keyspace, request, &context, &reply) { ($0 - $1 + 500) / 1000 }
    }

    @Sendable static func pttl(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        answer(keyspace, request, &context, &reply) { $0 - $1 }
    }

    @Sendable static func expiretime(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        answer(keyspace, request, &context, &reply) { deadline, _ in (deadline &+ 500) / 1000 }
    }

    @Sendable static func pexpiretime(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        answer(keyspace, request, &context, &reply) { deadline, _ in deadline }
    }

    /// -2 without a key, -1 without a deadline, else what `shown` makes of deadline and time.
    ///
    /// What is left is counted from the present: on an idle shard the last applied stamp is old.
    private static func answer(
        _ keyspace: borrowing Keyspace, _ request: borrowing Request,
        _ context: inout ExecutionContext, _ reply: inout ReplyWriter,
        _ shown: (_ deadline: Int64, _ present: Int64) -> Int64
    ) {
        let place = context.locate(request[1], in: keyspace)
        if !place.isPresent {
            reply.integer(-2)
        } else if place.deadline == Keyspace.noDeadline {
            reply.integer(-1)
        } else {
            reply.integer(max(shown(place.deadline, context.present), 0))
        }
    }
}
