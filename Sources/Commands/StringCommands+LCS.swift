import Keyspace
import RESP

/// `LCS`.
extension StringCommands {
    /// How many words may be worked out; two strings of 11 KiB take 2 Mi.
    private static let lcsWordLimit = 16 << 20

    private struct LCSOptions {
        var answersLength = false
        var answersMatches = false
        var answersMatchLengths = false
        var shortestMatch: Int64 = 0

        init(parsing request: borrowing Request) throws(CommandError) {
            var index = 3
            while index < request.count {
                let word = request[index]
                if word.equalsIgnoringCase("IDX") {
                    answersMatches = true
                } else if word.equalsIgnoringCase("LEN") {
                    answersLength = true
                } else if word.equalsIgnoringCase("WITHMATCHLEN") {
                    answersMatchLengths = true
                } else if word.equalsIgnoringCase("MINMATCHLEN"), index + 1 < request.count {
                    index += 1
                    shortestMatch = try request[index].integerArgument()
                } else {
                    throw .syntax
                }
                index += 1
            }
            guard !answersLength || !answersMatches else {
                throw CommandError(
                    "ERR If you want both the length and indexes, please just use IDX.")
            }
        }
    }

    @Sendable static func lcs(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let first = try locateText(1, of: request, in: keyspace, &context)
        let second = try locateText(2, of: request, in: keyspace, &context)
        let one = first.isPresent ? keyspace.string(at: first) : Span()
        let other = second.isPresent ? keyspace.string(at: second) : Span()
        let options = try LCSOptions(parsing: request)
        let table = LongestCommonSubsequence.tableByteCount(one.count, other.count)
        let wordCount = LongestCommonSubsequence.wordCount(one.count, other.count)
        guard let table, table <= stringByteLimit, wordCount <= lcsWordLimit else {
            throw CommandError(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
        }
        context.work += wordCount * MemoryLayout<UInt64>.size
        let found = LongestCommonSubsequence(
            of: one, and: other, tracesBack: !options.answersLength)
        if options.answersLength { return reply.integer(found.byteCount) }
        if !options.answersMatches { return reply.bulk(found.bytes) }
        let matches = found.matches.filter { $0.first.count >= options.shortestMatch }
        reply.map(2)
        reply.bulk("matches")
        reply.array(matches.count)
        for match in matches {
            reply.array(options.answersMatchLengths ? 3 : 2)
            for range in [match.first, match.second] {
                reply.array(2)
                reply.integer(range.lowerBound)
                reply.integer(range.upperBound)
            }
            if options.answersMatchLengths { reply.integer(match.first.count) }
        }
        reply.bulk("len")
        reply.integer(found.byteCount)
    }

    /// Where the key is that argument `index` names: a string, or nothing.
    private static func locateText(
        _ index: Int, of request: borrowing Request, in keyspace: borrowing Keyspace,
        _ context: inout ExecutionContext
    ) throws(CommandError) -> Place {
        let place = context.locate(request[index], in: keyspace)
        guard place.type == nil || place.type == .string else {
            throw CommandError("ERR The specified keys must contain string values")
        }
        return place
    }
}
