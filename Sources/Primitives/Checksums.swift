import CPrimitives

/// CRC-32C, the checksum of everything Martlet writes to disk or to a peer.
package func crc32c(_ bytes: Span<UInt8>, continuing crc: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe martlet_crc32c(crc, $0.baseAddress, $0.count) }
}

/// CRC-16/XMODEM, polynomial 0x1021 (Redis Cluster specification, appendix A).
package func crc16(_ bytes: Span<UInt8>) -> UInt16 {
    var crc: UInt16 = 0
    for index in bytes.indices {
        crc = crc << 8 ^ crc16Table[Int(UInt8(truncatingIfNeeded: crc >> 8) ^ bytes[index])]
    }
    return crc
}

private let crc16Table: InlineArray<256, UInt16> = InlineArray { byte in
    var crc = UInt16(byte) << 8
    for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
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
