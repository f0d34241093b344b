import Keyspace
import RESP

/// `INCREX`.
extension StringCommands {
    @Sendable static func increx(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let options = try IncrexOptions(parsing: request)
        var place = try context.locate(request[1], of: .string, in: keyspace)
        let deadline = try options.deadline(
            request, instead: place.isPresent ? place.deadline : Keyspace.noDeadline,
            now: context.now)
        guard let text = try sum(options, request, place, keyspace, &reply) else { return }
        if deadline <= context.now {
            keyspace.remove(&place)
        } else {
            keyspace.setString(text.span, of: request[1], at: &place, deadline: deadline)
        }
    }

    /// Out of bounds.
    @Sendable static func peekIncrex(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let options = try IncrexOptions(parsing: request)
        let place = try context.locate(request[1], of: .string, in: keyspace)
        _ = try options.deadline(request, instead: Keyspace.noDeadline, now: context.present)
        let start = reply.bytes.count
        guard try sum(options, request, place, keyspace, &reply) == nil else {
            reply.bytes.removeSubrange(start...)
            return false
        }
        return true
    }

    /// Writes the reply.
    ///
    /// - Returns: What the key is to hold; `nil` when the sum is out of bounds and nothing is done.
    private static func sum(
        _ options: IncrexOptions, _ request: borrowing Request, _ place: borrowing Place,
        _ keyspace: borrowing Keyspace, _ reply: inout ReplyWriter
    ) throws(CommandError) -> [UInt8]? {
        switch options.number {
        case .integer:
            let increment = try number(options.increment, of: request, "Increment", orElse: 1)
            let bounds = try bounds(options, request)
            let old =
                place.isPresent ? try keyspace.string(at: place).integerArgument() : 0
            let sum = BoundedSum(
                of: old, and: increment, within: bounds, saturates: options.saturates)
            guard let sum else { throw CommandError("ERR applied increment would overflow") }
            reply.array(2)
            reply.integer(sum.value)
            reply.integer(sum.applied)
            return sum.isDone ? [UInt8](copying: DecimalText(sum.value).bytes) : nil
        case .float:
            let increment = try float(options.increment, of: request, "Increment", orElse: .zero)
            guard increment.isFinite else {
                throw CommandError("ERR BYFLOAT increment cannot be Infinity")
            }
            let bounds = try floatBounds(options, request)
            let old =
                place.isPresent ? try ExtendedFloat.argument(keyspace.string(at: place)) : .zero
            guard old.isFinite else { throw CommandError("ERR value cannot be Infinity") }
            let sum = BoundedSum(
                of: old, and: increment, within: bounds, saturates: options.saturates)
            guard let sum else { throw CommandError("ERR applied increment would be Infinity") }
            let text = sum.value.text
            reply.array(2)
            reply.double(String(decoding: text, as: UTF8.self))
            reply.double(String(decoding: sum.applied.text, as: UTF8.self))
            return sum.isDone ? text : nil
        }
    }

    // MARK: Arguments

    private static func bounds(
        _ options: IncrexOptions, _ request: borrowing Request
    ) throws(CommandError) -> (least: Int64, greatest: Int64) {
        try ordered(
            try number(options.lowerBound, of: request, "LBOUND", orElse: .least),
            try number(options.upperBound, of: request, "UBOUND", orElse: .greatest))
    }

    private static func floatBounds(
        _ options: IncrexOptions, _ request: borrowing Request
    ) throws(CommandError) -> (least: ExtendedFloat, greatest: ExtendedFloat) {
        try ordered(
            try float(options.lowerBound, of: request, "LBOUND", orElse: .least),
            try float(options.upperBound, of: request, "UBOUND", orElse: .greatest))
    }

    private static func ordered<Number: Countable>(
        _ least: Number, _ greatest: Number
    ) throws(CommandError) -> (least: Number, greatest: Number) {
        guard !(greatest < least) else {
            throw CommandError("ERR LBOUND can't be greater than UBOUND")
        }
        return (least, greatest)
    }

    private static func number(
        _ index: Int?, of request: borrowing Request, _ name: String, orElse other: Int64
    ) throws(CommandError) -> Int64 {
        guard let index else { return other }
        guard let number = request[index].decimalInteger() else {
            throw CommandError("ERR \(name) is not an integer or out of range")
        }
        return number
    }

    private static func float(
        _ index: Int?, of request: borrowing Request, _ name: String,
        orElse other: ExtendedFloat
    ) throws(CommandError) -> ExtendedFloat {
        guard let index else { return other }
        guard let number = ExtendedFloat(parsing: request[index]) else {
            throw CommandError("ERR \(name) is not a valid float")
        }
        return number
    }
}
