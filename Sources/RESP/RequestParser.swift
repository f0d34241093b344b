/// Why bytes can never become a valid request. The connection gets the message and is closed.
package enum RequestError: Error, Equatable, Sendable {
    case multibulkLength
    case bulkLength
    case expectedDollar(found: UInt8)
    case multibulkCountTooLong
    case bulkCountTooLong
    case inlineTooLong
    case unbalancedQuotes
    case unauthenticatedMultibulkLength
    case unauthenticatedBulkLength

    /// The text behind `-ERR `, word for word Redis's.
    package var message: String {
        switch self {
        case .multibulkLength: "Protocol error: invalid multibulk length"
        case .bulkLength: "Protocol error: invalid bulk length"
        case .expectedDollar(let found): "Protocol error: expected '$', got '\(shown(found))'"
        case .multibulkCountTooLong: "Protocol error: too big mbulk count string"
        case .bulkCountTooLong: "Protocol error: too big bulk count string"
        case .inlineTooLong: "Protocol error: too big inline request"
        case .unbalancedQuotes: "Protocol error: unbalanced quotes in request"
        case .unauthenticatedMultibulkLength:
            "Protocol error: unauthenticated multibulk length"
        case .unauthenticatedBulkLength: "Protocol error: unauthenticated bulk length"
        }
    }

    private func shown(_ byte: UInt8) -> String { String(UnicodeScalar(byte)) }
}

/// What a request may be at most.
package struct RequestLimits: Equatable, Sendable {
    /// Arguments of one request, the name included.
    package var argumentCount = Int(Int32.max)
    /// Bytes of one argument (Redis: `proto-max-bulk-len`).
    package var bulkByteCount = 512 * 1024 * 1024
    /// Bytes of a line: an inline command or a length.
    package var lineByteCount = 64 * 1024

    package init() {}

    /// What a client may send before it has authenticated.
    static let strangerArgumentCount = 10
    static let strangerBulkByteCount = 16384
}

/// How much of a request that has not come whole is known to be in order.
package struct PartialRequest: Equatable, Sendable {
    /// Where the next argument begins, from the request's first byte.
    fileprivate var offset = 0
    /// Arguments that are still to come; 0 before the first is reached.
    fileprivate var missingCount = 0

    package init() {}

    package var isEmpty: Bool { missingCount == 0 }
}

/// Finds requests in a connection's input (Redis serialization protocol specification; what is refused,
/// and when, as in Redis 7.0's `networking.c`).
package struct RequestParser: Sendable {
    package enum Progress: Equatable, Sendable {
        /// The frame holds a request of `byteCount` bytes.
        case complete(byteCount: Int)
        /// A line of text that is an inline command; ``InlineCommand`` makes a request of it.
        case inline(byteCount: Int)
        /// `byteCount` bytes that ask for nothing: an empty line or an empty array.
        case empty(byteCount: Int)
        /// More bytes are needed.
        case incomplete
    }

    package var limits: RequestLimits
    package var isAuthenticated: Bool

    package init(limits: RequestLimits = RequestLimits(), isAuthenticated: Bool = true) {
        self.limits = limits
        self.isAuthenticated = isAuthenticated
    }

    // MARK: Hot path

    /// Parses the request at the start of `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: The unread part of the connection's input.
    ///   - frame: Overwritten; holds a request only after ``Progress/complete(byteCount:)``.
    /// - Returns: Whether `frame` now holds a whole request, and how many bytes it took.
    /// - Throws: ``RequestError`` when the bytes can't become a valid request.
    /// - Complexity: O(header bytes); argument bodies are skipped, never read.
    package func parse(
        _ bytes: Span<UInt8>, into frame: inout RequestFrame
    ) throws(RequestError) -> Progress {
        var partial = PartialRequest()
        return try parse(bytes, resuming: &partial, into: &frame)
    }

    /// The same for a request that comes in pieces: what of it was in order stays so.
    ///
    /// - Parameters:
    ///   - bytes: The unread part of the connection's input.
    ///   - partial: What was left here by the call before, if `bytes` begins with the same bytes;
    ///     empty otherwise. Filled when the request is incomplete, else emptied.
    ///   - frame: Overwritten; holds a request only after ``Progress/complete(byteCount:)``.
    /// - Returns: Whether `frame` now holds a whole request, and how many bytes it took.
    /// - Throws: ``RequestError`` when the bytes can't become a valid request.
    /// - Complexity: O(header bytes not seen before), and once more for a request that is complete.
    package func parse(
        _ bytes: Span<UInt8>, resuming partial: inout PartialRequest,
        into frame: inout RequestFrame
    ) throws(RequestError) -> Progress {
        frame.removeAll()
        guard bytes.count > 0 else { return .incomplete }
        guard bytes[0] == UInt8(ascii: "*") else { return try inlineLength(bytes) }
        if partial.missingCount > 0 {
            guard try skipArguments(of: bytes, &partial) else { return .incomplete }
        }
        var offset = 1
        let argumentCount: Int
        if let digit = Self.shortLength(in: bytes, at: 0, sign: UInt8(ascii: "*")) {
            argumentCount = digit
            offset = Self.shortLineByteCount
        } else {
            guard
                let count = try length(
                    in: bytes, at: &offset, tooLong: .multibulkCountTooLong,
                    invalid: .multibulkLength)
            else { return .incomplete }
            argumentCount = count
        }
        if argumentCount > limits.argumentCount { throw .multibulkLength }
        if argumentCount > RequestLimits.strangerArgumentCount, !isAuthenticated {
            throw .unauthenticatedMultibulkLength
        }
        var missingCount = argumentCount
        while missingCount > 0 {
            guard let argument = try argument(of: bytes, at: &offset) else {
                partial.offset = offset
                partial.missingCount = missingCount
                return .incomplete
            }
            frame.append(argument)
            missingCount -= 1
        }
        return argumentCount > 0 ? .complete(byteCount: offset) : .empty(byteCount: offset)
    }

    /// Looks at the arguments that have come since.
    ///
    /// - Returns: Whether all are there.
    private func skipArguments(
        of bytes: Span<UInt8>, _ partial: inout PartialRequest
    ) throws(RequestError) -> Bool {
        while partial.missingCount > 0 {
            guard try argument(of: bytes, at: &partial.offset) != nil else { return false }
            partial.missingCount -= 1
        }
        partial.offset = 0
        return true
    }

    /// The argument at `offset`, which moves past it; `nil`, and unmoved, when it is not whole yet.
    @inline(__always)
    private func argument(
        of bytes: Span<UInt8>, at offset: inout Int
    ) throws(RequestError) -> Argument? {
        if let byteCount = Self.shortLength(in: bytes, at: offset, sign: UInt8(ascii: "$")) {
            let start = offset + Self.shortLineByteCount
            guard bytes.count - start - 2 >= byteCount else { return nil }
            offset = start + byteCount + 2
            return Argument(offset: UInt32(start), byteCount: UInt32(byteCount))
        }
        guard offset < bytes.count else { return nil }
        guard bytes[offset] == UInt8(ascii: "$") else {
            return try noBulk(bytes, at: offset)
        }
        var start = offset + 1
        guard
            let byteCount = try length(
                in: bytes, at: &start, tooLong: .bulkCountTooLong, invalid: .bulkLength)
        else { return nil }
        if byteCount < 0 || byteCount > limits.bulkByteCount { throw .bulkLength }
        if byteCount > RequestLimits.strangerBulkByteCount, !isAuthenticated {
            throw .unauthenticatedBulkLength
        }
        guard bytes.count - start - 2 >= byteCount else { return nil }
        offset = start + byteCount + 2
        return Argument(offset: UInt32(start), byteCount: UInt32(byteCount))
    }

    private static let shortLineByteCount = 4

    /// The digit of a header line of one digit, as nearly all are, that begins at `offset`; `nil` when
    /// that isn't one. Within any limits.
    @inline(__always)
    private static func shortLength(in bytes: Span<UInt8>, at offset: Int, sign: UInt8) -> Int? {
        guard bytes.count - offset >= shortLineByteCount else { return nil }
        let line = UInt32(
            littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(
                fromByteOffset: offset, as: UInt32.self))
        let digit = (line >> 8 & 0xFF) &- UInt32(UInt8(ascii: "0"))
        guard line & 0xFFFF_00FF == 0x0A0D_0000 | UInt32(sign), digit <= 9 else { return nil }
        return Int(digit)
    }

    /// The number of a header line whose digits start at `offset`, which moves past the line's end;
    /// `nil` when the line is not whole yet.
    private func length(
        in bytes: Span<UInt8>, at offset: inout Int, tooLong: RequestError, invalid: RequestError
    ) throws(RequestError) -> Int? {
        var position = offset
        var value = 0
        while position < bytes.count, position - offset < Self.digitCount {
            let digit = bytes[position] &- UInt8(ascii: "0")
            if digit > 9 { break }
            value = value &* 10 &+ Int(digit)
            position += 1
        }
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\r"),
            position == offset + 1 || position > offset && bytes[offset] != UInt8(ascii: "0")
        else {
            return try unusualLength(
                in: bytes, at: &offset, tooLong: tooLong, invalid: invalid)
        }
        offset = position + 2
        return value
    }

    /// More digits than any allowed length has, and few enough not to overflow.
    private static let digitCount = 18

    /// Decides about a header line that is not a short number of digits with its line end.
    private func unusualLength(
        in bytes: Span<UInt8>, at offset: inout Int, tooLong: RequestError, invalid: RequestError
    ) throws(RequestError) -> Int? {
        guard let end = try lineEnd(in: bytes, from: offset - 1, tooLong: tooLong) else {
            return nil
        }
        guard let value = Self.number(bytes.extracting(offset..<end)) else { throw invalid }
        offset = end + 2
        return value
    }

    /// Decides about a line at `offset` where a bulk string belongs.
    private func noBulk(_ bytes: Span<UInt8>, at offset: Int) throws(RequestError) -> Argument? {
        guard try lineEnd(in: bytes, from: offset, tooLong: .bulkCountTooLong) != nil else {
            return nil
        }
        throw .expectedDollar(found: bytes[offset])
    }

    /// Where the line that begins at `start` ends. As in Redis, nothing is said of a line before its end
    /// and one more byte have come, but that it is too long; and a zero byte hides the end.
    private func lineEnd(
        in bytes: Span<UInt8>, from start: Int, tooLong: RequestError
    ) throws(RequestError) -> Int? {
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\r"), bytes[end] != 0 { end += 1 }
        if end < bytes.count, bytes[end] != 0 { return end + 1 < bytes.count ? end : nil }
        if bytes.count - start > limits.lineByteCount { throw tooLong }
        return nil
    }

    /// What Redis's `string2ll` reads: digits without zeros in front, and a sign only if negative.
    private static func number(_ digits: Span<UInt8>) -> Int? {
        if digits.count == 1, digits[0] == UInt8(ascii: "0") { return 0 }
        let isNegative = digits.count > 0 && digits[0] == UInt8(ascii: "-")
        let first = isNegative ? 1 : 0
        guard first < digits.count, digits[first] != UInt8(ascii: "0") else { return nil }
        var value = 0
        for index in first..<digits.count {
            let digit = digits[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(Int(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        guard !isNegative else { return value }
        return value == .min ? nil : -value
    }

    // MARK: Inline commands

    private func inlineLength(_ bytes: Span<UInt8>) throws(RequestError) -> Progress {
        var end = 0
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n"), bytes[end] != 0 { end += 1 }
        guard end < bytes.count, bytes[end] != 0 else {
            if bytes.count > limits.lineByteCount { throw .inlineTooLong }
            return .incomplete
        }
        if end > limits.lineByteCount { throw .inlineTooLong }
        return isBlank(bytes, before: end)
            ? .empty(byteCount: end + 1) : .inline(byteCount: end + 1)
    }

    private func isBlank(_ bytes: Span<UInt8>, before end: Int) -> Bool {
        for index in 0..<end where !isSpace(bytes[index]) { return false }
        return true
    }
}

/// Whether C's `isspace` holds for `byte`.
func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
