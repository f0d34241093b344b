@testable import Journal
import Primitives
import Testing

@Suite("Journal on a damaged disk")
struct DamageTests {
    private func recover(_ disk: MemoryDisk, _ life: JournalLife) throws -> Journal.Recovery {
        try Journal.recover(
            from: disk, settings: life.journal.settings, mustHaveHead: true, bootID: 77, seed: 1,
            now: Moment(boot: .zero, wallMilliseconds: 0))
    }

    /// What is wrong with what is found after the harm.
    private func complaint(
        _ recovery: Journal.Recovery, _ life: JournalLife, groups: [GroupID]? = nil
    ) -> String? {
        Harm(description: "", groups: groups).complaint(
            about: JournalModel(recovery.groups), recovery.mayHaveLostGroups,
            life.model(of: life.batches.count))
    }

    /// A life that ends with everything on disk.
    private func finishedLife(_ seed: UInt64, favouritePercent: Int = 20) throws -> JournalLife {
        var options = JournalLife.Options()
        options.favouritePercent = favouritePercent
        options.durability = .sync
        options.crashPercent = 1
        var life = try JournalLife(seed: seed, options: options)
        try life.run(stepCount: 400)
        return life
    }

    private func reader(
        _ link: SegmentSurvey.Link, _ life: JournalLife
    ) throws -> BatchReader {
        BatchReader(
            bytes: try life.disk.read(.segment(link.sequence)), sequence: link.sequence,
            segmentID: link.header.id)
    }

    /// Which bytes of each segment are proven to have been on disk.
    private func provenRanges(_ life: JournalLife) throws -> SortedMap<JournalFile, Range<Int>> {
        var ranges = SortedMap<JournalFile, Range<Int>>()
        for link in try life.chain() {
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
            let recovery = try recover(disk, life)
            let damage = recovery.report.damages.first
            #expect(damage?.file == file, "byte \(flipped) of \(file)")
            let range = damage.map { $0.offset..<$0.offset + $0.byteCount } ?? 0..<0
            #expect(range.contains(flipped), "byte \(flipped) of \(file): \(range)")
            #expect(complaint(recovery, life) == nil)
            #expect(!recovery.report.damageLines.isEmpty)
        }
    }

    @Test(
        "a bit that turns over anywhere never makes something up",
        arguments: 0..<40 as Range<UInt64>)
    func neverMakesUp(seed: UInt64) throws {
        let life = try finishedLife(seed)
        var generator = SeededGenerator(seed: seed)
        let segments = life.segments
        for _ in 0..<40 {
            let file = segments[generator.below(segments.count)]
            var disk = life.disk
            let byteCount = try disk.read(file).count
            disk.flip(file, at: generator.below(byteCount), mask: 1 << UInt8(generator.below(8)))
            let recovery = try recover(disk, life)
            let report = recovery.report
            guard report.damages.isEmpty, report.quarantined.isEmpty else { continue }
            #expect(life.kept(by: JournalModel(recovery.groups), guaranteed: 0) != nil)
        }
    }

    @Test("damage to one entry concerns its group only", arguments: 0..<20 as Range<UInt64>)
    func namesOneGroup(seed: UInt64) throws {
        let life = try finishedLife(seed)
        let link = try #require(try life.chain().last)
        let reader = try reader(link, life)
        for header in reader.headers(after: 0).dropLast() {
            let batch = try reader.batch(
                at: header.offset, limit: reader.bytes.count, number: nil)
            guard let record = batch.records.last(where: { $0.head.kind == 4 }) else { continue }
            let group = record.head.group
            var disk = life.disk
            disk.flip(.segment(link.sequence), at: record.body.lowerBound, mask: 1)
            let recovery = try recover(disk, life)
            let expected = Quarantine(
                file: .segment(link.sequence), offset: record.offset,
                byteCount: record.body.upperBound - record.offset,
                what: "a record with a wrong checksum")
            #expect(recovery.report.damages == [expected])
            #expect(complaint(recovery, life, groups: [group]) == nil)
            // It may have been removed, and even made anew, behind the damage.
            let isSound = recovery.groups.first { $0.group == group }?.quarantine == nil
            let isRemoved = try isRemoved(group, behind: record, reader)
            #expect(isSound == isRemoved)
        }
    }

    private func isRemoved(
        _ group: GroupID, behind record: BatchReader.Record, _ reader: BatchReader
    ) throws -> Bool {
        for header in reader.headers(after: 0) {
            let batch = try reader.batch(
                at: header.offset, limit: reader.bytes.count, number: nil)
            for other in batch.records where other.offset > record.offset {
                if other.head.group == group, other.head.kind == 2 { return true }
            }
        }
        return false
    }

    @Test("a segment of a newer format is refused")
    func refusesNewerFormat() throws {
        let life = try finishedLife(4)
        let segment = try #require(life.segments.last)
        var bytes = try life.disk.read(segment)
        bytes.replaceSubrange(0..<8, with: SegmentHeader.magic)
        bytes.store(littleEndian: UInt32(9), at: 8)
        let checksum = crc32c(bytes.span.extracting(0..<76))
        bytes.store(littleEndian: checksum, at: 76)
        var disk = life.disk
        disk.replace(segment, with: bytes)
        #expect(throws: JournalError.newerFormat(file: segment, found: 9, supported: 2)) {
            try recover(disk, life)
        }
    }

    @Test("a group whose snapshot file is gone is quarantined, and no other one")
    func missesSnapshot() throws {
        let life = try finishedLife(3)
        let place = try #require(life.head.groups.values.firstIndex { $0.snapshot != nil })
        let group = life.head.groups.keys[place]
        let index = try #require(life.head.groups.values[place].snapshot?.index)
        var disk = life.disk
        disk.replace(.snapshot(group, index), with: nil)
        let recovery = try recover(disk, life)
        #expect(complaint(recovery, life, groups: [group]) == nil)
        let quarantine = recovery.groups.first { $0.group == group }?.quarantine
        #expect(quarantine?.file == .snapshot(group, index))
    }

    @Test(
        "of a segment that is gone only what is live is missed",
        arguments: 0..<20 as Range<UInt64>)
    func missesSegment(seed: UInt64) throws {
        let life = try finishedLife(seed)
        for link in try life.chain().dropLast() {
            var disk = life.disk
            disk.replace(.segment(link.sequence), with: nil)
            let recovery = try recover(disk, life)
            #expect(complaint(recovery, life) == nil)
            #expect(!recovery.mayHaveLostGroups)
            for found in recovery.report.quarantined {
                #expect(found.quarantine.file == .segment(link.sequence))
            }
        }
    }

    @Test(
        "the newest segment can't go, be emptied or be unreadable without notice",
        arguments: 0..<20 as Range<UInt64>)
    func missesNewest(seed: UInt64) throws {
        let life = try finishedLife(seed)
        let newest = try #require(try life.chain().last)
        let file = JournalFile.segment(newest.sequence)
        var without = life.disk
        without.replace(file, with: nil)
        var empty = life.disk
        for file in life.segments { empty.replace(file, with: nil) }
        var blank = life.disk
        blank.replace(file, with: [UInt8](repeating: 0, count: try blank.read(file).count))
        var unreadable = life.disk
        unreadable.unreadable = [file]
        var partlyReadable = unreadable
        partlyReadable.hasReadableBeginnings = true
        for disk in [without, empty, blank, unreadable, partlyReadable] {
            let recovery = try recover(disk, life)
            #expect(recovery.mayHaveLostGroups)
            #expect(recovery.groups.allSatisfy { $0.quarantine?.file == file })
            #expect(recovery.report.damages.map(\.file) == [file])
            #expect(complaint(recovery, life) == nil)
        }
        let nothing = try recover(empty, life)
        #expect(nothing.groups.isEmpty)
    }

    @Test("an unreadable segment quarantines whom it may hold", arguments: 0..<20 as Range<UInt64>)
    func unreadableSegment(seed: UInt64) throws {
        let life = try finishedLife(seed)
        for link in try life.chain() {
            var disk = life.disk
            disk.unreadable = [.segment(link.sequence)]
            let recovery = try recover(disk, life)
            #expect(complaint(recovery, life) == nil)
            #expect(
                recovery.report.damages
                    == [
                        Quarantine(
                            file: .segment(link.sequence),
                            what: "read segment-\(hexadecimal(link.sequence, digitCount: 16)).log "
                                + "failed with error 5")
                    ])
        }
    }

    @Test(
        "a segment that can't be read to its end is one that can't be read at all",
        arguments: 0..<20 as Range<UInt64>)
    func unreadableEnd(seed: UInt64) throws {
        // One that mostly has more than two segments.
        let life = try finishedLife(seed, favouritePercent: 97)
        let chain = try life.chain()
        try #require(chain.count > 1)
        // What is older is not needed any more.
        var withGap = life.disk
        withGap.replace(.segment(chain[chain.count - 2].sequence), with: nil)
        for sound in [life.disk, withGap] {
            for file in life.segments {
                var disk = sound
                disk.unreadable = [file]
                let expected = try recover(disk, life)
                disk.hasReadableBeginnings = true
                let found = try recover(disk, life)
                // With all that its journal will do with the files.
                #expect("\(found)" == "\(expected)", "\(file)")
            }
        }
    }

    @Test("a start reads each segment as a whole only once")
    func readsOnce() throws {
        let life = try finishedLife(1)
        let disk = CountingDisk(life.disk)
        let expected = try recover(life.disk, life)
        let found = try Journal.recover(
            from: disk, settings: life.journal.settings, mustHaveHead: true, bootID: 77, seed: 1,
            now: Moment(boot: .zero, wallMilliseconds: 0))
        #expect("\(found)" == "\(expected)")
        let chain = try life.chain()
        #expect(chain.count > 1)
        for link in chain {
            #expect(disk.readCounts[.segment(link.sequence)] == 1)
        }
    }

    @Test("a segment that begins with a long batch is read as a whole only once")
    func readsLongBeginningOnce() throws {
        let now = Moment(boot: .zero, wallMilliseconds: 1_000_000)
        let settings = JournalSettings(segmentByteCount: 1 << 20)
        var memory = MemoryDisk(seed: 1)
        var journal = try Journal.recover(
            from: memory, settings: settings, bootID: 1, seed: 2, now: now
        ).journal
        let group = GroupID(1)
        journal.append(.groupCreated(group, ReplicaID(1), Configuration(voters: [])))
        journal.append(
            .entry(
                group,
                LogEntry(
                    term: Term(1), index: LogIndex(1), kind: .command, stamp: 0,
                    payload: [UInt8](repeating: 1, count: 2 * JournalLimits.surveyedByteCount))))
        var requests: [DiskRequest] = []
        _ = journal.flushMakingFiles(now: now, into: &requests)
        memory.carryOut(&requests, of: &journal)
        let disk = CountingDisk(memory)
        let found = try Journal.recover(
            from: disk, settings: settings, mustHaveHead: true, bootID: 1, seed: 1, now: now)
        #expect(found.groups.first?.entries.count == 1)
        #expect(disk.readCounts[.segment(1)] == 1)
    }

    @Test("without an intact head no group is trusted: newer segments may be gone")
    func missesHead() throws {
        let life = try finishedLife(2)
        let head = try life.disk.read(.head)
        var disks: [MemoryDisk] = []
        for offset in head.indices {
            var disk = life.disk
            disk.flip(.head, at: offset, mask: 1)
            disks.append(disk)
        }
        var disk = life.disk
        disk.replace(.head, with: nil)
        disks.append(disk)
        disk = life.disk
        disk.unreadable = [.head]
        disks.append(disk)
        for disk in disks {
            let recovery = try recover(disk, life)
            #expect(recovery.mayHaveLostGroups)
            #expect(recovery.groups.count == life.head.groups.count)
            #expect(recovery.groups.allSatisfy { $0.quarantine?.file == .head })
        }
    }

    @Test("the head of another journal is refused")
    func refusesForeignHead() throws {
        let life = try finishedLife(2)
        guard case .valid(var other) = JournalHead.read(from: try life.disk.read(.head)) else {
            Issue.record("no head")
            return
        }
        other.journalID += 1
        var disk = life.disk
        disk.replace(.head, with: other.encode())
        let error = #expect(throws: JournalError.self) { try recover(disk, life) }
        guard case .foreignSegment? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
