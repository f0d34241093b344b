package import Keyspace
package import RESP

/// The arguments of `SCAN`; the node walks its shards with them.
package struct ScanRequest: Sendable {
    package let cursor: ScanCursor
    package private(set) var filter = ScanFilter()
    package private(set) var count = 10

    /// - Throws: The error to answer.
    package init(parsing request: borrowing Request) throws(CommandError) {
        guard let number = Self.cursorNumber(request[1]) else { throw .invalidCursor }
        cursor = ScanCursor(rawValue: number)
        var index = 2
        while index < request.count {
            guard index + 1 < request.count else { throw .syntax }
            let word = request[index]
            if word.equalsIgnoringCase("count") {
                let count = try request[index + 1].integerArgument()
                guard count >= 1 else { throw .syntax }
                self.count = Int(count)
            } else if word.equalsIgnoringCase("match") {
                filter.pattern = request.copy(index + 1)
            } else if word.equalsIgnoringCase("type") {
                filter.type = Self.type(request[index + 1])
            } else {
                throw .syntax
            }
            index += 2
        }
    }

    private static func type(_ word: Span<UInt8>) -> ScanFilter.ScanType {
        for type in [ValueType.string, .hash] where word.equalsIgnoringCase(type.name) {
            return .only(type)
        }
        return .nothing
    }

    /// What C's `strtoul` reads, if it is all of `text` and nothing is in front of it.
    static func cursorNumber(_ text: Span<UInt8>) -> UInt64? {
        var index = 0
        var isNegative = false
        if text.count > 0, text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") {
            guard text.count > 1 else { return nil }
            isNegative = text[0] == UInt8(ascii: "-")
            index = 1
        }
        var number: UInt64 = 0
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard digit <= 9, !overflow, !carry else { return nil }
            number = sum
            index += 1
        }
        return isNegative ? 0 &- number : number
    }

    /// Writes the reply: the next cursor (0 at the end) and the keys.
    package static func answer(
        next: ScanCursor?, keys: [[UInt8]], into reply: inout ReplyWriter
    ) {
        answer(next: next?.rawValue ?? 0, found: keys, into: &reply)
    }

    static func answer(next: UInt64, found: [[UInt8]], into reply: inout ReplyWriter) {
        reply.array(2)
        reply.bulk(String(next))
        answer(keys: found, into: &reply)
    }

    /// Writes the reply to `KEYS`.
    package static func answer(keys: [[UInt8]], into reply: inout ReplyWriter) {
        reply.array(keys.count)
        for key in keys { reply.bulk(key) }
    }
}
