import Keyspace
import RESP

/// `SET` and the commands that are short forms of it.
extension StringCommands {
    // MARK: Hot path

    @Sendable static func set(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        if request.count == 3 {
            var place = context.locate(request[1], in: keyspace)
            keyspace.setString(
                request[2], of: request[1], at: &place, deadline: Keyspace.noDeadline)
            return reply.ok()
        }
        let options = try SetOptions(parsing: request, from: 3, of: .set)
        let given = try options.deadline(request, command: "set", now: context.now)
        var place = context.locate(request[1], in: keyspace)
        guard try options.allows(request, place, keyspace) else {
            if options.answersOld { old(place, keyspace, &reply) } else { reply.null() }
            return
        }
        if options.answersOld { old(place, keyspace, &reply) } else { reply.ok() }
        let kept = options.keepsDeadline && place.isPresent ? place.deadline : Keyspace.noDeadline
        store(
            2, of: request, at: &place, in: &keyspace, deadline: given ?? kept, now: context.now)
    }

    @Sendable static func peekSet(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        if request.count == 3 { return false }
        let options = try SetOptions(parsing: request, from: 3, of: .set)
        _ = try options.deadline(request, command: "set", now: context.present)
        if options.condition == .none, !options.answersOld { return false }
        let place = context.locate(request[1], in: keyspace)
        if try options.allows(request, place, keyspace) { return false }
        if options.answersOld { old(place, keyspace, &reply) } else { reply.null() }
        return true
    }

    /// Makes the key of `place`, argument `key`, the string that is argument `index`; a deadline that
    /// has passed removes it instead.
    static func store(
        _ index: Int, of request: borrowing Request, key: Int = 1, at place: inout Place,
        in keyspace: inout Keyspace, deadline: Int64, now: Int64
    ) {
        if deadline <= now {
            keyspace.remove(&place)
        } else {
            keyspace.setString(request[index], of: request[key], at: &place, deadline: deadline)
        }
    }

    private static func old(
        _ place: borrowing Place, _ keyspace: borrowing Keyspace, _ reply: inout ReplyWriter
    ) {
        if place.isPresent { reply.bulk(keyspace.string(at: place)) } else { reply.null() }
    }

    // MARK: Short forms

    @Sendable static func setnx(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = context.locate(request[1], in: keyspace)
        guard !place.isPresent else { return reply.integer(0) }
        keyspace.setString(request[2], of: request[1], at: &place, deadline: Keyspace.noDeadline)
        reply.integer(1)
    }

    @Sendable static func peekSetnx(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        guard context.locate(request[1], in: keyspace).isPresent else { return false }
        reply.integer(0)
        return true
    }

    @Sendable static func setex(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try set(.seconds, "setex", &keyspace, request, &context, &reply)
    }

    @Sendable static func psetex(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try set(.milliseconds, "psetex", &keyspace, request, &context, &reply)
    }

    private static func set(
        _ unit: Expiration.Unit, _ name: String, _ keyspace: inout Keyspace,
        _ request: borrowing Request, _ context: inout ExecutionContext,
        _ reply: inout ReplyWriter
    ) throws(CommandError) {
        let expiration = Expiration(argument: 2, unit: unit, isRelative: true)
        let deadline = try expiration.deadline(request, command: name, now: context.now)
        var place = context.locate(request[1], in: keyspace)
        store(3, of: request, at: &place, in: &keyspace, deadline: deadline, now: context.now)
        reply.ok()
    }

    @Sendable static func getset(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = try context.locate(request[1], of: .string, in: keyspace)
        old(place, keyspace, &reply)
        keyspace.setString(request[2], of: request[1], at: &place, deadline: Keyspace.noDeadline)
    }

    // MARK: GETDEL and GETEX

    @Sendable static func getdel(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = try context.locate(request[1], of: .string, in: keyspace)
        old(place, keyspace, &reply)
        keyspace.remove(&place)
    }

    @Sendable static func peekGetdel(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let place = try context.locate(request[1], of: .string, in: keyspace)
        if place.isPresent { return false }
        reply.null()
        return true
    }

    @Sendable static func getex(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let options = try SetOptions(parsing: request, from: 2, of: .getex)
        var place = try context.locate(request[1], of: .string, in: keyspace)
        guard place.isPresent else { return reply.null() }
        let deadline = try options.deadline(request, command: "getex", now: context.now)
        old(place, keyspace, &reply)
        if let deadline, deadline <= context.now {
            keyspace.remove(&place)
        } else if let deadline {
            keyspace.setDeadline(deadline, at: &place)
        } else if options.persists {
            keyspace.setDeadline(Keyspace.noDeadline, at: &place)
        }
    }

    @Sendable static func peekGetex(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let options = try SetOptions(parsing: request, from: 2, of: .getex)
        let place = try context.locate(request[1], of: .string, in: keyspace)
        if place.isPresent {
            if try options.deadline(request, command: "getex", now: context.present) != nil {
                return false
            }
            if options.persists, place.deadline != Keyspace.noDeadline { return false }
        }
        old(place, keyspace, &reply)
        return true
    }
}
