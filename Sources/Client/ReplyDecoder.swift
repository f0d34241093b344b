/// Reads replies (the Redis serialization protocol specification, versions 2 and 3).
package enum ReplyDecoder {
    /// How deep arrays may nest; Redis's own replies stay below ten.
    static let depthLimit = 32
    /// How long a bulk string may be (Redis: proto-max-bulk-len).
    static let bulkByteCountLimit = 512 << 20

    /// The reply that begins at `position`, which moves past it.
    ///
    /// - Parameters:
    ///   - bytes: What has been received.
    ///   - position: Where to begin; unchanged when the result is `nil`.
    /// - Returns: `nil` while bytes of the reply are missing.
    /// - Throws: ``ReplyDecodingError`` when no further bytes can make it a reply.
    package static func decode(
        _ bytes: Span<UInt8>, at position: inout Int
    ) throws(ReplyDecodingError) -> Reply? {
        var end = position
        guard let reply = try decode(bytes, at: &end, depth: 0) else { return nil }
        position = end
        return reply
    }

    private static func decode(
        _ bytes: Span<UInt8>, at position: inout Int, depth: Int
    ) throws(ReplyDecodingError) -> Reply? {
        guard depth < depthLimit else {
            throw ReplyDecodingError(description: "a reply nests deeper than \(depthLimit)")
        }
        guard position < bytes.count else { return nil }
        let kind = bytes[position]
        var next = position + 1
        guard let line = line(bytes, at: &next) else { return nil }
        position = next
        switch kind {
        case UInt8(ascii: "+"), UInt8(ascii: "("): return .simple(text(line))
        case UInt8(ascii: "-"): return .error(text(line))
        case UInt8(ascii: ":"): return .integer(try integer(line))
        case UInt8(ascii: ","): return .double(text(line))
        case UInt8(ascii: "_"): return .null
        case UInt8(ascii: "#"): return .boolean(try boolean(line))
        case UInt8(ascii: "$"): return try bulk(bytes, at: &position, header: line)
        case UInt8(ascii: "="):
            guard let reply = try bulk(bytes, at: &position, header: line) else { return nil }
            return try withoutFormat(reply)
        case UInt8(ascii: "!"):
            guard let reply = try bulk(bytes, at: &position, header: line) else { return nil }
            return .error(reply.text ?? "")
        case UInt8(ascii: "*"), UInt8(ascii: "~"):
            let count = try integer(line)
            guard count != -1 else { return .null }
            return try elements(bytes, at: &position, count, depth).map(Reply.array)
        case UInt8(ascii: "%"):
            return try elements(bytes, at: &position, try doubled(line), depth).map(Reply.map)
        case UInt8(ascii: ">"):
            return try elements(bytes, at: &position, try integer(line), depth).map(Reply.push)
        case UInt8(ascii: "|"):
            // Attributes belong to the reply that follows; no caller looks at them.
            guard try elements(bytes, at: &position, try doubled(line), depth) != nil else {
                return nil
            }
            return try decode(bytes, at: &position, depth: depth + 1)
        default:
            throw ReplyDecodingError(description: "a reply begins with byte \(kind)")
        }
    }

    /// The rest of the line at `position`, which moves past its end.
    private static func line(_ bytes: Span<UInt8>, at position: inout Int) -> [UInt8]? {
        var end = position
        while end < bytes.count, bytes[end] != UInt8(ascii: "\r") { end += 1 }
        guard end + 1 < bytes.count else { return nil }
        let line = [UInt8](copying: bytes.extracting(position..<end))
        position = end + 2
        return line
    }

    private static func bulk(
        _ bytes: Span<UInt8>, at position: inout Int, header: [UInt8]
    ) throws(ReplyDecodingError) -> Reply? {
        let count = try integer(header)
        guard count != -1 else { return .null }
        guard 0...Int64(bulkByteCountLimit) ~= count else {
            throw ReplyDecodingError(description: "a string of \(count) bytes")
        }
        let end = position + Int(count)
        guard end + 2 <= bytes.count else { return nil }
        guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else {
            throw ReplyDecodingError(description: "a string of \(count) bytes has no line end")
        }
        let body = [UInt8](copying: bytes.extracting(position..<end))
        position = end + 2
        return .bulk(body)
    }

    private static func elements(
        _ bytes: Span<UInt8>, at position: inout Int, _ count: Int64, _ depth: Int
    ) throws(ReplyDecodingError) -> [Reply]? {
        guard count >= 0 else {
            throw ReplyDecodingError(description: "an array of \(count) elements")
        }
        var elements: [Reply] = []
        for _ in 0..<count {
            guard let element = try decode(bytes, at: &position, depth: depth + 1) else {
                return nil
            }
            elements.append(element)
        }
        return elements
    }

    /// A verbatim string without its format (`txt:`).
    private static func withoutFormat(_ reply: Reply) throws(ReplyDecodingError) -> Reply {
        guard case .bulk(let bytes) = reply, bytes.count >= 4, bytes[3] == UInt8(ascii: ":") else {
            throw ReplyDecodingError(description: "a verbatim string without a format")
        }
        return .bulk(Array(bytes[4...]))
    }

    private static func text(_ line: [UInt8]) -> String { String(decoding: line, as: UTF8.self) }

    private static func integer(_ line: [UInt8]) throws(ReplyDecodingError) -> Int64 {
        guard let number = Int64(text(line)) else {
            throw ReplyDecodingError(description: "'\(text(line))' where a number belongs")
        }
        return number
    }

    /// The number of elements of a map, of which it has two a pair.
    private static func doubled(_ line: [UInt8]) throws(ReplyDecodingError) -> Int64 {
        let (count, overflow) = try integer(line).multipliedReportingOverflow(by: 2)
        guard !overflow else { throw ReplyDecodingError(description: "a map of too many pairs") }
        return count
    }

    private static func boolean(_ line: [UInt8]) throws(ReplyDecodingError) -> Bool {
        switch line {
        case [UInt8(ascii: "t")]: return true
        case [UInt8(ascii: "f")]: return false
        default: throw ReplyDecodingError(description: "'\(text(line))' where a boolean belongs")
        }
    }
}
