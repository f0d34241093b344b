/// One reply of a server, in either protocol version.
///
/// What differs only in its framing is one case: a verbatim string is a bulk string, a set is an
/// array, a big number is a simple string.
package indirect enum Reply: Equatable, Sendable {
    case simple(String)
    /// The line without its minus sign: the error's word and its text.
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    /// A null of either version: bulk, array or `_`.
    case null
    case array([Reply])
    /// Keys and values in turn.
    case map([Reply])
    /// Sent by the server unasked (RESP3 only).
    case push([Reply])
    /// As it was written.
    case double(String)
    case boolean(Bool)
}

extension Reply {
    /// The bytes of a string reply, as text.
    package var text: String? {
        switch self {
        case .simple(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .error, .integer, .null, .array, .map, .push, .double, .boolean: nil
        }
    }

    package var elements: [Reply]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var number: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }
}
