/// Cuts a stream of bytes into replies of RESP2.
package struct ReplyReader: Sendable {
    private var bytes: [UInt8] = []
    private var offset = 0

    package init() {}

    package mutating func feed(_ more: [UInt8]) {
        if offset == bytes.count {
            bytes = more
            offset = 0
        } else {
            bytes.append(contentsOf: more)
        }
    }

    /// The next whole reply; `nil` while it has not all arrived.
    ///
    /// - Returns: The reply, once its last byte is there.
    /// - Throws: ``ReplyFault`` when no server that speaks RESP2 sends such bytes.
    package mutating func next() throws(ReplyFault) -> Reply? {
        var end = offset
        guard let reply = try read(&end) else { return nil }
        offset = end
        return reply
    }

    private func read(_ position: inout Int) throws(ReplyFault) -> Reply? {
        guard let line = line(&position) else { return nil }
        guard let type = line.first else { throw ReplyFault(offset: position, byte: 0) }
        let rest = line.dropFirst()
        switch type {
        case UInt8(ascii: "+"): return .simple(Array(rest))
        case UInt8(ascii: "-"): return .error(Array(rest))
        case UInt8(ascii: ":"): return .integer(try number(rest, position))
        case UInt8(ascii: "$"):
            let count = Int(try number(rest, position))
            if count == -1 { return .null }
            guard count >= 0 else { throw ReplyFault(offset: position, byte: type) }
            guard bytes.count - position >= count + 2 else { return nil }
            defer { position += count + 2 }
            return .bulk(Array(bytes[position..<position + count]))
        case UInt8(ascii: "*"):
            let count = Int(try number(rest, position))
            if count == -1 { return .null }
            guard count >= 0 else { throw ReplyFault(offset: position, byte: type) }
            var elements: [Reply] = []
            for _ in 0..<count {
                guard let element = try read(&position) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        case let other: throw ReplyFault(offset: position, byte: other)
        }
    }

    private func line(_ position: inout Int) -> ArraySlice<UInt8>? {
        var end = position
        while end + 1 < bytes.count {
            if bytes[end] == 13, bytes[end + 1] == 10 {
                defer { position = end + 2 }
                return bytes[position..<end]
            }
            end += 1
        }
        return nil
    }

    private func number(_ digits: ArraySlice<UInt8>, _ position: Int) throws(ReplyFault) -> Int64 {
        guard let value = Int64(String(decoding: digits, as: UTF8.self)) else {
            throw ReplyFault(offset: position, byte: digits.first ?? 0)
        }
        return value
    }
}

/// Bytes that are not RESP2.
package struct ReplyFault: Error, Equatable, Sendable {
    package let offset: Int
    package let byte: UInt8
}
