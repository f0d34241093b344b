import Primitives

/// Sets checksums right, so that what is wrong with the bytes under them is looked at.
///
/// The places of the checksums are those of the documented formats, written down here once more: the
/// code under test has no part in it.
enum Resealing {
    /// Sets every checksum of a journal's segment right that can be found.
    static func segment(_ bytes: inout [UInt8]) {
        guard bytes.count >= 80 else { return }
        store(checksumOf: 0..<76, at: 76, of: &bytes)
        var offset = 80
        while bytes.count - offset >= 88 {
            let byteCount = number(bytes, offset + 4, byteCount: 4)
            guard bytes[offset..<offset + 4].elementsEqual("MBAT".utf8) else {
                offset += 8
                continue
            }
            batch(at: offset, of: &bytes)
            offset += max(8, byteCount & ~7)
        }
    }

    private static func batch(at offset: Int, of bytes: inout [UInt8]) {
        store(checksumOf: offset..<offset + 84, at: offset + 84, of: &bytes)
        let seed = crc32c(bytes.span.extracting(offset + 8..<offset + 32))
        var position = offset + 88
        for _ in 0..<number(bytes, offset + 72, byteCount: 4) {
            guard bytes.count - position >= 36 else { return }
            let body = position + 36..<position + 36 + number(bytes, position, byteCount: 4)
            guard body.upperBound <= bytes.count else { return }
            store(checksumOf: body, at: position + 12, of: &bytes, continuing: seed)
            store(
                checksumOf: position..<position + 32, at: position + 32, of: &bytes,
                continuing: seed)
            position = body.upperBound
        }
    }

    /// Sets the checksum right that ends `bytes`, if they are long enough to have one.
    static func trailer(_ bytes: inout [UInt8]) {
        guard bytes.count >= 4 else { return }
        store(checksumOf: 0..<bytes.count - 4, at: bytes.count - 4, of: &bytes)
    }

    private static func store(
        checksumOf range: Range<Int>, at offset: Int, of bytes: inout [UInt8],
        continuing seed: UInt32 = 0
    ) {
        let checksum = crc32c(bytes.span.extracting(range), continuing: seed)
        bytes.store(littleEndian: checksum, at: offset)
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, byteCount: Int) -> Int {
        bytes[offset..<offset + byteCount].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
