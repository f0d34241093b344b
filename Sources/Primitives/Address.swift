/// Where a listener is reached: a host name or numeric address, and a port.
package struct Address: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Parses `host:port` or `[v6]:port`; `nil` when it is neither.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: port)
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    package static func < (left: Self, right: Self) -> Bool {
        left.host == right.host ? left.port < right.port : left.host < right.host
    }
}

extension [UInt8] {
    package mutating func append(_ address: Address) {
        append(sized: address.host)
        append(littleEndian: address.port)
    }
}

extension ByteReader {
    package mutating func readAddress(_ what: String) throws(DecodingFailure) -> Address {
        let host = try readText(what)
        return Address(host: host, port: try read(UInt16.self, what))
    }
}
