import Keyspace
import RESP

/// Commands on strings (Redis: "String commands").
enum StringCommands {
    /// Redis's `proto-max-bulk-len`.
    static let stringByteLimit = 512 * 1024 * 1024

    // MARK: Hot path

    @Sendable static func get(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locate(request[1], of: .string, in: keyspace)
        if place.isPresent { reply.bulk(keyspace.string(at: place)) } else { reply.null() }
    }

    @Sendable static func mget(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        reply.array(request.count - 1)
        for index in 1..<request.count {
            let place = context.locate(request[index], in: keyspace)
            if place.type == .string {
                reply.bulk(keyspace.string(at: place))
            } else {
                reply.null()
            }
        }
    }

    @Sendable static func strlen(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = try context.locate(request[1], of: .string, in: keyspace)
        reply.integer(place.isPresent ? keyspace.string(at: place).count : 0)
    }

    @Sendable static func append(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = try context.locate(request[1], of: .string, in: keyspace)
        guard place.isPresent else {
            keyspace.setString(
                request[2], of: request[1], at: &place, deadline: Keyspace.noDeadline)
            return reply.integer(request[2].count)
        }
        let byteCount = keyspace.string(at: place).count + request[2].count
        guard byteCount <= stringByteLimit else { throw .stringTooLong }
        context.work += growthByteCount(request, at: place, in: keyspace)
        keyspace.append(request[2], to: request[1], at: &place)
        reply.integer(byteCount)
    }

    @Sendable static func weighAppend(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext
    ) -> Int {
        guard let place = try? context.locate(request[1], of: .string, in: keyspace),
            place.isPresent
        else { return 0 }
        return growthByteCount(request, at: place, in: keyspace)
    }

    /// How many bytes an `APPEND` copies of the string that it makes longer.
    private static func growthByteCount(
        _ request: borrowing Request, at place: borrowing Place, in keyspace: borrowing Keyspace
    ) -> Int {
        let before = keyspace.string(at: place).count
        return keyspace.copiedByteCount(
            toWriteUpTo: before + request[2].count, from: before, at: place)
    }

    // MARK: Counters

    @Sendable static func incr(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try add(1, &keyspace, request, &context, &reply)
    }

    @Sendable static func decr(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try add(-1, &keyspace, request, &context, &reply)
    }

    @Sendable static func incrby(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        try add(try request[2].integerArgument(), &keyspace, request, &context, &reply)
    }

    @Sendable static func decrby(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let decrement = try request[2].integerArgument()
        guard decrement != .min else { throw CommandError("ERR decrement would overflow") }
        try add(-decrement, &keyspace, request, &context, &reply)
    }

    private static func add(
        _ increment: Int64, _ keyspace: inout Keyspace, _ request: borrowing Request,
        _ context: inout ExecutionContext, _ reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = try context.locate(request[1], of: .string, in: keyspace)
        var value: Int64 = 0
        if place.isPresent { value = try keyspace.string(at: place).integerArgument() }
        let (sum, overflow) = value.addingReportingOverflow(increment)
        guard !overflow else { throw .overflow }
        keyspace.setString(
            DecimalText(sum).bytes, of: request[1], at: &place,
            deadline: place.isPresent ? place.deadline : Keyspace.noDeadline)
        reply.integer(sum)
    }

    @Sendable static func incrbyfloat(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = try context.locate(request[1], of: .string, in: keyspace)
        var value = ExtendedFloat.zero
        if place.isPresent {
            value = try ExtendedFloat.argument(keyspace.string(at: place))
        }
        let sum = value + (try ExtendedFloat.argument(request[2]))
        guard sum.isFinite else { throw .notFinite }
        let text = sum.text
        keyspace.setString(
            text.span, of: request[1], at: &place,
            deadline: place.isPresent ? place.deadline : Keyspace.noDeadline)
        reply.bulk(text)
    }
}
