import Journal
import Primitives
import Testing

@Suite("Journal on a full disk")
struct FullDiskTests {
    private let group = GroupID(1)
    private var now = Moment(boot: .zero, wallMilliseconds: 1_000_000)
    private var requests: [DiskRequest] = []
    private var lastIndex: UInt64 = 0
    private var journal: Journal

    /// A journal that is open, has one group, and segments of 8 KiB.
    init() throws {
        journal = try Journal.recover(
            from: MemoryDisk(seed: 1), settings: JournalSettings(segmentByteCount: 8192),
            bootID: 1, seed: 2, now: now
        ).journal
        journal.append(.groupCreated(group, ReplicaID(1), Configuration(voters: [])))
        _ = journal.flushMakingFiles(now: now, into: &requests)
        complete()
        #expect(journal.isOpen)
    }

    private mutating func complete() {
        while !requests.isEmpty {
            requests.removeFirst()
            journal.completed(into: &requests)
        }
    }

    private mutating func append(byteCount: Int) {
        lastIndex += 1
        journal.append(
            .entry(
                group,
                LogEntry(
                    term: Term(1), index: LogIndex(lastIndex), kind: .command, stamp: 0,
                    payload: [UInt8](repeating: 0, count: byteCount))))
    }

    /// The record of a snapshot of all that there is.
    private func snapshot() -> JournalRecord {
        .snapshot(
            group,
            SnapshotMetadata(
                index: LogIndex(lastIndex), term: Term(1),
                configuration: Configuration(voters: []), stamp: 0))
    }

    private mutating func advance(milliseconds: Int) {
        now.boot = now.boot.advanced(milliseconds: milliseconds)
        journal.tick(now: now, into: &requests)
    }

    /// Fills more than half of the segment, and has no room for the next.
    private mutating func fillHalf() { fill(byteCount: 4000) }

    /// Fills more than a quarter of the segment, and has no room for the next.
    private mutating func fill(byteCount: Int = 2500) {
        append(byteCount: byteCount)
        #expect(journal.flush(now: now, into: &requests) != nil)
        #expect(requests.last == .createSegment(2, byteCount: 8192))
        complete()
        journal.segmentRefused(now: now)
    }

    @Test("is full until the file that it asks for again is there")
    mutating func asksAgain() {
        fill()
        #expect(journal.isFull)
        advance(milliseconds: 199)
        #expect(requests.isEmpty)
        advance(milliseconds: 1)
        #expect(requests == [.createSegment(2, byteCount: 8192)])
        advance(milliseconds: 1000)
        #expect(requests.count == 1, "one at a time")
        complete()
        #expect(journal.isFull)
        journal.segmentMade()
        #expect(!journal.isFull)
    }

    @Test("writes on into its reserve, and keeps what doesn't fit until there is a file")
    mutating func reserve() {
        fillHalf()
        #expect(journal.hasRoomForEntries)
        append(byteCount: 1700)
        #expect(journal.flush(now: now, into: &requests) == 3)
        complete()
        #expect(!journal.hasRoomForEntries, "a quarter is left to votes")
        journal.append(.hardState(group, HardState(term: Term(2), vote: ReplicaID(1))))
        #expect(journal.flush(now: now, into: &requests) == 4)
        complete()

        append(byteCount: 3000)
        #expect(journal.flush(now: now, into: &requests) == nil)
        #expect(journal.awaitsRoom)
        #expect(!journal.canFlush)
        #expect(requests.isEmpty, "nothing is written to a file that isn't there")
        advance(milliseconds: 200)
        complete()
        journal.segmentMade()
        #expect(journal.canFlush)
        #expect(journal.flush(now: now, into: &requests) == 5)
        #expect(requests.contains { if case .write = $0 { true } else { false } })
    }

    @Test("asks for no more than what waits needs, and then for a whole segment again")
    mutating func makeshift() {
        fillHalf()
        append(byteCount: 2000)
        #expect(journal.flush(now: now, into: &requests) == 3)
        complete()
        append(byteCount: 2500)
        #expect(journal.flush(now: now, into: &requests) == nil)
        #expect(!journal.hasRoomForEntries)
        advance(milliseconds: 200)
        let byteCount = journal.makeshiftByteCount
        #expect((2500..<8192).contains(byteCount))
        #expect(requests == [.createSegment(2, byteCount: byteCount)])
        // What comes meanwhile must fit as well.
        journal.append(.hardState(group, HardState(term: Term(2), vote: ReplicaID(1))))
        complete()
        journal.segmentMade()
        #expect(journal.isFull, "there is no whole one")
        #expect(journal.flush(now: now, into: &requests) == 4)
        #expect(requests.contains(.createSegment(3, byteCount: 8192)))
        complete()
        #expect(journal.durableBatch == 4)
        #expect(journal.lacksRoom)
        journal.segmentMade()
        #expect(!journal.isFull && !journal.lacksRoom)
    }

    @Test("entries that are taken in and not written count")
    mutating func openBatch() {
        fill()
        #expect(journal.isFull && !journal.lacksRoom)
        append(byteCount: 1500)
        #expect(journal.lacksRoom && journal.hasRoomForEntries)
        append(byteCount: 2000)
        #expect(journal.lacksRoom && !journal.hasRoomForEntries)
    }

    @Test("does without a new file when an old one gets free")
    mutating func recycles() {
        fillHalf()
        // The next one does fit, and all of the first segment gives way to a snapshot.
        advance(milliseconds: 200)
        complete()
        journal.segmentMade()
        while !requests.contains(.createSegment(3, byteCount: 8192)) {
            complete()
            append(byteCount: 1000)
            #expect(journal.flush(now: now, into: &requests) != nil)
        }
        complete()
        journal.segmentRefused(now: now)
        #expect(journal.isFull)
        journal.append(snapshot())
        #expect(journal.flush(now: now, into: &requests) != nil)
        complete()
        #expect(!journal.isFull)
        advance(milliseconds: 1000)
        #expect(requests.isEmpty)
    }

    @Test("a batch larger than a segment gets a file of its own, though an older one is free")
    mutating func larger() {
        fillHalf()
        append(byteCount: 2000)
        #expect(journal.flush(now: now, into: &requests) == 3)
        complete()
        append(byteCount: 2500)
        journal.append(snapshot())
        #expect(journal.flush(now: now, into: &requests) == nil)
        advance(milliseconds: 200)
        complete()
        journal.segmentMade()
        #expect(journal.isFull)
        #expect(journal.flush(now: now, into: &requests) == 4)
        // The first segment is free, while a new one is on its way that there is no room for.
        complete()
        #expect(!journal.isFull)
        append(byteCount: 9000)
        #expect(journal.flush(now: now, into: &requests) == nil)
        journal.segmentRefused(now: now)
        #expect(journal.isFull && journal.lacksRoom)
        advance(milliseconds: 200)
        let isAskedFor = requests.contains { request in
            if case .createSegment(_, journal.makeshiftByteCount) = request { true } else { false }
        }
        #expect(isAskedFor)
        complete()
        journal.segmentMade()
        #expect(journal.flush(now: now, into: &requests) == 5)
    }

    @Test("a batch counts only once there was room for the head that names its segment")
    mutating func head() throws {
        append(byteCount: 7000)
        _ = journal.flushMakingFiles(now: now, into: &requests)
        append(byteCount: 7000)
        complete()
        let batch = try #require(journal.flushMakingFiles(now: now, into: &requests))
        while let request = requests.first, !isHead(request) {
            requests.removeFirst()
            journal.completed(into: &requests)
        }
        let head = requests.removeFirst()
        journal.headRefused(now: now)
        // What was asked for behind it is done.
        complete()
        #expect(journal.isFull)
        #expect(journal.durableBatch < batch)
        #expect(!journal.canFlush)
        advance(milliseconds: 200)
        #expect(requests == [head])
        #expect(journal.isFull)
        complete()
        #expect(!journal.isFull)
        #expect(journal.durableBatch == batch)
        #expect(journal.canFlush)
    }

    private func isHead(_ request: DiskRequest) -> Bool {
        if case .writeHead = request { true } else { false }
    }
}
