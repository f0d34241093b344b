import Keyspace
import Primitives
import Testing

@testable import Node

@Suite("Databases of a shard") struct DatabaseTests {
    private static func machine() -> StateMachine {
        let machine = StateMachine(kind: .shard)
        machine.makeReady(hashSecret: 7, slots: ServedSlots())
        return machine
    }

    private static func set(
        _ key: String, _ value: String, in keyspace: inout Keyspace,
        deadline: Int64 = Keyspace.noDeadline
    ) {
        let name = [UInt8](key.utf8)
        var place = keyspace.locate(name.span, now: 0)
        keyspace.setString(
            [UInt8](value.utf8).span, of: name.span, at: &place, deadline: deadline)
    }

    private static func filled() -> StateMachine {
        let machine = machine()
        for number in 0..<300 {
            set("s\(number)", "sharded", in: &machine.keyspace)
            set("k\(number)", "\(number)", in: &machine.wholeDatabases[3].keyspace)
        }
        let large = String(repeating: "x", count: 100_000)
        set("large", large, in: &machine.wholeDatabases[9].keyspace)
        return machine
    }

    @Test("every database has a slot of its own, as far from the next as can be")
    func slots() {
        let slots = (0..<DatabaseID.wholeCount).map { DatabaseID.whole($0).slot?.rawValue ?? 0 }
        #expect(slots == (0..<16).map { UInt16($0 * 1024) })
        #expect(DatabaseID.sharded.slot == nil)
        #expect(DatabaseID(rawValue: 17) == nil)
    }

    @Test("a snapshot holds all databases as they were when it began, whatever changes meanwhile")
    func snapshot() throws {
        let machine = Self.filled()
        let expected = machine.stateHash()
        var writer = SnapshotFileWriter()
        var bytes = writer.header(index: LogIndex(5))
        bytes += writer.block(machine.beginSnapshot(missesChangedKeys: false))
        var isWhole = false
        var step = 0
        while !isWhole {
            Self.set("k\(step)", "changed", in: &machine.wholeDatabases[3].keyspace)
            Self.set("new\(step)", "new", in: &machine.wholeDatabases[4].keyspace)
            if step == 2 { machine.flush(.whole(9)) }
            step += 1
            isWhole = machine.continueSnapshot(byteBudget: 500)
            for block in machine.takeSnapshotBlocks() { bytes += writer.block(block) }
        }
        bytes += writer.end()
        #expect(machine.stateHash() != expected)

        let restored = Self.machine()
        // What the snapshot has nothing of is emptied.
        Self.set("old", "old", in: &restored.wholeDatabases[1].keyspace)
        let reader = SnapshotFileReader(kind: .shard, index: LogIndex(5), hashSecret: 7)
        try reader.read(bytes[...])
        #expect(reader.isComplete)
        restored.install(reader)
        #expect(restored.stateHash() == expected)
        #expect(restored.wholeDatabases[3].keyspace.keyCount == 300)
    }

    @Test("the digest of the walk tells states apart by database")
    func digest() throws {
        func digest(_ machine: StateMachine) throws -> UInt64 {
            var digest = StateDigest(seed: 1)
            machine.beginWalk()
            while !machine.continueSnapshot(byteBudget: 700) {}
            for block in machine.takeSnapshotBlocks() { try digest.take(block) }
            return digest.value
        }
        let one = try digest(Self.filled())
        #expect(try digest(Self.filled()) == one)
        let other = Self.filled()
        Self.set("k1", "other", in: &other.wholeDatabases[3].keyspace)
        #expect(try digest(other) != one)
        let moved = Self.filled()
        moved.flush(.whole(9))
        let large = String(repeating: "x", count: 100_000)
        Self.set("large", large, in: &moved.wholeDatabases[8].keyspace)
        #expect(try digest(moved) != one)
    }

    @Test("keys of all databases end when their time has come")
    func expiry() {
        let machine = Self.machine()
        Self.set("a", "1", in: &machine.keyspace, deadline: 50)
        Self.set("b", "1", in: &machine.wholeDatabases[15].keyspace, deadline: 20)
        Self.set("c", "1", in: &machine.wholeDatabases[15].keyspace, deadline: 90)
        #expect(machine.earliestDeadlineBound == 20)
        machine.expireStep(now: 60, limit: 1)
        #expect(machine.keyCount == 2)
        machine.expireStep(now: 60, limit: 1)
        #expect(machine.keyCount == 1)
        #expect(machine.earliestDeadlineBound == 90)
    }

    @Test("limits of compact hashes hold in every database, for new ones and for snapshots")
    func compactLimits() throws {
        let key = [UInt8]("h".utf8)
        func setFields(_ keyspace: inout Keyspace) {
            var place = keyspace.locate(key.span, now: 0)
            for field: UInt8 in 0..<3 {
                keyspace.setField([field].span, to: [1].span, of: key.span, at: &place)
            }
        }
        func areCompact(_ machine: StateMachine) -> [Bool] {
            func isCompact(_ keyspace: borrowing Keyspace) -> Bool {
                keyspace.isCompact(at: keyspace.locate(key.span, now: 0))
            }
            return [isCompact(machine.keyspace), isCompact(machine.wholeDatabases[5].keyspace)]
        }
        for limit in [2, 3] {
            let machine = StateMachine(kind: .shard)
            machine.compactLimits = CompactLimits(fieldCount: limit)
            machine.makeReady(hashSecret: 7, slots: ServedSlots())
            setFields(&machine.keyspace)
            setFields(&machine.wholeDatabases[5].keyspace)
            #expect(areCompact(machine) == [limit == 3, limit == 3])

            var writer = SnapshotFileWriter()
            var bytes = writer.header(index: LogIndex(5))
            bytes += writer.block(machine.beginSnapshot(missesChangedKeys: false))
            while !machine.continueSnapshot(byteBudget: 500) {}
            for block in machine.takeSnapshotBlocks() { bytes += writer.block(block) }
            bytes += writer.end()
            let other = StateMachine(kind: .shard)
            other.compactLimits = CompactLimits(fieldCount: 5 - limit)
            try other.recover(bytes, index: LogIndex(5))
            other.makeReady(hashSecret: 7, slots: ServedSlots())
            while other.isLoading { try other.load(byteCount: 100) }
            #expect(areCompact(other) == [limit == 2, limit == 2])
            #expect(other.stateHash() == machine.stateHash())
        }
    }
}
