import Keyspace
import Primitives
import Testing

@Suite("Snapshot of a keyspace") struct SnapshotTests {
    private static func sample() -> [UInt8] {
        var keyspace = Keyspace(hashSecret: 1)
        for name in ["{t}a", "{t}b", "{t}c"] {
            let key = [UInt8](name.utf8)
            var place = keyspace.locate(key.span, now: 0)
            keyspace.setString(key.span, of: key.span, at: &place, deadline: 5_000_000_000_000)
        }
        let key = [UInt8]("h".utf8)
        var place = keyspace.locate(key.span, now: 0)
        keyspace.setField(key.span, to: key.span, of: key.span, at: &place)
        return keyspace.encodeSnapshot()
    }

    /// `bytes` with a checksum that fits them.
    private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
        var sealed = Array(bytes.dropLast(4))
        sealed.append(littleEndian: crc32c(sealed.span))
        return sealed
    }

    /// What `bytes` restore to: state hash and snapshot of it.
    private static func restored(
        _ bytes: [UInt8]
    ) throws(DecodingFailure) -> (stateHash: UInt64, snapshot: [UInt8]) {
        let keyspace = try Keyspace.restore(from: bytes, hashSecret: 1)
        return (keyspace.stateHash(), keyspace.encodeSnapshot())
    }

    private static func failure(_ bytes: [UInt8]) -> String? {
        do throws(DecodingFailure) {
            return try restored(bytes).snapshot == bytes ? nil : "another snapshot"
        } catch {
            return error.what
        }
    }

    @Test("its bytes never change: old snapshots must be readable") func golden() {
        let hex = Self.sample().map { hexadecimal(UInt64($0), digitCount: 2) }.joined()
        let expected = [
            "4d4b53010400000000000000",
            "02010000006801000000010000006801",
            "0000006881040000007b747d61005039278c0400000400",
            "00007b747d6181040000007b747d62005039278c040000",
            "040000007b747d6281040000007b747d63005039278c04",
            "0000040000007b747d63a6c77dfe",
        ]
        #expect(hex == expected.joined())
    }

    @Test("every changed byte is noticed") func damage() {
        let bytes = Self.sample()
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x10
            #expect(Self.failure(damaged) != nil, "byte \(index)")
        }
    }

    @Test("every shorter one is refused, even with a checksum that fits") func truncation() {
        let bytes = Self.sample()
        for count in 0..<bytes.count - 4 {
            #expect(Self.failure(Array(bytes.prefix(count))) != nil)
            #expect(Self.failure(Self.sealed(Array(bytes.prefix(count)) + [0, 0, 0, 0])) != nil)
        }
        #expect(Self.failure(bytes) == nil)
    }

    @Test("any change of a byte under a checksum that fits is refused or restores differently")
    func meaning() throws {
        let bytes = Self.sample()
        let state = try Self.restored(bytes).stateHash
        for index in 0..<bytes.count - 4 {
            var changed = bytes
            changed[index] ^= 0x01
            changed = Self.sealed(changed)
            guard let restored = try? Self.restored(changed) else { continue }
            #expect(restored.stateHash != state, "byte \(index)")
            #expect(restored.snapshot == changed, "byte \(index)")
        }
    }

    @Test("keys out of order, twice, and hashes without fields are refused") func order() {
        func key(_ name: String, type: UInt8 = 1) -> [UInt8] {
            var bytes: [UInt8] = [type]
            bytes.append(sized: name)
            bytes.append(littleEndian: UInt32(0))
            return bytes
        }
        func snapshot(_ keys: [[UInt8]]) -> [UInt8] {
            var bytes: [UInt8] = [0x4D, 0x4B, 0x53, 1]
            bytes.append(littleEndian: UInt64(keys.count))
            for key in keys { bytes.append(contentsOf: key) }
            return Self.sealed(bytes + [0, 0, 0, 0])
        }
        #expect(Self.failure(snapshot([key("{t}a"), key("{t}b")])) == nil)
        #expect(Self.failure(snapshot([key("{t}b"), key("{t}a")])) == "order of keys")
        #expect(Self.failure(snapshot([key("{t}a"), key("{t}a")])) == "order of keys")
        #expect(Self.failure(snapshot([key("h", type: 2)])) == "count of fields")
        #expect(Self.failure(snapshot([key("h", type: 3)])) == "type")
    }
}
