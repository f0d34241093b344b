import Keyspace
import Primitives
import Testing

@Suite("Snapshot of a keyspace") struct SnapshotTests {
    private static func set(
        _ name: String, _ value: [UInt8], deadline: Int64 = Keyspace.noDeadline,
        in keyspace: inout Keyspace
    ) {
        let key = [UInt8](name.utf8)
        var place = keyspace.locate(key.span, now: 0)
        keyspace.setString(value.span, of: key.span, at: &place, deadline: deadline)
    }

    private static func setField(
        _ name: String, _ value: [UInt8], deadline: Int64 = Keyspace.noDeadline, of key: String,
        in keyspace: inout Keyspace
    ) {
        let (key, name) = ([UInt8](key.utf8), [UInt8](name.utf8))
        var place = keyspace.locate(key.span, now: 0)
        keyspace.setField(
            name.span, to: value.span, deadline: deadline, of: key.span, at: &place)
    }

    private static func small() -> [UInt8] {
        var keyspace = Keyspace(hashSecret: 1)
        for name in ["{t}a", "{t}b"] {
            set(name, [UInt8](name.utf8), deadline: 5_000_000_000_000, in: &keyspace)
        }
        setField("f", [1, 2], of: "h", in: &keyspace)
        return snapshot(of: &keyspace)
    }

    /// With every kind of record.
    private static func large() -> [UInt8] {
        var keyspace = Keyspace(hashSecret: 1)
        set("s", [UInt8](repeating: 7, count: 40_000), deadline: 9, in: &keyspace)
        for number in 0..<200 {
            setField("f\(number)", [UInt8](repeating: 1, count: 90), of: "h", in: &keyspace)
        }
        setField("big", [UInt8](repeating: 8, count: 20_000), of: "h", in: &keyspace)
        setField("last", [3], of: "h", in: &keyspace)
        set("k", [1], in: &keyspace)
        return snapshot(of: &keyspace)
    }

    private static func failure(_ bytes: [UInt8]) -> String? {
        do throws(DecodingFailure) {
            let keyspace = try restored(bytes, hashSecret: 1)
            _ = keyspace.stateHash()
            return nil
        } catch {
            return error.what
        }
    }

    private static func stateHash(_ bytes: [UInt8]) throws(DecodingFailure) -> UInt64 {
        let keyspace = try restored(bytes, hashSecret: 1)
        return keyspace.stateHash()
    }

    @Test("its bytes never change: old snapshots must be readable") func golden() {
        let hex = Self.small().map { hexadecimal(UInt64($0), digitCount: 2) }.joined()
        let expected = [
            "02", "020100000068", "01000000", "0100000066", "020000000102",
            "01", "81040000007b747d61005039278c040000", "040000007b747d61",
            "01", "81040000007b747d62005039278c040000", "040000007b747d62",
            "08", "0300000000000000",
        ]
        #expect(hex == expected.joined())
    }

    /// A hash of whose fields one has a deadline, and a large one.
    private static func timed() -> [UInt8] {
        var keyspace = Keyspace(hashSecret: 1)
        setField("a", [1], of: "h", in: &keyspace)
        setField("b", [2], deadline: 5_000_000_000_000, of: "h", in: &keyspace)
        setField("c", [UInt8](repeating: 7, count: 17_000), deadline: 9, of: "l", in: &keyspace)
        setField("d", [4], deadline: 8, of: "l", in: &keyspace)
        return snapshot(of: &keyspace)
    }

    @Test("nor do those of deadlines of fields") func goldenDeadlines() {
        let bytes = Self.timed()
        func hex(_ bytes: some Sequence<UInt8>) -> String {
            bytes.map { hexadecimal(UInt64($0), digitCount: 2) }.joined()
        }
        let small = [
            "09", "020100000068", "02000000", "ffffffffffffff7f", "0100000061", "0100000001",
            "005039278c040000", "0100000062", "0100000002",
        ].joined()
        let large = ["03", "02010000006c", "0b", "0900000000000000", "0100000063", "04"].joined()
        let rest = [
            "0a", "01000000", "0800000000000000", "0100000064", "0100000004", "07",
        ].joined()
        let text = hex(bytes)
        for part in [small, large, rest] {
            let isThere = text.contains(part)
            #expect(isThere, "\(part)")
        }
    }

    @Test("every shorter one is refused") func truncation() {
        for bytes in [Self.small(), Self.large(), Self.timed()] {
            let step = max(1, bytes.count / 400)
            for count in stride(from: 0, to: bytes.count, by: step) {
                #expect(Self.failure(Array(bytes.prefix(count))) != nil, "\(count) bytes")
            }
            #expect(Self.failure(bytes) == nil)
        }
    }

    @Test("any change of a byte is refused or restores differently", arguments: [false, true])
    func meaning(isTimed: Bool) throws {
        let bytes = isTimed ? Self.timed() : Self.small()
        let state = try Self.stateHash(bytes)
        // The inside of the long value is all alike.
        for index in bytes.indices where bytes[index] != 7 || index % 1000 == 0 {
            for bit: UInt8 in [1, 16, 128] {
                var changed = bytes
                changed[index] ^= bit
                if let hash = try? Self.stateHash(changed) { #expect(hash != state, "\(index)") }
            }
        }
    }

    @Test(
        "whatever the bytes are, they are refused or restored",
        arguments: 1...40 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let valid = [Self.small(), Self.large(), Self.timed()][Int(seed % 3)]
        for _ in 0..<100 {
            var bytes = valid
            for _ in 0...generator.below(4) {
                let place = generator.below(bytes.count)
                switch generator.below(4) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + generator.below(9)))
                case 2: bytes.insert(UInt8(generator.below(13)), at: place)
                default:
                    let other = generator.below(bytes.count)
                    bytes.swapAt(place, other)
                }
                if bytes.isEmpty { bytes = [1] }
            }
            _ = Self.failure(bytes)
        }
    }

    @Test("records that contradict each other are refused") func order() {
        func text(_ name: String) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(sized: name)
            return bytes
        }
        func number(_ value: UInt32) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: value)
            return bytes
        }
        func end(_ count: UInt64) -> [UInt8] {
            var bytes: [UInt8] = [8]
            bytes.append(littleEndian: count)
            return bytes
        }
        let string: [UInt8] = [1, 1] + text("k") + text("v")
        let fields = number(1) + text("f") + text("v")
        let hash: [UInt8] = [2, 2] + text("h") + fields
        func deadline(_ value: Int64) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: value)
            return bytes
        }
        func timed(_ name: String, _ time: Int64) -> [UInt8] {
            deadline(time) + text(name) + text("v")
        }
        func timedHash(_ count: UInt32, _ time: Int64) -> [UInt8] {
            [9, 2] + text("h") + number(count) + timed("f", time)
        }
        let (largeString, largeHash) = ([3, 1] + text("s"), [3, 2] + text("l"))
        let cases: [([UInt8], String?)] = [
            (string + hash + end(2), nil),
            (string + end(2), "count of keys"),
            (string + string + end(2), "second key"),
            (string + end(1) + string, "record"),
            ([2, 2] + text("h") + number(0) + end(1), "count of fields"),
            (
                [2, 2] + text("h") + number(2) + text("f") + text("v") + text("f") + text("w"),
                "second field"
            ),
            ([1, 2] + text("k") + text("v") + end(1), "type"),
            ([1, 3] + text("k") + text("v") + end(1), "type"),
            ([12], "record"),
            (timedHash(1, 5) + end(1), nil),
            (timedHash(1, .max) + end(1), nil),
            (timedHash(1, .min) + end(1), "deadline of a field"),
            (timedHash(2, 5) + timed("f", 6) + end(1), "second field"),
            (timedHash(2, 5) + timed("g", 6) + end(1), nil),
            (largeHash + [10] + number(1) + timed("f", 5) + [7] + end(1), nil),
            (largeHash + [11] + deadline(5) + text("f") + [4] + text("x") + [7] + end(1), nil),
            (
                largeHash + [11] + deadline(.min) + text("f") + [4] + text("x"),
                "deadline of a field"
            ),
            ([10] + number(1) + timed("f", 5), "fields of no hash"),
            ([4] + text("x"), "part of no value"),
            ([5] + fields, "fields of no hash"),
            ([7], "end of no value"),
            (largeString + [7] + end(1), nil),
            (largeString + [5] + fields, "fields of no hash"),
            (largeString + end(1), "count of keys"),
            (largeString + [1, 1] + text("s") + text("v") + [7], "large value"),
            (largeHash + [7] + end(1), "large value"),
            (largeHash + [5] + fields + [7] + end(1), nil),
            (largeHash + [5] + fields + [5] + fields, "second field"),
            (largeHash + [4] + text("x"), "part of no value"),
            (largeHash + [6] + text("f") + [7] + end(1), nil),
            (largeHash + [1, 1] + text("l") + text("v") + [5] + fields, "count of fields"),
            (largeHash + [1, 1] + text("l") + text("v") + [6] + text("f") + [7], "second key"),
        ]
        for (bytes, expected) in cases { #expect(Self.failure(bytes) == expected, "\(bytes)") }
    }
}
