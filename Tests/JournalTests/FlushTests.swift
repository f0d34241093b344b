import Journal
import Primitives
import Testing

@Suite("Journal's flushes")
struct FlushTests {
    private let group = GroupID(1)
    private let now = Moment(boot: .zero, wallMilliseconds: 1_000_000)

    /// A journal that is open and has one group.
    private func open(_ durability: Durability) throws -> Journal {
        var journal = try Journal.recover(
            from: MemoryDisk(seed: 1),
            settings: JournalSettings(segmentByteCount: 8192, durability: durability),
            bootID: 1, seed: 2, now: now
        ).journal
        journal.append(.groupCreated(group, ReplicaID(1), Configuration(voters: [])))
        var requests: [DiskRequest] = []
        _ = journal.flushMakingFiles(now: now, into: &requests)
        #expect(!journal.isOpen)
        while !requests.isEmpty {
            requests.removeFirst()
            journal.completed(into: &requests)
        }
        #expect(journal.isOpen)
        return journal
    }

    private func entry(_ index: UInt64, _ kind: EntryKind, byteCount: Int = 10) -> JournalRecord {
        .entry(
            group,
            LogEntry(
                term: Term(1), index: LogIndex(index), kind: kind, stamp: 0,
                payload: [UInt8](repeating: 0, count: byteCount)))
    }

    private func isSynced(_ request: DiskRequest?) -> Bool? {
        guard case .write(_, _, _, let sync) = request else { return nil }
        return sync
    }

    @Test("in periodic mode plain entries are written, and synced once a second")
    func periodic() throws {
        var journal = try open(.periodic)
        var requests: [DiskRequest] = []
        journal.append(entry(1, .command))
        #expect(journal.flushMakingFiles(now: now, into: &requests) == 2)
        #expect(isSynced(requests.first) == false)
        #expect(!journal.canFlush)
        requests.removeAll()
        journal.completed(into: &requests)
        #expect(journal.durableBatch == 2)

        var later = now
        later.boot = now.boot.advanced(milliseconds: 999)
        journal.tick(now: later, into: &requests)
        #expect(requests.isEmpty)
        later.boot = now.boot.advanced(milliseconds: 1000)
        journal.tick(now: later, into: &requests)
        journal.tick(now: later, into: &requests)
        #expect(requests == [.sync(segment: 1)])
    }

    @Test("in periodic mode a promise is synced at once")
    func periodicPromises() throws {
        let promises: [JournalRecord] = [
            .hardState(group, HardState(term: Term(2), vote: nil)), .caughtUp(group), .cleanStop,
            .truncation(group, after: LogIndex(1)), entry(2, .configuration), entry(1, .command),
            .groupRemoved(group),
            .groupCreated(GroupID(2), ReplicaID(1), Configuration(voters: [])),
        ]
        for promise in promises {
            var journal = try open(.periodic)
            var requests: [DiskRequest] = []
            journal.append(entry(1, .command))
            _ = journal.flushMakingFiles(now: now, into: &requests)
            requests.removeAll()
            journal.completed(into: &requests)
            journal.append(promise)
            _ = journal.flushMakingFiles(now: now, into: &requests)
            #expect(isSynced(requests.first) == true, "\(promise)")
        }
    }

    @Test("a journal that was there has a spare segment a while after its start, a new one hasn't")
    func makesSpareAfterStart() throws {
        var disk = MemoryDisk(seed: 1)
        let settings = JournalSettings(segmentByteCount: 8192)
        for spare in [nil, 3] as [UInt64?] {
            var journal = try Journal.recover(
                from: disk, settings: settings, bootID: 1, seed: 2, now: now
            ).journal
            if spare == nil {
                journal.append(.groupCreated(group, ReplicaID(1), Configuration(voters: [])))
                // It keeps the first segment from being the spare.
                journal.append(entry(1, .command))
            }
            var requests: [DiskRequest] = []
            _ = journal.flushMakingFiles(now: now, into: &requests)
            disk.carryOut(&requests, of: &journal)
            var later = now
            later.boot = now.boot.advanced(milliseconds: 9_999)
            journal.tick(now: later, into: &requests)
            #expect(requests.isEmpty)
            later.boot = now.boot.advanced(milliseconds: 10_000)
            journal.tick(now: later, into: &requests)
            journal.tick(now: later, into: &requests)
            #expect(requests == (spare.map { [.createSegment($0, byteCount: 8192)] } ?? []))
        }
    }

    @Test("the next segment is made when the present one is half full")
    func makesSpare() throws {
        var journal = try open(.sync)
        var requests: [DiskRequest] = []
        journal.append(entry(1, .command, byteCount: 5000))
        _ = journal.flushMakingFiles(now: now, into: &requests)
        #expect(requests.last == .createSegment(2, byteCount: 8192))
    }

    @Test("an entry larger than a segment gets a file of its own size")
    func largeEntry() throws {
        var journal = try open(.sync)
        var requests: [DiskRequest] = []
        journal.append(entry(1, .command, byteCount: 20_000))
        _ = journal.flushMakingFiles(now: now, into: &requests)
        #expect(requests.first == .createSegment(2, byteCount: 20_480))
        #expect(isSynced(requests.dropFirst().first) == true)
    }

    @Test("log bytes of a group are counted from its last snapshot on")
    func countsLogBytes() throws {
        var journal = try open(.sync)
        var requests: [DiskRequest] = []
        for index in 1...4 as ClosedRange<UInt64> { journal.append(entry(index, .command)) }
        _ = journal.flushMakingFiles(now: now, into: &requests)
        #expect(journal.logByteCount(of: group) == 4 * 54)
        requests.removeAll()
        journal.completed(into: &requests)
        journal.append(
            .snapshot(
                group,
                SnapshotMetadata(
                    index: LogIndex(3), term: Term(1), configuration: Configuration(voters: []),
                    stamp: 0)))
        _ = journal.flushMakingFiles(now: now, into: &requests)
        #expect(journal.logByteCount(of: group) == 54)
    }
}
