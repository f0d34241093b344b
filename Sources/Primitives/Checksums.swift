import CPrimitives

/// CRC-32C, the checksum of everything Martlet writes to disk or to a peer.
package func crc32c(_ bytes: Span<UInt8>, continuing crc: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe martlet_crc32c(crc, $0.baseAddress, $0.count) }
}

/// CRC-16/XMODEM, polynomial 0x1021 (Redis Cluster specification, appendix A).
///
/// Eight bytes at a time, each by a table of its own (Kounavis and Berry, "A systematic approach to
/// building high performance software-based CRC generators", 2005).
package func crc16(_ bytes: Span<UInt8>) -> UInt16 {
    var crc: UInt16 = 0
    var index = 0
    while index + 8 <= bytes.count {
        let high = bytes[index] ^ UInt8(truncatingIfNeeded: crc >> 8)
        let low = bytes[index + 1] ^ UInt8(truncatingIfNeeded: crc)
        let head = crc16Tables[7 << 8 | Int(high)] ^ crc16Tables[6 << 8 | Int(low)]
        let middle =
            crc16Tables[5 << 8 | Int(bytes[index + 2])]
            ^ crc16Tables[4 << 8 | Int(bytes[index + 3])]
            ^ crc16Tables[3 << 8 | Int(bytes[index + 4])]
        let tail =
            crc16Tables[2 << 8 | Int(bytes[index + 5])]
            ^ crc16Tables[1 << 8 | Int(bytes[index + 6])] ^ crc16Tables[Int(bytes[index + 7])]
        crc = head ^ middle ^ tail
        index += 8
    }
    while index < bytes.count {
        crc = crc << 8 ^ crc16Tables[Int(UInt8(truncatingIfNeeded: crc >> 8) ^ bytes[index])]
        index += 1
    }
    return crc
}

/// The checksum of each byte followed by as many zeros as there are tables before its own.
private let crc16Tables: InlineArray<2048, UInt16> = InlineArray { index in
    var crc = UInt16(index & 0xFF) << 8
    for _ in 0..<8 * (index >> 8 + 1) { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
    return crc
}

extension SlotID {
    /// The slot of `key`: of its hash tag where it has a non-empty one, else of the whole key.
    package init(key: Span<UInt8>) {
        self.init(crc16(key.extracting(Self.hashTag(of: key))) & 0x3FFF)
    }

    /// The part of `key` that decides its slot (Redis Cluster specification, "Hash tags").
    private static func hashTag(of key: Span<UInt8>) -> Range<Int> {
        let whole = 0..<key.count
        var open = 0
        while open < key.count, key[open] != UInt8(ascii: "{") { open += 1 }
        guard open < key.count else { return whole }
        var close = open + 1
        while close < key.count, key[close] != UInt8(ascii: "}") { close += 1 }
        return close == key.count || close == open + 1 ? whole : open + 1..<close
    }
}
