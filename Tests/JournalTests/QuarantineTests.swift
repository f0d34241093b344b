@testable import Journal
import Primitives
import Testing

/// A journal of groups that are written to by hand.
@Suite("Journal's quarantine")
struct QuarantineTests {
    private static let now = Moment(boot: .zero, wallMilliseconds: 1_000_000)
    private let first = GroupID(1)
    private let second = GroupID(2)
    private let reason = Quarantine(
        file: .snapshot(GroupID(1), LogIndex(7)), offset: 3, byteCount: 4, what: "a bad block")

    private var disk = MemoryDisk(seed: 1)
    private var journal: Journal
    private var indexes: [UInt64] = [0, 0, 0]

    init() throws {
        journal = try Self.recover(disk).journal
        for group in [first, second] {
            journal.append(
                .groupCreated(
                    group, ReplicaID(UInt64(group.rawValue)), Configuration(voters: [])))
        }
        flush()
    }

    private static func recover(
        _ disk: MemoryDisk, durability: Durability = .sync, bootID: UInt64 = 1
    ) throws -> Journal.Recovery {
        try Journal.recover(
            from: disk,
            settings: JournalSettings(segmentByteCount: 8192, durability: durability),
            bootID: bootID, seed: 2, now: now)
    }

    private mutating func flush() {
        var requests: [DiskRequest] = []
        _ = journal.flushMakingFiles(now: Self.now, into: &requests)
        disk.carryOut(&requests, of: &journal)
    }

    private mutating func append(to group: GroupID, byteCount: Int = 100) {
        let place = Int(group.rawValue)
        indexes[place] += 1
        journal.append(
            .entry(
                group,
                LogEntry(
                    term: Term(1), index: LogIndex(indexes[place]), kind: .command, stamp: 5,
                    payload: [UInt8](repeating: 7, count: byteCount))))
    }

    /// Fills segments with entries of the second group, and snapshots it.
    private mutating func fillSegments(_ count: Int) {
        for _ in 0..<count * 4 {
            append(to: second, byteCount: 2000)
            disk.makeSnapshot(second, LogIndex(indexes[2]))
            journal.append(
                .snapshot(
                    second,
                    SnapshotMetadata(
                        index: LogIndex(indexes[2]), term: Term(1),
                        configuration: Configuration(voters: []), stamp: 5)))
            flush()
        }
    }

    private mutating func restart() throws -> Journal.Recovery {
        let recovery = try Self.recover(disk)
        journal = recovery.journal
        return recovery
    }

    private func quarantine(_ recovery: Journal.Recovery, _ group: GroupID) -> Quarantine? {
        recovery.groups.first { $0.group == group }?.quarantine
    }

    @Test("a group that the host quarantines stays so, and holds back no segment")
    mutating func quarantinedByHost() throws {
        append(to: first)
        flush()
        journal.append(.quarantined(first, reason))
        flush()
        #expect(journal.quarantine(of: first) == reason)
        #expect(journal.logByteCount(of: first) == 0)
        for _ in 0..<3 {
            fillSegments(4)
            #expect(journal.segmentCount <= 3)
            let recovery = try restart()
            #expect(quarantine(recovery, first) == reason)
            #expect(quarantine(recovery, second) == nil)
            #expect(recovery.groups[0].replica == ReplicaID(1))
            #expect(recovery.groups[0].entries.isEmpty)
            #expect(recovery.report.damageLines.isEmpty)
            // What comes late for it doesn't count.
            append(to: first)
            flush()
        }
        journal.append(.groupRemoved(first))
        journal.append(.groupCreated(first, ReplicaID(9), Configuration(voters: [])))
        indexes[1] = 0
        append(to: first)
        flush()
        let recovery = try restart()
        #expect(quarantine(recovery, first) == nil)
        #expect(recovery.groups[0].replica == ReplicaID(9))
        #expect(recovery.groups[0].entries.count == 1)
    }

    /// Zeroes the header of the batch that was written before the last one.
    private mutating func loseLastButOneBatch() {
        let write = disk.writes[disk.writes.count - 2]
        disk.overwrite(write.file, at: write.offset, with: [UInt8](repeating: 0, count: 88))
    }

    @Test("a replica that was made in the damage is not taken for the one before it")
    mutating func madeInDamage() throws {
        append(to: first)
        journal.append(.quarantined(second, reason))
        flush()
        journal.append(.groupRemoved(second))
        journal.append(.groupCreated(second, ReplicaID(9), Configuration(voters: [])))
        flush()
        append(to: first)
        flush()
        loseLastButOneBatch()
        for _ in 0..<3 {
            let recovery = try restart()
            #expect(recovery.groups.map(\.replica) == [.unknown, .unknown])
            #expect(quarantine(recovery, second)?.file == .segment(1))
            #expect(recovery.mayHaveLostGroups)
        }
    }

    @Test("a group that was made behind the damage is sound, as long as the damage is found")
    mutating func madeBehindDamage() throws {
        append(to: first)
        append(to: second)
        flush()
        journal.append(.groupRemoved(second))
        journal.append(.groupCreated(second, ReplicaID(5), Configuration(voters: [])))
        indexes[2] = 0
        append(to: second)
        flush()
        loseLastButOneBatch()
        for _ in 0..<3 {
            let recovery = try restart()
            #expect(quarantine(recovery, first)?.file == .segment(1))
            #expect(quarantine(recovery, second) == nil)
            // The damage may have held the end of replica 1, and the beginning of another one.
            #expect(recovery.groups.map(\.replica) == [.unknown, ReplicaID(5)])
            #expect(recovery.groups[1].entries.count == Int(indexes[2]))
            #expect(recovery.report.damages.map(\.file) == [.segment(1)])
            #expect(recovery.mayHaveLostGroups)
            append(to: second)
            flush()
        }
    }

    @Test("a group whose first record is in the damage is named by what comes later")
    mutating func namedLater() throws {
        let third = GroupID(3)
        journal.append(.groupCreated(third, ReplicaID(6), Configuration(voters: [])))
        flush()
        journal.append(.hardState(third, HardState(term: Term(2), vote: nil)))
        flush()
        loseLastButOneBatch()
        for _ in 0..<3 {
            let recovery = try restart()
            #expect(recovery.groups.map(\.group) == [first, second, third])
            #expect(recovery.groups[2].replica == .unknown)
            #expect(recovery.groups.allSatisfy { $0.quarantine?.file == .segment(1) })
            #expect(recovery.mayHaveLostGroups)
            flush()
        }
    }

    @Test("that groups may be lost is kept until the host has settled it")
    mutating func keepsLostGroups() throws {
        flush()
        append(to: first)
        flush()
        append(to: first)
        flush()
        loseLastButOneBatch()
        var recovery = try restart()
        #expect(recovery.mayHaveLostGroups)
        flush()
        for group in [first, second] {
            journal.append(.groupRemoved(group))
            journal.append(.groupCreated(group, ReplicaID(8), Configuration(voters: [])))
        }
        indexes = [0, 0, 0]
        for _ in 0..<2 {
            fillSegments(4)
            recovery = try restart()
            #expect(recovery.mayHaveLostGroups)
        }
        journal.append(.lostGroupsSettled)
        flush()
        for _ in 0..<2 {
            recovery = try restart()
            #expect(!recovery.mayHaveLostGroups)
            #expect(!recovery.journal.mayHaveLostGroups)
            fillSegments(4)
        }
    }

    @Test("a damaged segment is removed once nothing needs it, and never recycled")
    mutating func removesDamagedSegment() throws {
        append(to: first)
        flush()
        append(to: first)
        flush()
        loseLastButOneBatch()
        _ = try restart()
        disk.condemned = [.segment(1)]
        flush()
        fillSegments(4)
        #expect(disk.contents[.segment(1)] == nil)
    }

    @Test("a log that was longer than the segments have room for is compacted and read")
    mutating func readsCompactedLog() throws {
        for _ in 0..<400 {
            append(to: first, byteCount: 40)
            if indexes[1] % 20 == 0 { flush() }
        }
        #expect(journal.segmentCount > 3)
        disk.makeSnapshot(first, LogIndex(400))
        journal.append(
            .snapshot(
                first,
                SnapshotMetadata(
                    index: LogIndex(400), term: Term(1), configuration: Configuration(voters: []),
                    stamp: 5)))
        flush()
        #expect(journal.segmentCount <= 2)
        let recovery = try restart()
        #expect(recovery.report.quarantined.isEmpty)
        #expect(recovery.groups[0].snapshot?.index == LogIndex(400))
    }

    @Test("what a failed sync left is forgotten once it has been written anew")
    mutating func removesSuspect() throws {
        disk.replace(.suspect, with: [])
        let recovery = try Self.recover(disk, durability: .periodic)
        journal = recovery.journal
        #expect(disk.contents[.suspect] != nil)
        flush()
        #expect(disk.contents[.suspect] == nil)
        append(to: first)
        var requests: [DiskRequest] = []
        _ = journal.flushMakingFiles(now: Self.now, into: &requests)
        disk.accept(&requests)
        _ = disk.step()
        // The next failure of that kind makes the replicas amnesiac again, and that is kept.
        disk.replace(.suspect, with: [])
        journal = try Self.recover(disk, durability: .periodic).journal
        flush()
        #expect(disk.contents[.suspect] == nil)
        let after = try Self.recover(disk, durability: .periodic)
        #expect(after.groups.allSatisfy { $0.isAmnesiac })
    }

    @Test("an explanation is cut where it is too long, between characters")
    func cutsText() {
        let long = Quarantine(what: String(repeating: "ö", count: 300) + "x")
        #expect(long.what == String(repeating: "ö", count: 256))
    }
}
