@testable import Journal
import Primitives
import Testing

@Suite("Journal on disk")
struct GoldenTests {
    private let group = GroupID(3)
    private let now = Moment(
        boot: Instant(nanoseconds: 0x0102_0304), wallMilliseconds: 1_700_000_000_000)

    private func journal() throws -> Journal {
        try Journal.recover(
            from: MemoryDisk(seed: 1), settings: JournalSettings(segmentByteCount: 4096),
            bootID: 0xB007, seed: 7, now: now
        ).journal
    }

    private func configuration() -> Configuration {
        Configuration(
            voters: [Member(replica: ReplicaID(1), node: NodeID(0x11))],
            learners: [Member(replica: ReplicaID(2), node: NodeID(0x22))])
    }

    /// The bytes of the writes that flushing these records, a batch each, leads to.
    private func writes(_ batches: [[JournalRecord]]) throws -> [(Int, [UInt8])] {
        var journal = try journal()
        var writes: [(Int, [UInt8])] = []
        for records in batches {
            for record in records { journal.append(record) }
            var requests: [DiskRequest] = []
            _ = journal.flushMakingFiles(now: now, into: &requests)
            for case .write(_, let offset, let bytes, _) in requests {
                writes.append((offset, bytes))
            }
            while !requests.isEmpty {
                requests.removeFirst()
                journal.completed(into: &requests)
            }
        }
        return writes
    }

    /// The records of a batch that was written alone, without the batch's header.
    private func recordBytes(_ record: JournalRecord) throws -> String {
        let before: [JournalRecord] = [
            .groupCreated(group, ReplicaID(1), configuration()),
            .entry(group, entry(1, "a")), .entry(group, entry(2, "b")),
        ]
        let bytes = try writes([before, [record]])[1].1
        return hexadecimal(bytes[88...])
    }

    private func entry(_ index: UInt64, _ text: String) -> LogEntry {
        LogEntry(
            term: Term(5), index: LogIndex(index), kind: .command, stamp: 0x1234,
            payload: [UInt8](text.utf8))
    }

    private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { Primitives.hexadecimal(UInt64($0), digitCount: 2) }.joined()
    }

    @Test("a segment's header, its checkpoint and its first batch")
    func beginning() throws {
        let first = try writes([[]])[0]
        #expect(first.0 == 0)
        #expect(hexadecimal(first.1[..<80]) == GoldenBytes.segmentHeader)
        #expect(hexadecimal(first.1[80...]) == GoldenBytes.emptyBatch)
    }

    @Test("a header of format 1 is read")
    func formerHeader() throws {
        var bytes: [UInt8] = []
        var rest = Substring(GoldenBytes.formerSegmentHeader)
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        guard case .valid(let header) = SegmentHeader.read(from: bytes) else {
            Issue.record("it is not")
            return
        }
        #expect(header.sequence == 1)
        #expect(header.segmentByteCount == 4096)
    }

    @Test("a journal's head")
    func head() {
        let bytes = JournalHead(journalID: 0x0102_0304_0506_0708, sequence: 9).encode()
        #expect(hexadecimal(bytes) == GoldenBytes.head)
    }

    @Test("every kind of record")
    func records() throws {
        let metadata = SnapshotMetadata(
            index: LogIndex(1), term: Term(5), configuration: configuration(), stamp: 0x1234)
        let records: [JournalRecord] = [
            .groupCreated(GroupID(9), ReplicaID(6), configuration()),
            .groupRemoved(group),
            .hardState(group, HardState(term: Term(5), vote: ReplicaID(2))),
            .hardState(group, HardState(term: Term(6), vote: nil)),
            .entry(group, entry(3, "hello")),
            .truncation(group, after: LogIndex(1)),
            .snapshot(group, metadata),
            .caughtUp(group),
            .cleanStop,
            .quarantined(
                group,
                Quarantine(file: .segment(2), offset: 3, byteCount: 4, what: "rot")),
            .lostGroupsSettled,
        ]
        let found = try records.map(recordBytes)
        #expect(found == GoldenBytes.records)
    }

    @Test("a checkpoint with everything in it, and an entry that is copied forward")
    func checkpoint() throws {
        var journal = try Journal.recover(
            from: MemoryDisk(seed: 1),
            settings: JournalSettings(
                segmentByteCount: 4096, heldByteCount: 1000, carriedByteCount: 1000),
            bootID: 0xB007, seed: 7, now: now
        ).journal
        let busy = GroupID(4)
        let metadata = SnapshotMetadata(
            index: LogIndex(1), term: Term(5), configuration: configuration(), stamp: 0x1234)
        for record: JournalRecord in [
            .groupCreated(group, ReplicaID(1), configuration()),
            .hardState(group, HardState(term: Term(5), vote: ReplicaID(2))),
            .entry(group, entry(1, "a")), .snapshot(group, metadata),
            .entry(group, entry(2, "b")),
            .groupCreated(busy, ReplicaID(1), Configuration(voters: [])),
        ] { journal.append(record) }
        var index: UInt64 = 0
        var found: [UInt8] = []
        for _ in 0..<20 {
            index += 1
            var large = entry(index, "")
            large.payload = [UInt8](repeating: 0, count: 2500)
            journal.append(.entry(busy, large))
            journal.append(
                .snapshot(
                    busy,
                    SnapshotMetadata(
                        index: LogIndex(index), term: Term(5),
                        configuration: Configuration(voters: []), stamp: 0)))
            var requests: [DiskRequest] = []
            _ = journal.flushMakingFiles(now: now, into: &requests)
            while !requests.isEmpty {
                if case .write(_, 0, let bytes, _) = requests.removeFirst() { found = bytes }
                journal.completed(into: &requests)
            }
            if journal.segmentCount <= 3, index > 3 { break }
        }
        #expect(hexadecimal(found[168..<525]) == GoldenBytes.checkpoint)
    }

    @Test(
        "names of files are read back",
        arguments: [
            "segment-00000000000000ff.log", "snapshot-00000003-0000000000000010.bin",
            "snapshot-00000003-0000000000000010.part", "suspect",
        ])
    func names(name: String) {
        #expect(JournalFile(name: name)?.name == name)
    }

    @Test(
        "other names are not the journal's",
        arguments: [
            "", "segment-", "segment-1.log", "segment-00000000000000FF.log", "lock",
            "segment-00000000000000ff.log.tmp", "snapshot-00000003.bin", "snapshot-3-1.bin",
            "snapshot-00000003-0000000000000010.par", "snapshot-00000003-0000000000000010.tmp",
            "segment-+0000000000000ff.log",
        ])
    func foreignNames(name: String) {
        #expect(JournalFile(name: name) == nil)
    }
}
