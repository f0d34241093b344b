import CPrimitives
import Primitives
import Testing

@Suite("Checksums") struct ChecksumTests {
    private let digits = [UInt8]("123456789".utf8)

    @Test("CRC-32C has its catalogued check value") func crc32cCheckValue() {
        #expect(crc32c(digits.span) == 0xE306_9283)
    }

    @Test("the processor's CRC-32C and the table's agree", arguments: [0, 1, 7, 8, 9, 63, 1000])
    func bothAgree(byteCount: Int) {
        var generator = SeededGenerator(seed: UInt64(byteCount))
        let bytes = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        #expect(
            unsafe martlet_crc32c(5, bytes, bytes.count)
                == martlet_crc32c_portable(5, bytes, bytes.count))
    }

    @Test("CRC-16 of any length is what its definition says", arguments: 0..<40)
    func crc16Definition(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let bytes = (0..<count).map { _ in UInt8(generator.below(256)) }
        var expected: UInt16 = 0
        for byte in bytes {
            expected ^= UInt16(byte) << 8
            for _ in 0..<8 {
                expected = expected & 0x8000 != 0 ? expected << 1 ^ 0x1021 : expected << 1
            }
        }
        #expect(crc16(bytes.span) == expected)
    }

    @Test("CRC-16 has the check value of the Redis Cluster specification") func crc16CheckValue() {
        #expect(crc16(digits.span) == 0x31C3)
    }

    @Test(
        "a hash tag decides the slot",
        arguments: [
            ("{user1000}.following", "{user1000}.followers"), ("foo{bar}", "bar"),
            ("foo{{bar}}zap", "{bar"), ("foo{bar}{zap}", "bar"),
        ])
    func hashTags(left: String, right: String) {
        #expect(SlotID(key: [UInt8](left.utf8).span) == SlotID(key: [UInt8](right.utf8).span))
    }

    @Test("an empty hash tag does not count") func emptyTag() {
        let key = [UInt8]("foo{}{bar}".utf8)
        #expect(SlotID(key: key.span).rawValue == crc16(key.span) & 0x3FFF)
    }
}
