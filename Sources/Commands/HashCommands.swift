import Keyspace
import RESP

/// Commands on hashes (Redis: "Hash commands").
enum HashCommands {
    // MARK: Hot path

    @Sendable static func hget(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        answer(request[2], place, keyspace, &context, &reply)
    }

    @Sendable static func hmget(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        reply.array(request.count - 2)
        for index in 2..<request.count { answer(request[index], place, keyspace, &context, &reply) }
    }

    static func answer(
        _ name: Span<UInt8>, _ place: borrowing Place, _ keyspace: borrowing Keyspace,
        _ context: inout ExecutionContext, _ reply: inout ReplyWriter
    ) {
        if place.isPresent, let value = context.field(name, at: place, in: keyspace) {
            reply.bulk(value)
        } else {
            reply.null()
        }
    }

    @Sendable static func hset(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        reply.integer(try setAll("hset", &keyspace, request, &context))
    }

    @Sendable static func hmset(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        _ = try setAll("hmset", &keyspace, request, &context)
        reply.ok()
    }

    private static func setAll(
        _ command: String, _ keyspace: inout Keyspace, _ request: borrowing Request,
        _ context: inout ExecutionContext
    ) throws(CommandError) -> Int {
        guard request.count % 2 == 0 else { throw .wrongArgumentCount(command) }
        var place = try context.locate(request[1], of: .hash, in: keyspace)
        var added = 0
        for index in stride(from: 2, to: request.count, by: 2)
        where keyspace.setField(
            request[index], to: request[index + 1], of: request[1], at: &place)
        {
            added += 1
        }
        return added
    }

    @Sendable static func hsetnx(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = try context.locate(request[1], of: .hash, in: keyspace)
        if place.isPresent, keyspace.field(request[2], at: place) != nil {
            return reply.integer(0)
        }
        keyspace.setField(request[2], to: request[3], of: request[1], at: &place)
        reply.integer(1)
    }

    @Sendable static func peekHsetnx(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        guard place.isPresent, context.field(request[2], at: place, in: keyspace) != nil else {
            return false
        }
        reply.integer(0)
        return true
    }

    // MARK: Removal

    @Sendable static func hdel(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = try context.locate(request[1], of: .hash, in: keyspace)
        var removed = 0
        for index in 2..<request.count where place.isPresent {
            if keyspace.removeField(request[index], at: &place) { removed += 1 }
        }
        reply.integer(removed)
    }

    @Sendable static func peekHdel(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        if place.isPresent {
            for index in 2..<request.count
            where keyspace.field(request[index], at: place) != nil {
                return false
            }
        }
        reply.integer(0)
        return true
    }

    // MARK: Counters

    @Sendable static func hincrby(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let increment = try request[3].integerArgument()
        var place = try context.locate(request[1], of: .hash, in: keyspace)
        var value: Int64 = 0
        if place.isPresent, let text = keyspace.field(request[2], at: place) {
            guard let number = text.decimalInteger() else {
                throw CommandError("ERR hash value is not an integer")
            }
            value = number
        }
        let (sum, overflow) = value.addingReportingOverflow(increment)
        guard !overflow else { throw .overflow }
        keyspace.setField(
            request[2], to: DecimalText(sum).bytes, deadline: nil, of: request[1], at: &place)
        reply.integer(sum)
    }

    @Sendable static func hincrbyfloat(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let increment = try ExtendedFloat.argument(request[3])
        guard increment.isFinite else { throw CommandError("ERR value is NaN or Infinity") }
        var place = try context.locate(request[1], of: .hash, in: keyspace)
        var value = ExtendedFloat.zero
        if place.isPresent, let text = keyspace.field(request[2], at: place) {
            guard let number = ExtendedFloat(parsing: text) else {
                throw CommandError("ERR hash value is not a float")
            }
            value = number
        }
        let sum = value + increment
        guard sum.isFinite else { throw .notFinite }
        let text = sum.text
        keyspace.setField(
            request[2], to: text.span, deadline: nil, of: request[1], at: &place)
        reply.bulk(text)
    }

    // MARK: Reading

    @Sendable static func hexists(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        let exists = place.isPresent && context.field(request[2], at: place, in: keyspace) != nil
        reply.integer(exists ? 1 : 0)
    }

    @Sendable static func hstrlen(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        if place.isPresent, let value = context.field(request[2], at: place, in: keyspace) {
            reply.integer(value.count)
        } else {
            reply.integer(0)
        }
    }

    @Sendable static func hlen(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locateFields(request[1], in: keyspace)
        reply.integer(place.isPresent ? keyspace.fieldCount(at: place) : 0)
    }

    @Sendable static func hgetall(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locateFields(request[1], in: keyspace)
        guard place.isPresent else { return reply.map(0) }
        reply.map(keyspace.fieldCount(at: place))
        keyspace.forEachField(at: place) { name, value in
            reply.bulk(name)
            reply.bulk(value)
        }
    }

    @Sendable static func hkeys(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locateFields(request[1], in: keyspace)
        guard place.isPresent else { return reply.array(0) }
        reply.array(keyspace.fieldCount(at: place))
        keyspace.forEachField(at: place) { name, _ in reply.bulk(name) }
    }

    @Sendable static func hvals(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locateFields(request[1], in: keyspace)
        guard place.isPresent else { return reply.array(0) }
        reply.array(keyspace.fieldCount(at: place))
        keyspace.forEachField(at: place) { _, value in reply.bulk(value) }
    }
}
