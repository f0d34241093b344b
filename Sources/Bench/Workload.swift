/// The command that a load is made of.
package enum Workload: String, CaseIterable, Codable, Sendable {
    case ping
    case set
    case get
    case incr
    case hset
    case hget
    /// All fields of a hash of ten.
    case hgetall
    /// Ten fields of a hash.
    case hset10

    /// Which keys it works on; the kinds don't meet, so that one server can serve all loads.
    var keyPrefix: String {
        switch self {
        case .ping, .set, .get: "key:"
        case .incr: "ctr:"
        case .hset, .hget: "hsh:"
        case .hgetall, .hset10: "ten:"
        }
    }

    /// What must have written every key before, for each reply to be known.
    package var filler: Workload? {
        switch self {
        case .get: .set
        case .hget: .hset
        case .hgetall: .hset10
        case .ping, .set, .incr, .hset, .hset10: nil
        }
    }

    var hasKey: Bool { self != .ping }
    var sendsValue: Bool { self == .set || self == .hset || self == .hset10 }

    /// Nine fields of a hash of ten, as they stand in requests and replies, and the name of the tenth, whose
    /// value depends on the key.
    static func nineFields(valueByteCount: Int) -> String {
        let value = String(repeating: "x", count: valueByteCount)
        let fields = (0..<9).map { "$6\r\nfield\($0)\r\n$\(valueByteCount)\r\n\(value)\r\n" }
        return fields.joined() + "$6\r\nfield9"
    }

    /// One request: what stands before the twelve digits of the key, and between them and the value
    /// or the end.
    func frame(valueByteCount: Int) -> (beforeDigits: String, afterDigits: String) {
        let key = "$16\r\n\(keyPrefix)"
        let value = "\r\n$\(valueByteCount)\r\n"
        return switch self {
        case .ping: ("*1\r\n$4\r\nPING\r\n", "")
        case .set: ("*3\r\n$3\r\nSET\r\n\(key)", value)
        case .get: ("*2\r\n$3\r\nGET\r\n\(key)", "\r\n")
        case .incr: ("*2\r\n$4\r\nINCR\r\n\(key)", "\r\n")
        case .hset: ("*4\r\n$4\r\nHSET\r\n\(key)", "\r\n$5\r\nfield\(value)")
        case .hget: ("*3\r\n$4\r\nHGET\r\n\(key)", "\r\n$5\r\nfield\r\n")
        case .hgetall: ("*2\r\n$7\r\nHGETALL\r\n\(key)", "\r\n")
        case .hset10:
            (
                "*22\r\n$4\r\nHSET\r\n\(key)",
                "\r\n" + Self.nineFields(valueByteCount: valueByteCount) + value
            )
        }
    }
}
