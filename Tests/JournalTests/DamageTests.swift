@testable import Journal
import Primitives
import Testing

@Suite("Journal on a damaged disk")
struct DamageTests {
    /// Why the disk can't be recovered from, or what is found on it.
    private func recover(
        _ disk: MemoryDisk, _ life: JournalLife
    ) -> Result<JournalModel, JournalError> {
        do {
            let recovery = try Journal.recover(
                from: disk, settings: life.journal.settings, bootID: 77, seed: 1,
                now: Moment(boot: .zero, wallMilliseconds: 0))
            return .success(JournalModel(recovery.groups))
        } catch {
            return .failure(error)
        }
    }

    /// A life that ends with everything on disk.
    private func finishedLife(_ seed: UInt64) throws -> JournalLife {
        var options = JournalLife.Options()
        options.durability = .sync
        options.crashPercent = 1
        var life = try JournalLife(seed: seed, options: options)
        try life.run(stepCount: 400)
        return life
    }

    private func segments(_ life: JournalLife) -> [JournalFile] {
        life.disk.contents.keys.filter { if case .segment = $0 { true } else { false } }
    }

    private func reader(
        _ link: SegmentSurvey.Link, _ life: JournalLife
    ) throws -> BatchReader {
        BatchReader(
            bytes: try life.disk.read(.segment(link.sequence)), sequence: link.sequence,
            segmentID: link.header.id)
    }

    private func chain(_ life: JournalLife) throws -> [SegmentSurvey.Link] {
        var bytes: [UInt8] = []
        return try SegmentSurvey(life.disk.contents.keys, on: life.disk, using: &bytes).chain()
    }

    /// Which bytes of each segment are proven to have been on disk.
    private func provenRanges(_ life: JournalLife) throws -> SortedMap<JournalFile, Range<Int>> {
        var ranges = SortedMap<JournalFile, Range<Int>>()
        for link in try chain(life) {
            let proven = try reader(link, life).headers(after: 0).map(\.syncedThrough).max() ?? 0
            ranges[.segment(link.sequence)] = 0..<(link.end ?? proven)
        }
        return ranges
    }

    @Test(
        "a bit that turns over in what was on disk is found, and where",
        arguments: 0..<40 as Range<UInt64>)
    func findsFlippedBit(seed: UInt64) throws {
        let life = try finishedLife(seed)
        let ranges = try provenRanges(life)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let place = generator.below(ranges.count)
            guard !ranges.values[place].isEmpty else { continue }
            let file = ranges.keys[place]
            let flipped = generator.below(ranges.values[place].count)
            var disk = life.disk
            disk.flip(file, at: flipped, mask: 1 << UInt8(generator.below(8)))
            let outcome = recover(disk, life)
            guard case .failure(let error) = outcome,
                case .corrupt(let found, let offset, let byteCount, let groups, _) = error
            else {
                Issue.record("damage at \(flipped) of \(file) is not found: \(outcome)")
                continue
            }
            #expect(found == file)
            #expect((offset..<offset + byteCount).contains(flipped), "\(error)")
            #expect(!groups.isEmpty)
        }
    }

    @Test(
        "a bit that turns over anywhere never makes something up",
        arguments: 0..<40 as Range<UInt64>)
    func neverMakesUp(seed: UInt64) throws {
        let life = try finishedLife(seed)
        var generator = SeededGenerator(seed: seed)
        let segments = segments(life)
        for _ in 0..<40 {
            let file = segments[generator.below(segments.count)]
            var disk = life.disk
            let byteCount = try disk.read(file).count
            disk.flip(file, at: generator.below(byteCount), mask: 1 << UInt8(generator.below(8)))
            guard case .success(let found) = recover(disk, life) else { continue }
            #expect(life.kept(by: found, guaranteed: 0) != nil)
        }
    }

    @Test("damage to one entry concerns its group only")
    func namesOneGroup() throws {
        let life = try finishedLife(3)
        let link = try #require(try chain(life).first)
        let reader = try reader(link, life)
        var offset = SegmentHeader.byteCount
        while true {
            let batch = try reader.batch(at: offset, limit: reader.bytes.count, number: nil)
            offset = batch.header.end
            guard let record = batch.records.first(where: { $0.head.kind == 4 }) else { continue }
            var disk = life.disk
            disk.flip(.segment(link.sequence), at: record.body.lowerBound, mask: 1)
            let expected = JournalError.corrupt(
                file: .segment(link.sequence), offset: record.offset,
                byteCount: batch.header.end - record.offset, groups: [record.head.group],
                what: "a record with a wrong checksum")
            #expect(recover(disk, life) == .failure(expected))
            return
        }
    }

    @Test("a segment of a newer format is refused")
    func refusesNewerFormat() throws {
        let life = try finishedLife(4)
        let segment = try #require(segments(life).last)
        var bytes = try life.disk.read(segment)
        bytes.replaceSubrange(0..<8, with: SegmentHeader.magic)
        bytes.store(littleEndian: UInt32(9), at: 8)
        let checksum = crc32c(bytes.span.extracting(0..<76))
        bytes.store(littleEndian: checksum, at: 76)
        var disk = life.disk
        disk.replace(segment, with: bytes)
        let expected = JournalError.newerFormat(file: segment, found: 9, supported: 1)
        #expect(recover(disk, life) == .failure(expected))
    }

    @Test("a snapshot file that is gone is missed")
    func missesSnapshot() throws {
        let life = try finishedLife(3)
        let place = try #require(life.head.groups.values.firstIndex { $0.snapshot != nil })
        let group = life.head.groups.keys[place]
        let index = try #require(life.head.groups.values[place].snapshot?.index)
        var disk = life.disk
        disk.replace(.snapshot(group, index), with: nil)
        let expected = JournalError.snapshotMissing(
            file: .snapshot(group, index), group: group)
        #expect(recover(disk, life) == .failure(expected))
    }

    @Test("a segment that is gone is missed unless nothing in it counts")
    func missesSegment() throws {
        let life = try finishedLife(6)
        for link in try chain(life).dropLast() {
            var disk = life.disk
            disk.replace(.segment(link.sequence), with: nil)
            switch recover(disk, life) {
            case .success(let found): #expect(found == life.head)
            case .failure(.entriesMissing), .failure(.snapshotMissing): break
            case .failure(let error): Issue.record("\(error)")
            }
        }
    }

    @Test(
        "the newest segment can't go, nor be emptied, without notice",
        arguments: 0..<20 as Range<UInt64>)
    func missesNewest(seed: UInt64) throws {
        let life = try finishedLife(seed)
        let newest = try #require(try chain(life).last)
        let file = JournalFile.segment(newest.sequence)
        var without = life.disk
        without.replace(file, with: nil)
        let missing = JournalError.segmentMissing(file: file, provenBy: .head)
        #expect(recover(without, life) == .failure(missing))
        var empty = life.disk
        for file in segments(life) { empty.replace(file, with: nil) }
        #expect(recover(empty, life) == .failure(missing))
        var blank = life.disk
        blank.replace(file, with: [UInt8](repeating: 0, count: try blank.read(file).count))
        guard case .failure(.corrupt(file, 0, _, _, _)) = recover(blank, life) else {
            Issue.record("\(recover(blank, life))")
            return
        }
    }

    @Test("a head that is damaged, or of another journal, is refused")
    func refusesHead() throws {
        let life = try finishedLife(2)
        let head = try life.disk.read(.head)
        for offset in head.indices {
            var disk = life.disk
            disk.flip(.head, at: offset, mask: 1)
            switch recover(disk, life) {
            case .failure(.corrupt(.head, _, _, _, _)), .failure(.newerFormat(.head, _, _)): break
            case let outcome: Issue.record("byte \(offset): \(outcome)")
            }
        }
        var other = try JournalHead(decoding: head)
        other.journalID += 1
        var disk = life.disk
        disk.replace(.head, with: other.encode())
        guard case .failure(.foreignSegment) = recover(disk, life) else {
            Issue.record("\(recover(disk, life))")
            return
        }
    }
}
