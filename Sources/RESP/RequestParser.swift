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
    package var argumentCount = 1024 * 1024
    /// Bytes of one argument (Redis: `proto-max-bulk-len`).
    package var bulkByteCount = 512 * 1024 * 1024
    /// Bytes of a line: an inline command or a length.
    package var lineByteCount = 64 * 1024

    package init() {}

    /// What a client may send before it has authenticated (Redis 7.0, `networking.c`).
    package static var unauthenticated: RequestLimits {
        var limits = RequestLimits()
        limits.argumentCount = 10
        limits.bulkByteCount = 16384
        return limits
    }
}

/// Finds requests in a connection's input (Redis serialization protocol specification).
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
        frame.removeAll()
        guard bytes.count > 0 else { return .incomplete }
        guard bytes[0] == UInt8(ascii: "*") else { return try inlineLength(bytes) }
        var offset = 1
        guard
            let argumentCount = try length(
                in: bytes, at: &offset, tooLong: .multibulkCountTooLong, invalid: .multibulkLength)
        else { return .incomplete }
        if argumentCount <= 0 { return .empty(byteCount: offset) }
        if argumentCount > limits.argumentCount {
            throw isAuthenticated ? .multibulkLength : .unauthenticatedMultibulkLength
        }
        for _ in 0..<argumentCount {
            guard offset < bytes.count else { return .incomplete }
            guard bytes[offset] == UInt8(ascii: "$") else {
                throw .expectedDollar(found: bytes[offset])
            }
            offset += 1
            guard
                let byteCount = try length(
                    in: bytes, at: &offset, tooLong: .bulkCountTooLong, invalid: .bulkLength)
            else { return .incomplete }
            if byteCount < 0 { throw .bulkLength }
            if byteCount > limits.bulkByteCount {
                throw isAuthenticated ? .bulkLength : .unauthenticatedBulkLength
            }
            guard bytes.count - offset >= byteCount + 2 else { return .incomplete }
            frame.append(Argument(offset: UInt32(offset), byteCount: UInt32(byteCount)))
            offset += byteCount + 2
        }
        return .complete(byteCount: offset)
    }

    /// The number of a header line whose digits start at `offset`, which moves past the line's end;
    /// `nil` when the line is not whole yet.
    private func length(
        in bytes: Span<UInt8>, at offset: inout Int, tooLong: RequestError, invalid: RequestError
    ) throws(RequestError) -> Int? {
        var position = offset
        var isNegative = false
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") {
            isNegative = true
            position += 1
        }
        let firstDigit = position
        var value = 0
        while position < bytes.count, position - firstDigit < Self.digitCount {
            let digit = bytes[position] &- UInt8(ascii: "0")
            if digit > 9 { break }
            value = value &* 10 &+ Int(digit)
            position += 1
        }
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\r"),
            position > firstDigit
        else { return try brokenLength(in: bytes, at: offset, tooLong: tooLong, invalid: invalid) }
        offset = position + 2
        return isNegative ? -value : value
    }

    /// More digits than any allowed length has, and few enough not to overflow.
    private static let digitCount = 18

    /// Decides about a header line that is not a number with its line end: as in Redis, nothing is
    /// said of a line before its end has come, but that it is too long.
    private func brokenLength(
        in bytes: Span<UInt8>, at offset: Int, tooLong: RequestError, invalid: RequestError
    ) throws(RequestError) -> Int? {
        var end = offset
        while end < bytes.count, bytes[end] != UInt8(ascii: "\r") { end += 1 }
        if end + 1 < bytes.count { throw invalid }
        if end - offset > limits.lineByteCount { throw tooLong }
        return nil
    }

    // MARK: Inline commands

    private func inlineLength(_ bytes: Span<UInt8>) throws(RequestError) -> Progress {
        var end = 0
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        guard end < bytes.count else {
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
