import Keyspace
import Primitives
import Testing

@Suite("Keyspace") struct KeyspaceTests {
    private static func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

    @Test(
        "holds what a plain model holds, through growth, shrinking and expiry",
        arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func model(seed: UInt64) {
        // From a handful of crowded keys to tables that move in steps.
        let keyCount = [10, 100, 1000, 6000][Int(seed % 4)]
        var exercise = KeyspaceExercise(seed: seed, keyCount: keyCount, hashSecret: seed &* 77)
        for round in 0..<10 {
            for _ in 0..<1000 { exercise.step() }
            let isSame = exercise.agrees()
            #expect(isSame, "round \(round)")
        }
    }

    @Test(
        "replicas agree on their state, whatever their secret and their snapshots",
        arguments: 11...14 as ClosedRange<UInt64>)
    func replicas(seed: UInt64) throws {
        var one = KeyspaceExercise(seed: seed, keyCount: 300, hashSecret: 1)
        var two = KeyspaceExercise(seed: seed, keyCount: 300, hashSecret: 2)
        for _ in 0..<4000 { one.step() }
        for _ in 0..<4000 { two.step() }
        #expect(one.keyspace.stateHash() == two.keyspace.stateHash())
        var other = try restored(snapshot(of: &two.keyspace), hashSecret: 99)
        let again = try restored(snapshot(of: &other), hashSecret: 1)
        #expect(other.stateHash() == one.keyspace.stateHash())
        #expect(again.stateHash() == one.keyspace.stateHash())
        #expect(other.keyCount == one.keyspace.keyCount)
    }

    @Test(
        "a restored replica expires the same keys in the same steps",
        arguments: 21...24 as ClosedRange<UInt64>)
    func expiryAfterRestore(seed: UInt64) throws {
        var exercise = KeyspaceExercise(seed: seed, keyCount: 400, hashSecret: 5)
        for _ in 0..<3000 { exercise.step() }
        var replica = try restored(snapshot(of: &exercise.keyspace), hashSecret: 5)
        var removed = 0
        for step in 0..<400 {
            exercise.now += 3
            let one = exercise.keyspace.expireStep(now: exercise.now, limit: 2)
            let other = replica.expireStep(now: exercise.now, limit: 2)
            removed += one
            #expect(one == other)
            #expect(exercise.keyspace.stateHash() == replica.stateHash(), "step \(step)")
        }
        #expect(removed > 20)
    }

    @Test("the state hash sees values, deadlines, types and the order of fields")
    func stateHash() {
        var keyspace = Keyspace(hashSecret: 1)
        var hashes = [keyspace.stateHash()]
        let key = Self.bytes("k")
        var place = keyspace.locate(key.span, now: 0)
        keyspace.setString(
            Self.bytes("v").span, of: key.span, at: &place, deadline: Keyspace.noDeadline)
        hashes.append(keyspace.stateHash())
        keyspace.setDeadline(100, at: &place)
        hashes.append(keyspace.stateHash())
        keyspace.setDeadline(101, at: &place)
        hashes.append(keyspace.stateHash())
        keyspace.remove(&place)
        keyspace.setField(key.span, to: Self.bytes("v").span, of: key.span, at: &place)
        hashes.append(keyspace.stateHash())
        keyspace.setField(Self.bytes("l").span, to: key.span, of: key.span, at: &place)
        hashes.append(keyspace.stateHash())
        _ = keyspace.removeField(key.span, at: &place)
        keyspace.setField(key.span, to: Self.bytes("v").span, of: key.span, at: &place)
        hashes.append(keyspace.stateHash())
        for deadline: Int64 in [100, 101] {
            keyspace.setFieldDeadline(deadline, of: key.span, at: &place)
            hashes.append(keyspace.stateHash())
        }
        #expect(Set(hashes).count == hashes.count)
    }

    @Test("removing everything leaves nothing, not even deadlines") func removeAll() {
        var exercise = KeyspaceExercise(seed: 3, keyCount: 500, hashSecret: 5)
        for _ in 0..<2000 { exercise.step() }
        exercise.keyspace.removeAll()
        #expect(exercise.keyspace.keyCount == 0)
        #expect(exercise.keyspace.byteCount == 0)
        #expect(exercise.keyspace.earliestDeadlineBound == nil)
        #expect(exercise.keyspace.stateHash() == Keyspace(hashSecret: 1).stateHash())
    }

    @Test("a table too large for the heap grows, shrinks and is snapshotted like others")
    func largeTable() throws {
        var keyspace = Keyspace(hashSecret: 5)
        let names = (0..<60_000).map { Self.bytes("{t}\($0)") }
        for name in names {
            var place = keyspace.locate(name.span, now: 0)
            keyspace.setString(
                name.span, of: name.span, at: &place, deadline: Keyspace.noDeadline)
        }
        let other = try restored(snapshot(of: &keyspace), hashSecret: 6)
        #expect(other.stateHash() == keyspace.stateHash())
        for name in names.dropFirst(100) {
            var place = keyspace.locate(name.span, now: 0)
            keyspace.remove(&place)
        }
        let left = names.prefix(200).count { keyspace.locate($0.span, now: 0).isPresent }
        #expect(left == 100)
        #expect(keyspace.keyCount == 100)
    }

    @Test("the counts of slots add up, and bytes return to 0") func counts() {
        var exercise = KeyspaceExercise(seed: 4, keyCount: 500, hashSecret: 5)
        for _ in 0..<3000 { exercise.step() }
        let slots = (0..<SlotID.count).map { SlotID(UInt16($0)) }
        var sum = 0
        for slot in slots { sum += exercise.keyspace.keyCount(in: slot) }
        #expect(sum == exercise.keyspace.keyCount)
        #expect(exercise.keyspace.byteCount > 0)
        for key in exercise.model.records.keys {
            var place = exercise.keyspace.locate(key.span, now: .min)
            exercise.keyspace.remove(&place)
        }
        #expect(exercise.keyspace.keyCount == 0)
        #expect(exercise.keyspace.byteCount == 0)
    }

    @Test("a place can't be used after another change") func stalePlace() async {
        await #expect(processExitsWith: .failure) {
            var keyspace = Keyspace(hashSecret: 1)
            let key = [UInt8]("k".utf8)
            var stale = keyspace.locate(key.span, now: 0)
            var place = keyspace.locate(key.span, now: 0)
            keyspace.setString(
                key.span, of: key.span, at: &place, deadline: Keyspace.noDeadline)
            keyspace.setString(
                key.span, of: key.span, at: &stale, deadline: Keyspace.noDeadline)
        }
    }

    @Test("digests are Redis's") func digest() {
        var keyspace = Keyspace(hashSecret: 1)
        let key = Self.bytes("k")
        var place = keyspace.locate(key.span, now: 0)
        keyspace.setString(
            Self.bytes("Hello world").span, of: key.span, at: &place,
            deadline: Keyspace.noDeadline)
        // The example of redis.io's page for DIGEST.
        #expect(keyspace.digest(at: place) == 0xb6ac_b9d8_4a38_ff74)
    }
}
