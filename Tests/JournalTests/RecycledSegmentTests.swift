@testable import Journal
import Primitives
import Testing

/// Batches of one size, so that each lies exactly where one of the file's earlier use was.
@Suite("Journal in recycled segments")
struct RecycledSegmentTests {
    private static let group = GroupID(1)
    private static let now = Moment(boot: .zero, wallMilliseconds: 1_000_000)

    private var disk = MemoryDisk(seed: 1)
    private var journal: Journal
    private var lastIndex: UInt64 = 0

    init() throws {
        journal = try Self.recover(disk).journal
        journal.append(
            .groupCreated(Self.group, ReplicaID(1), Configuration(voters: [])))
    }

    private static func recover(_ disk: MemoryDisk) throws -> Journal.Recovery {
        try Journal.recover(
            from: disk, settings: JournalSettings(segmentByteCount: 8192), bootID: 1, seed: 2,
            now: now)
    }

    /// Appends three entries and a snapshot of what was there before.
    private mutating func appendBatch() {
        for _ in 0..<3 {
            lastIndex += 1
            journal.append(
                .entry(
                    Self.group,
                    LogEntry(
                        term: Term(1), index: LogIndex(lastIndex), kind: .command,
                        stamp: 1_000_000,
                        payload: [UInt8](
                            repeating: UInt8(truncatingIfNeeded: lastIndex), count: 500)
                    )))
        }
        journal.append(
            .snapshot(
                Self.group,
                SnapshotMetadata(
                    index: LogIndex(lastIndex - 3), term: Term(1),
                    configuration: Configuration(voters: []), stamp: 1_000_000)))
    }

    private mutating func execute(_ requests: inout [DiskRequest]) {
        disk.carryOut(&requests, of: &journal)
    }

    @Test("a torn batch never takes up intact records of an earlier one in the same place")
    mutating func rejectsOldRecords() throws {
        var tornCount = 0
        for round in 0..<40 {
            var requests: [DiskRequest] = []
            if lastIndex > 0 {
                journal.expectSnapshot(Self.group, LogIndex(lastIndex))
                disk.makeSnapshot(Self.group, LogIndex(lastIndex))
            }
            execute(&requests)
            let before = JournalModel(try Self.recover(disk).groups)
            appendBatch()
            _ = journal.flushMakingFiles(now: Self.now, into: &requests)
            while let next = requests.first {
                if case .write(let sequence, let offset, let bytes, _) = next, round > 20,
                    offset > 0
                {
                    let old = try disk.read(.segment(sequence))
                    guard let replaced = BatchHeader(at: offset, of: old) else { break }
                    #expect(replaced.batchByteCount == bytes.count)
                    tornCount += try tear(bytes, at: offset, of: sequence, before: before)
                }
                requests.removeFirst()
                var one = [next]
                disk.accept(&one)
                _ = disk.step()
                journal.completed(into: &requests)
            }
        }
        #expect(tornCount > 50)
    }

    /// Leaves out each record alone, and each end of the batch: the worst that sectors could do.
    private func tear(
        _ bytes: [UInt8], at offset: Int, of sequence: UInt64, before: JournalModel
    ) throws -> Int {
        let old = try disk.read(.segment(sequence))
        var whole = old
        whole.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        let header = try #require(BatchHeader(at: offset, of: whole))
        let reader = BatchReader(
            bytes: whole, sequence: sequence, segmentID: header.segmentID)
        let batch = try reader.batch(at: offset, limit: whole.count, number: nil)
        var count = 0
        for record in batch.records {
            for end in [record.body.upperBound, header.end] {
                var torn = whole
                torn.replaceSubrange(record.offset..<end, with: old[record.offset..<end])
                var copy = disk
                copy.replace(.segment(sequence), with: torn)
                #expect(JournalModel(try Self.recover(copy).groups) == before)
                count += 1
            }
        }
        return count
    }
}
