/// A reply of RESP2.
package enum Reply: Equatable, Sendable {
    case simple([UInt8])
    case error([UInt8])
    case integer(Int64)
    case bulk([UInt8])
    case null
    case array([Reply])
}

extension Reply: CustomStringConvertible {
    package var description: String {
        switch self {
        case .simple(let text): "+\(String(decoding: text, as: UTF8.self))"
        case .error(let text): "-\(String(decoding: text, as: UTF8.self))"
        case .integer(let value): ":\(value)"
        case .bulk(let bytes): "\"\(String(decoding: bytes, as: UTF8.self))\""
        case .null: "nil"
        case .array(let elements):
            "[\(elements.map(\.description).joined(separator: " "))]"
        }
    }
}
