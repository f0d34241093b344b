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
        let byteCounts = (
            try byteCount(1, of: request, in: keyspace, &context),
            try byteCount(2, of: request, in: keyspace, &context)
        )
        let options = try LCSOptions(parsing: request)
        let table = LongestCommonSubsequence.tableByteCount(byteCounts.0, byteCounts.1)
        let wordCount = LongestCommonSubsequence.wordCount(byteCounts.0, byteCounts.1)
        guard let table, table <= stringByteLimit, wordCount <= lcsWordLimit else {
            throw CommandError(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
        }
        context.work += wordCount * MemoryLayout<UInt64>.size
        // With an empty one there is nothing to look at, however long the other is.
        let isEmpty = byteCounts.0 == 0 || byteCounts.1 == 0
        let one = isEmpty ? [] : text(1, of: request, in: keyspace, context)
        let other = isEmpty ? [] : text(2, of: request, in: keyspace, context)
        let found = LongestCommonSubsequence(
            of: one.span, and: other.span, tracesBack: !options.answersLength)
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

    /// How many bytes the string has of the key that argument `index` names; 0 when there is no such key.
    private static func byteCount(
        _ index: Int, of request: borrowing Request, in keyspace: borrowing Keyspace,
        _ context: inout ExecutionContext
    ) throws(CommandError) -> Int {
        let place = context.locate(request[index], in: keyspace)
        guard let type = place.type else { return 0 }
        guard type == .string else {
            throw CommandError("ERR The specified keys must contain string values")
        }
        return keyspace.string(at: place).count
    }

    /// The string of the key that argument `index` names, which is there and a string.
    private static func text(
        _ index: Int, of request: borrowing Request, in keyspace: borrowing Keyspace,
        _ context: ExecutionContext
    ) -> [UInt8] {
        // The look-up has been counted.
        var context = context
        let place = context.locate(request[index], in: keyspace)
        return [UInt8](copying: keyspace.string(at: place))
    }
}
