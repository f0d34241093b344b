import Keyspace
import RESP

/// The commands about deadlines of fields.
extension HashCommands {
    @Sendable static func hexpire(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try expire("hexpire", .seconds, true, &keyspace, request, &context, &reply)
    }

    @Sendable static func hpexpire(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try expire("hpexpire", .milliseconds, true, &keyspace, request, &context, &reply)
    }

    @Sendable static func hexpireat(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try expire("hexpireat", .seconds, false, &keyspace, request, &context, &reply)
    }

    @Sendable static func hpexpireat(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try expire("hpexpireat", .milliseconds, false, &keyspace, request, &context, &reply)
    }

    private static func expire(
        _ name: String, _ unit: Expiration.Unit, _ isRelative: Bool,
        _ keyspace: inout Keyspace, _ request: borrowing Request,
        _ context: inout ExecutionContext, _ reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = try context.locate(request[1], of: .hash, in: keyspace)
        let deadline = try FieldExpiration.deadline(
            request[2], unit, isRelative: isRelative, command: name, now: context.now)
        let options = try FieldExpireOptions(parsing: request)
        reply.array(options.fields.count)
        for index in options.fields.indices {
            guard place.isPresent,
                let current = keyspace.fieldDeadline(request[index], at: place)
            else {
                reply.integer(-2)
                continue
            }
            if !options.conditions.allows(deadline, instead: current) {
                reply.integer(0)
            } else if deadline <= context.now {
                _ = keyspace.removeField(request[index], at: &place)
                reply.integer(2)
            } else {
                keyspace.setFieldDeadline(deadline, of: request[index], at: &place)
                reply.integer(1)
            }
        }
    }

    @Sendable static func peekHexpire(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        try peekExpire("hexpire", .seconds, true, keyspace, request, &context, &reply)
    }

    @Sendable static func peekHpexpire(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        try peekExpire("hpexpire", .milliseconds, true, keyspace, request, &context, &reply)
    }

    @Sendable static func peekHexpireat(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        try peekExpire("hexpireat", .seconds, false, keyspace, request, &context, &reply)
    }

    @Sendable static func peekHpexpireat(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        try peekExpire("hpexpireat", .milliseconds, false, keyspace, request, &context, &reply)
    }

    /// Only fields that aren't there, or that the condition leaves alone whatever the entry's stamp.
    private static func peekExpire(
        _ name: String, _ unit: Expiration.Unit, _ isRelative: Bool,
        _ keyspace: borrowing Keyspace, _ request: borrowing Request,
        _ context: inout ExecutionContext, _ reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        let deadline = try FieldExpiration.deadline(
            request[2], unit, isRelative: isRelative, command: name, now: context.present)
        let options = try FieldExpireOptions(parsing: request)
        var answers: [Int] = []
        for index in options.fields.indices {
            guard place.isPresent,
                let current = context.fieldDeadline(request[index], at: place, in: keyspace)
            else {
                answers.append(-2)
                continue
            }
            let isAllowed =
                isRelative
                ? options.conditions.allowsSome(insteadOf: current)
                : options.conditions.allows(deadline, instead: current)
            if isAllowed { return false }
            answers.append(0)
        }
        reply.array(answers.count)
        for answer in answers { reply.integer(answer) }
        return true
    }

    @Sendable static func hpersist(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = try context.locate(request[1], of: .hash, in: keyspace)
        let fields = try FieldList(parsing: request, at: 2)
        reply.array(fields.count)
        for index in fields.indices {
            let deadline =
                place.isPresent ? keyspace.fieldDeadline(request[index], at: place) : nil
            if let deadline, deadline != Keyspace.noDeadline {
                keyspace.setFieldDeadline(Keyspace.noDeadline, of: request[index], at: &place)
                reply.integer(1)
            } else {
                reply.integer(deadline == nil ? -2 : -1)
            }
        }
    }

    /// No field with a deadline.
    @Sendable static func peekHpersist(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        let fields = try FieldList(parsing: request, at: 2)
        var answers: [Int] = []
        for index in fields.indices {
            let deadline =
                place.isPresent ? keyspace.fieldDeadline(request[index], at: place) : nil
            if let deadline, deadline != Keyspace.noDeadline { return false }
            answers.append(deadline == nil ? -2 : -1)
        }
        reply.array(answers.count)
        for answer in answers { reply.integer(answer) }
        return true
    }

    // MARK: Reading deadlines

    @Sendable static func httl(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try answer(keyspace, request, &context, &reply) { ($0 - $1 + 999) / 1000 }
    }

    @Sendable static func hpttl(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try answer(keyspace, request, &context, &reply) { $0 - $1 }
    }

    @Sendable static func hexpiretime(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try answer(keyspace, request, &context, &reply) { deadline, _ in (deadline + 999) / 1000 }
    }

    @Sendable static func hpexpiretime(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try answer(keyspace, request, &context, &reply) { deadline, _ in deadline }
    }

    /// For each field -2 without it, -1 without a deadline, else what `shown` makes of deadline and
    /// time.
    private static func answer(
        _ keyspace: borrowing Keyspace, _ request: borrowing Request,
        _ context: inout ExecutionContext, _ reply: inout ReplyWriter,
        _ shown: (_ deadline: Int64, _ present: Int64) -> Int64
    ) throws(CommandError) {
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        let fields = try FieldList(parsing: request, at: 2)
        reply.array(fields.count)
        for index in fields.indices {
            let deadline =
                place.isPresent
                ? context.fieldDeadline(request[index], at: place, in: keyspace) : nil
            guard let deadline else {
                reply.integer(-2)
                continue
            }
            reply.integer(
                deadline == Keyspace.noDeadline
                    ? -1 : max(shown(deadline, context.present), 0))
        }
    }

    // MARK: HGETEX and HSETEX

    @Sendable static func hgetex(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let options = try FieldSetOptions(parsing: request, .hgetex, now: context.now)
        var place = try context.locate(request[1], of: .hash, in: keyspace)
        reply.array(options.count)
        for index in options.names {
            answer(request[index], place, keyspace, &context, &reply)
            guard place.isPresent,
                let current = keyspace.fieldDeadline(request[index], at: place)
            else { continue }
            switch options.time {
            case .deadline(let deadline) where deadline <= context.now:
                _ = keyspace.removeField(request[index], at: &place)
            case .deadline(let deadline):
                keyspace.setFieldDeadline(deadline, of: request[index], at: &place)
            case .persist where current != Keyspace.noDeadline:
                keyspace.setFieldDeadline(Keyspace.noDeadline, of: request[index], at: &place)
            case .none, .keep, .persist: break
            }
        }
    }

    @Sendable static func peekHgetex(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let options = try FieldSetOptions(parsing: request, .hgetex, now: context.present)
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        if options.time != .none, place.isPresent {
            for index in options.names {
                guard let current = keyspace.fieldDeadline(request[index], at: place) else {
                    continue
                }
                if options.time != .persist || current != Keyspace.noDeadline { return false }
            }
        }
        reply.array(options.count)
        for index in options.names { answer(request[index], place, keyspace, &context, &reply) }
        return true
    }

    @Sendable static func hsetex(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let options = try FieldSetOptions(parsing: request, .hsetex, now: context.now)
        var place = try context.locate(request[1], of: .hash, in: keyspace)
        guard allows(options, request, place, keyspace, &context) else { return reply.integer(0) }
        for index in options.names {
            switch options.time {
            case .deadline(let deadline) where deadline <= context.now:
                if place.isPresent { _ = keyspace.removeField(request[index], at: &place) }
            case .deadline(let deadline):
                keyspace.setField(
                    request[index], to: request[index + 1], deadline: deadline, of: request[1],
                    at: &place)
            case .keep:
                keyspace.setField(
                    request[index], to: request[index + 1], deadline: nil, of: request[1],
                    at: &place)
            case .none, .persist:
                keyspace.setField(
                    request[index], to: request[index + 1], of: request[1], at: &place)
            }
        }
        reply.integer(1)
    }

    @Sendable static func peekHsetex(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let options = try FieldSetOptions(parsing: request, .hsetex, now: context.present)
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        guard options.condition != .none,
            !allows(options, request, place, keyspace, &context)
        else { return false }
        reply.integer(0)
        return true
    }

    private static func allows(
        _ options: FieldSetOptions, _ request: borrowing Request, _ place: borrowing Place,
        _ keyspace: borrowing Keyspace, _ context: inout ExecutionContext
    ) -> Bool {
        guard options.condition != .none else { return true }
        for index in options.names {
            let isPresent =
                place.isPresent
                && context.fieldDeadline(request[index], at: place, in: keyspace) != nil
            if isPresent != (options.condition == .allPresent) { return false }
        }
        return true
    }
}
