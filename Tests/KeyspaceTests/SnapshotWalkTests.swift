import Keyspace
import Primitives
import Testing

@Suite("Snapshot of a keyspace that goes on changing") struct SnapshotWalkTests {
    /// What a life under snapshots came to.
    private struct Outcome {
        var snapshotCount = 0
        /// Those that did not hold the state of when they began.
        var wrongCount = 0
        /// Those whose digest, of records as they came, was not the digest of that state.
        var wrongDigestCount = 0
        var changeCount = 0
        var isModelled = true
    }

    /// Takes snapshots one after the other while random changes are made.
    private static func live(
        seed: UInt64, changesAtOnce: Int, missesChangedKeys: Bool = false
    ) throws -> Outcome {
        var generator = SeededGenerator(seed: seed &+ 1000)
        let keyCount = [5, 60, 600, 5000][Int(seed % 4)]
        var exercise = KeyspaceExercise(
            seed: seed, keyCount: keyCount, hashSecret: seed, hasLargeValues: seed % 3 != 0)
        var outcome = Outcome()
        for _ in 0..<min(keyCount * 4, 8000) { exercise.step() }
        for round in 0..<6 {
            if seed % 3 != 0 { exercise.widen() }
            let expected = exercise.keyspace.stateHash()
            exercise.keyspace.beginSnapshot(missesChangedKeys: missesChangedKeys)
            var bytes: [UInt8] = []
            var digest = SnapshotDigest(seed: 9)
            var isDone = false
            while !isDone {
                for _ in 0..<generator.below(changesAtOnce + 1) {
                    exercise.step()
                    outcome.changeCount += 1
                }
                if generator.chance(percent: 2) { exercise.widen() }
                if generator.chance(percent: 1), round % 2 == 1 { exercise.removeAll() }
                if generator.chance(percent: 20) { exercise.keyspace.freeSome(limit: 30) }
                isDone = exercise.keyspace.continueSnapshot(
                    byteBudget: 1 + generator.below(20_000))
                if generator.chance(percent: 30) || isDone {
                    let records = exercise.keyspace.takeSnapshotOutput()
                    try digest.take(records)
                    bytes += records
                }
            }
            outcome.isModelled = outcome.isModelled && exercise.agrees()
            var copy = try restored(bytes, hashSecret: seed &+ 1)
            var atRest = SnapshotDigest(seed: 9)
            try atRest.take(snapshot(of: &copy))
            outcome.snapshotCount += 1
            if !digest.isComplete || digest.value != atRest.value { outcome.wrongDigestCount += 1 }
            if copy.stateHash() != expected { outcome.wrongCount += 1 }
            for _ in 0..<generator.below(300) { exercise.step() }
        }
        while exercise.keyspace.hasGarbage { exercise.keyspace.freeSome(limit: 100) }
        return outcome
    }

    @Test(
        "holds the state of when it began", arguments: 1...24 as ClosedRange<UInt64>, [1, 30])
    func consistency(seed: UInt64, changesAtOnce: Int) throws {
        let outcome = try Self.live(seed: seed, changesAtOnce: changesAtOnce)
        #expect(outcome.snapshotCount == 6)
        #expect(outcome.wrongCount == 0)
        #expect(outcome.wrongDigestCount == 0)
        #expect(outcome.isModelled)
    }

    @Test("every difference shows in the digest", arguments: 0..<8) func digests(change: Int) throws
    {
        func digest(changed: Bool) throws -> UInt64 {
            var keyspace = Self.wideHash([UInt8]("wide".utf8), count: 300)
            for (key, byteCount) in [("a", 3), ("b", 100_000), ("c", 3)] {
                let name = [UInt8](key.utf8)
                var place = keyspace.locate(name.span, now: 0)
                keyspace.setString(
                    [UInt8](repeating: 1, count: byteCount).span, of: name.span, at: &place,
                    deadline: Keyspace.noDeadline)
            }
            let name = [UInt8]("h".utf8)
            var place = keyspace.locate(name.span, now: 0)
            keyspace.setField(name.span, to: name.span, of: name.span, at: &place)
            if changed { Self.change(&keyspace, change) }
            var digest = SnapshotDigest(seed: 0)
            try digest.take(snapshot(of: &keyspace))
            return digest.value
        }
        #expect(try digest(changed: false) == digest(changed: false))
        #expect(try digest(changed: false) != digest(changed: true))
    }

    /// One small change.
    private static func change(_ keyspace: inout Keyspace, _ number: Int) {
        func name(_ text: String) -> [UInt8] { [UInt8](text.utf8) }
        let key = name(["a", "b", "wide", "wide", "c", "new", "wide", "h"][number])
        var place = keyspace.locate(key.span, now: 0)
        switch number {
        case 1:
            var value = [UInt8](repeating: 1, count: 100_000)
            value[99_999] = 2
            keyspace.setString(value.span, of: key.span, at: &place, deadline: Keyspace.noDeadline)
        case 2:
            keyspace.setField(field(299).span, to: key.span, of: key.span, at: &place)
        case 3: _ = keyspace.removeField(field(150).span, at: &place)
        case 4: keyspace.setDeadline(5, at: &place)
        case 6: keyspace.setFieldDeadline(5, of: field(150).span, at: &place)
        case 7: keyspace.setFieldDeadline(5, of: key.span, at: &place)
        default:
            keyspace.setString(
                name("x").span, of: key.span, at: &place, deadline: Keyspace.noDeadline)
        }
    }

    @Test("one that leaves out changed keys would be noticed") func plantedBug() throws {
        var wrongCount = 0
        for seed: UInt64 in 1...8 {
            wrongCount +=
                try Self.live(seed: seed, changesAtOnce: 30, missesChangedKeys: true).wrongCount
        }
        #expect(wrongCount > 8)
    }

    private static func field(_ number: Int) -> [UInt8] { [UInt8]("f\(number)".utf8) }

    private static func wideHash(_ key: [UInt8], count: Int) -> Keyspace {
        var keyspace = Keyspace(hashSecret: 3)
        for number in 0..<count {
            let name = field(number)
            var place = keyspace.locate(key.span, now: 0)
            keyspace.setField(
                name.span, to: [UInt8](repeating: 5, count: 100).span, of: key.span, at: &place)
        }
        return keyspace
    }

    @Test("a change of a large hash writes or copies none of its fields") func copyOnWrite() throws
    {
        let key = [UInt8]("h".utf8)
        var keyspace = Self.wideHash(key, count: 10_000)
        let expected = keyspace.stateHash()
        keyspace.beginSnapshot()
        for number in stride(from: 0, to: 10_000, by: 7) {
            let name = Self.field(number)
            var place = keyspace.locate(key.span, now: 0)
            if number % 2 == 0 {
                keyspace.setField(name.span, to: key.span, of: key.span, at: &place)
            } else {
                _ = keyspace.removeField(name.span, at: &place)
            }
        }
        // The key alone.
        #expect(keyspace.snapshotOutputByteCount < 20)
        while !keyspace.continueSnapshot(byteBudget: 500) {}
        let copy = try restored(keyspace.takeSnapshotOutput(), hashSecret: 3)
        #expect(copy.stateHash() == expected)
        #expect(keyspace.stateHash() != expected)
    }

    @Test("a change of deadlines in a large hash copies nothing, and the old ones are written")
    func formerDeadlines() throws {
        let key = [UInt8]("h".utf8)
        var keyspace = Self.wideHash(key, count: 10_000)
        func setDeadlines(_ numbers: some Sequence<Int>, _ deadline: (Int) -> Int64) {
            for number in numbers {
                var place = keyspace.locate(key.span, now: 0)
                keyspace.setFieldDeadline(
                    deadline(number), of: Self.field(number).span, at: &place)
            }
        }
        setDeadlines(stride(from: 0, to: 10_000, by: 3)) { Int64($0 + 1) }
        let byteCount = keyspace.byteCount
        for round in 1...2 {
            let expected = keyspace.stateHash()
            keyspace.beginSnapshot()
            _ = keyspace.continueSnapshot(byteBudget: 300_000)
            // Some are written already, some have a deadline, some change twice, some go.
            setDeadlines(stride(from: 0, to: 10_000, by: 2)) { Int64($0 + round) }
            setDeadlines(stride(from: 0, to: 10_000, by: 8)) { _ in Keyspace.noDeadline }
            #expect(keyspace.byteCount == byteCount)
            for number in stride(from: round, to: 10_000, by: 2000) {
                var place = keyspace.locate(key.span, now: 0)
                keyspace.setField(
                    Self.field(number).span, to: key.span, of: key.span, at: &place)
                keyspace.setField(
                    Self.field(number).span, to: [UInt8](repeating: 5, count: 100).span,
                    of: key.span, at: &place)
            }
            while !keyspace.continueSnapshot(byteBudget: 500) {}
            let copy = try restored(keyspace.takeSnapshotOutput(), hashSecret: 3)
            #expect(copy.stateHash() == expected)
            #expect(keyspace.stateHash() != expected)
        }
    }

    @Test("it is known beforehand what writing into a string copies") func copiedBytes() {
        let (key, byte) = ([UInt8]("s".utf8), [UInt8]("x".utf8))
        var keyspace = Keyspace(hashSecret: 3)
        func copied(upTo end: Int, from offset: Int) -> Int {
            keyspace.copiedByteCount(
                toWriteUpTo: end, from: offset, at: keyspace.locate(key.span, now: 0))
        }
        func overwrite() {
            var place = keyspace.locate(key.span, now: 0)
            keyspace.overwrite(byte.span, from: 0, of: key.span, at: &place)
        }
        var place = keyspace.locate(key.span, now: 0)
        keyspace.setString(
            [UInt8](repeating: 1, count: 100_000).span, of: key.span, at: &place,
            deadline: Keyspace.noDeadline)
        #expect(copied(upTo: 1, from: 0) == 0)
        #expect(copied(upTo: 100_020, from: 100_000) == 100_000)
        keyspace.append(byte.span, to: key.span, at: &place)
        keyspace.append([UInt8](repeating: 1, count: 19).span, to: key.span, at: &place)
        #expect(copied(upTo: 100_030, from: 100_020) == 0)
        // The snapshot has not come to it; then it is writing it, and has what it needs.
        keyspace.beginSnapshot()
        #expect(copied(upTo: 1, from: 0) == 100_020)
        #expect(copied(upTo: 100_030, from: 100_020) == 0)
        _ = keyspace.continueSnapshot(byteBudget: 1)
        #expect(copied(upTo: 1, from: 0) == 100_020)
        overwrite()
        #expect(copied(upTo: 1, from: 0) == 0)
        while !keyspace.continueSnapshot(byteBudget: 500) {}
        #expect(copied(upTo: 1, from: 0) == 0)
    }

    @Test("no step writes much more than it may") func slices() {
        let key = [UInt8]("h".utf8)
        var keyspace = Self.wideHash(key, count: 10_000)
        for number in 0..<10_000 {
            let name = Self.field(number)
            var place = keyspace.locate(name.span, now: 0)
            keyspace.setString(
                name.span, of: name.span, at: &place, deadline: Keyspace.noDeadline)
        }
        keyspace.beginSnapshot()
        var stepCount = 0
        while !keyspace.continueSnapshot(byteBudget: 4096) {
            #expect(keyspace.takeSnapshotOutput().count <= 4096 + (20 << 10))
            stepCount += 1
        }
        #expect(stepCount > 250)
    }

    @Test("what is removed is freed a part at a time") func freeing() {
        let key = [UInt8]("h".utf8)
        var keyspace = Self.wideHash(key, count: 1000)
        var place = keyspace.locate(key.span, now: 0)
        keyspace.remove(&place)
        #expect(keyspace.byteCount == 0)
        var stepCount = 0
        while keyspace.hasGarbage {
            keyspace.freeSome(limit: 10)
            stepCount += 1
        }
        #expect(stepCount > 90)
        for number in 0..<1000 {
            let name = Self.field(number)
            var place = keyspace.locate(name.span, now: 0)
            keyspace.setString(
                name.span, of: name.span, at: &place, deadline: Keyspace.noDeadline)
        }
        keyspace.removeAll()
        #expect(keyspace.keyCount == 0)
        stepCount = 0
        while keyspace.hasGarbage {
            keyspace.freeSome(limit: 10)
            stepCount += 1
        }
        #expect(stepCount > 90)
    }
}
