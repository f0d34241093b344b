import Keyspace
import RESP

/// The commands that set several keys.
extension StringCommands {
    // MARK: Hot path

    @Sendable static func mset(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        guard request.count % 2 == 1 else { throw .wrongArgumentCount("mset") }
        setPairs(1..<request.count, of: request, in: &keyspace, &context)
        reply.ok()
    }

    @Sendable static func msetnx(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        if try peekMsetnx(
            keyspace: keyspace, request: request, context: &context, reply: &reply)
        {
            return
        }
        setPairs(1..<request.count, of: request, in: &keyspace, &context)
        reply.integer(1)
    }

    /// One of the keys is there.
    @Sendable static func peekMsetnx(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        guard request.count % 2 == 1 else { throw .wrongArgumentCount("msetnx") }
        let pairs = 1..<request.count
        guard !allAre(present: false, pairs, of: request, in: keyspace, &context) else {
            return false
        }
        reply.integer(0)
        return true
    }

    // MARK: MSETEX

    @Sendable static func msetex(
        keyspace: inout Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let pairs = try countedPairs(of: request)
        let options = try SetOptions(parsing: request, from: pairs.upperBound, of: .msetex)
        let deadline = try options.deadline(request, command: "msetex", now: context.now)
        guard allows(options, pairs, of: request, in: keyspace, &context) else {
            return reply.integer(0)
        }
        setPairs(
            pairs, of: request, in: &keyspace, &context, deadline: deadline,
            keepsDeadlines: options.keepsDeadline)
        reply.integer(1)
    }

    /// `NX` or `XX` is against it.
    @Sendable static func peekMsetex(
        keyspace: borrowing Keyspace, request: borrowing Request,
        context: inout ExecutionContext, reply: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        let pairs = try countedPairs(of: request)
        let options = try SetOptions(parsing: request, from: pairs.upperBound, of: .msetex)
        _ = try options.deadline(request, command: "msetex", now: context.present)
        guard options.condition != .none,
            !allows(options, pairs, of: request, in: keyspace, &context)
        else { return false }
        reply.integer(0)
        return true
    }

    private static func countedPairs(
        of request: borrowing Request
    ) throws(CommandError) -> Range<Int> {
        guard let count = request[1].decimalInteger(), 1...Int64(Int32.max) ~= count else {
            throw CommandError("ERR invalid numkeys value")
        }
        let end = 2 + Int(count) * 2
        guard end <= request.count else {
            throw CommandError("ERR wrong number of key-value pairs")
        }
        return 2..<end
    }

    private static func allows(
        _ options: SetOptions, _ pairs: Range<Int>, of request: borrowing Request,
        in keyspace: borrowing Keyspace, _ context: inout ExecutionContext
    ) -> Bool {
        switch options.condition {
        case .isAbsent: allAre(present: false, pairs, of: request, in: keyspace, &context)
        case .isPresent: allAre(present: true, pairs, of: request, in: keyspace, &context)
        case .none, .compares: true
        }
    }

    // MARK: Pairs

    private static func allAre(
        present: Bool, _ pairs: Range<Int>, of request: borrowing Request,
        in keyspace: borrowing Keyspace, _ context: inout ExecutionContext
    ) -> Bool {
        for index in stride(from: pairs.lowerBound, to: pairs.upperBound, by: 2)
        where context.locate(request[index], in: keyspace).isPresent != present {
            return false
        }
        return true
    }

    /// Sets the keys of `pairs`, each to the argument behind it; a deadline that has passed removes
    /// them instead.
    private static func setPairs(
        _ pairs: Range<Int>, of request: borrowing Request, in keyspace: inout Keyspace,
        _ context: inout ExecutionContext, deadline: Int64? = nil, keepsDeadlines: Bool = false
    ) {
        for index in stride(from: pairs.lowerBound, to: pairs.upperBound, by: 2) {
            var place = context.locate(request[index], in: keyspace)
            let kept = keepsDeadlines && place.isPresent ? place.deadline : Keyspace.noDeadline
            store(
                index + 1, of: request, key: index, at: &place, in: &keyspace,
                deadline: deadline ?? kept, now: context.now)
        }
    }
}
