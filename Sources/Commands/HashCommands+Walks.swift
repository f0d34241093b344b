import Keyspace
import RESP

/// The commands that answer some of a hash's fields: the next ones of a walk, or any.
extension HashCommands {
    /// How many fields may be drawn with repetition: each is written, however few the hash has.
    private static let drawLimit = 1 << 20

    @Sendable static func hscan(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        guard let cursor = ScanRequest.cursorNumber(request[2]) else { throw .invalidCursor }
        let place = try context.locateFields(request[1], in: keyspace)
        guard place.isPresent else {
            return ScanRequest.answer(next: 0, found: [], into: &reply)
        }
        let options = try FieldScanOptions(parsing: request, from: 3)
        var found: [[UInt8]] = []
        let next = keyspace.scanFields(at: place, from: cursor, count: options.count) {
            name, value in
            guard options.matches(name) else { return }
            found.append([UInt8](copying: name))
            if options.withValues { found.append([UInt8](copying: value)) }
        }
        ScanRequest.answer(next: next, found: found, into: &reply)
    }

    @Sendable static func hrandfield(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        guard request.count > 2 else {
            let place = try context.locateFields(request[1], in: keyspace)
            guard place.isPresent else { return reply.null() }
            keyspace.drawFields(1, at: place, seed: context.seed) { name, _ in reply.bulk(name) }
            return
        }
        let count = try request[2].integerArgument()
        guard count > .min else {
            throw CommandError(
                "ERR value is out of range, value must between \(-Int64.max) and \(Int64.max)")
        }
        let withValues = request.count > 3
        if withValues {
            guard request.count == 4, request[3].equalsIgnoringCase("withvalues") else {
                throw .syntax
            }
            guard -Int64.max / 2...Int64.max / 2 ~= count else { throw .outOfRange }
        }
        let place = try context.locateFields(request[1], in: keyspace)
        guard place.isPresent, count != 0 else { return reply.array(0) }
        guard count > -Int64(drawLimit) else { throw .outOfRange }
        let drawnCount =
            count < 0 ? Int(-count) : min(Int(count), keyspace.fieldCount(at: place))
        let arePairs = withValues && reply.version == .three
        context.work += drawnCount * 32
        reply.array(withValues && !arePairs ? drawnCount * 2 : drawnCount)
        func write(_ name: Span<UInt8>, _ value: Span<UInt8>) {
            if arePairs { reply.array(2) }
            reply.bulk(name)
            if withValues { reply.bulk(value) }
        }
        if count < 0 {
            keyspace.drawFields(drawnCount, at: place, seed: context.seed, write)
        } else {
            keyspace.drawDistinctFields(drawnCount, at: place, seed: context.seed, write)
        }
    }

    // MARK: HGETDEL

    @Sendable static func hgetdel(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var place = try context.locate(request[1], of: .hash, in: keyspace)
        let fields = try FieldList(parsing: request, at: 2)
        reply.array(fields.count)
        for index in fields.indices {
            answer(request[index], place, keyspace, &context, &reply)
            if place.isPresent { _ = keyspace.removeField(request[index], at: &place) }
        }
    }

    /// No such fields.
    @Sendable static func peekHgetdel(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let place = try context.locate(request[1], of: .hash, in: keyspace)
        let fields = try FieldList(parsing: request, at: 2)
        if place.isPresent {
            for index in fields.indices where keyspace.field(request[index], at: place) != nil {
                return false
            }
        }
        reply.array(fields.count)
        for _ in fields.indices { reply.null() }
        return true
    }
}

/// The options of `HSCAN`.
private struct FieldScanOptions {
    private var pattern: [UInt8]?
    private(set) var count = 10
    private(set) var withValues = true

    init(parsing request: borrowing Request, from start: Int) throws(CommandError) {
        var index = start
        while index < request.count {
            let word = request[index]
            let hasNext = index + 1 < request.count
            if hasNext, word.equalsIgnoringCase("count") {
                let count = try request[index + 1].integerArgument()
                guard count >= 1 else { throw .syntax }
                self.count = Int(count)
                index += 2
            } else if hasNext, word.equalsIgnoringCase("match") {
                pattern = request.copy(index + 1)
                index += 2
            } else if word.equalsIgnoringCase("novalues") {
                withValues = false
                index += 1
            } else {
                throw .syntax
            }
        }
    }

    func matches(_ name: Span<UInt8>) -> Bool {
        guard let pattern else { return true }
        return GlobPattern.matches(pattern.span, name)
    }
}
