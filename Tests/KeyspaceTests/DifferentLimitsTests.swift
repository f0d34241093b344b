import Keyspace
import Primitives
import Testing

/// Whatever a replica keeps compact, nothing that others can compare may show it.
@Suite("Replicas with different limits for compact hashes") struct DifferentLimitsTests {
    private static let highest = [CompactLimits(fieldCount: .max, itemByteCount: .max)]
    private static let others = [
        [CompactLimits(fieldCount: 0, itemByteCount: 0)],
        [CompactLimits(fieldCount: 4, itemByteCount: 8)],
        KeyspaceExercise.allLimits,
    ]

    private static func digest(of keyspace: inout Keyspace) throws -> UInt64 {
        var digest = SnapshotDigest(seed: 3)
        try digest.take(snapshot(of: &keyspace))
        return digest.value
    }

    /// What reads say of a hash.
    private static func seen(
        _ key: [UInt8], _ keyspace: borrowing Keyspace, now: Int64, seed: UInt64
    ) -> [[UInt8]] {
        let place = keyspace.locate(key.span, now: now)
        guard place.isPresent else { return [] }
        var seen: [[UInt8]] = []
        func note(_ name: Span<UInt8>, _ value: Span<UInt8>) {
            seen += [[UInt8](copying: name), [UInt8](copying: value)]
        }
        for count in [1, 7] { keyspace.drawFields(count, at: place, seed: seed, note) }
        for count in [1, 3, 15] { keyspace.drawDistinctFields(count, at: place, seed: seed, note) }
        for cursor in [0, seed >> 16, 1 << 47] {
            let next = keyspace.scanFields(at: place, from: cursor, count: 2, note)
            seen.append([UInt8]("\(next)".utf8))
        }
        seen.append([UInt8]("\(keyspace.fieldCount(at: place)) \(place.end)".utf8))
        return seen
    }

    @Test(
        "the same commands make the same state, and reads of it answer the same",
        arguments: 1...8 as ClosedRange<UInt64>)
    func replicas(seed: UInt64) throws {
        let keyCount = [40, 90][Int(seed % 2)]
        func exercise(_ limits: [CompactLimits]) -> KeyspaceExercise {
            KeyspaceExercise(
                seed: seed, keyCount: keyCount, hashSecret: 7, hasLargeValues: seed % 4 == 0,
                hasLongValues: seed % 4 == 0, limits: limits)
        }
        var one = exercise(Self.highest)
        var other = exercise(Self.others[Int(seed % 3)])
        var differentCount = 0
        for round in 0..<40 {
            for _ in 0..<150 {
                one.step()
                other.step()
            }
            // More fields than are worth walking.
            for _ in 0..<4 {
                one.widen()
                other.widen()
            }
            #expect(one.keyspace.stateHash() == other.keyspace.stateHash(), "round \(round)")
            let digests = (
                try Self.digest(of: &one.keyspace), try Self.digest(of: &other.keyspace)
            )
            #expect(digests.0 == digests.1, "round \(round)")
            let drawSeed = one.generator.next()
            _ = other.generator.next()
            for (key, record) in one.model.records {
                guard case .hash = record.value else { continue }
                let seen = (
                    Self.seen(key, one.keyspace, now: one.now, seed: drawSeed),
                    Self.seen(key, other.keyspace, now: one.now, seed: drawSeed)
                )
                #expect(seen.0 == seen.1)
                if record.fields.count > 20, one.isCompact(key) != other.isCompact(key) {
                    differentCount += 1
                }
            }
        }
        let agree = (one.agrees(), other.agrees())
        #expect(agree == (true, true))
        // Without these the test would compare like with like. (Large values are for the snapshots.)
        if seed % 4 != 0 { #expect(differentCount > 10) }
    }
}

extension KeyspaceExercise {
    fileprivate func isCompact(_ key: [UInt8]) -> Bool {
        keyspace.isCompact(at: keyspace.locate(key.span, now: .min))
    }
}
