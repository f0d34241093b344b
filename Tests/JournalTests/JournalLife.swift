import Journal
import Primitives

/// A journal's life on a ``MemoryDisk``: random records, flushes, crashes and recoveries, compared with
/// a ``JournalModel``.
struct JournalLife {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    struct Options {
        var durability: Durability?
        var segmentByteCount = 4096
        var fault: JournalFault?
        var crashPercent = 2
        /// Percent of crashes in which files are damaged too.
        var damagePercent = 0
        /// Percent of new records that belong to group 1; the others lag behind.
        var favouritePercent = 20
        var maximumGroupCount = 5
        var maximumPayloadByteCount = 300
    }

    private struct WrittenSnapshot {
        var group: GroupID
        var replica: ReplicaID
        var metadata: SnapshotMetadata
    }

    /// Where a batch is.
    struct Place {
        var segment: UInt64
        var range: Range<Int>
    }

    let options: Options
    var disk: MemoryDisk
    private(set) var journal: Journal
    /// What the journal held before the first of ``batches``.
    private(set) var base = JournalModel()
    /// Every flush that counts so far.
    private(set) var batches: [JournalModel.Batch] = []
    private(set) var places: [Place] = []
    /// With the open batch's records.
    private(set) var head = JournalModel()
    private(set) var report: RecoveryReport
    var statistics = Statistics()

    struct Statistics {
        var crashes = 0
        var cuts = 0
        var lostBatches = 0
        var amnesias = 0
        var recycled = 0
        var removed = 0
        var carried = 0
        var snapshots = 0
        var largestSegmentCount = 0
        var harms = 0
        var quarantines = 0
        var soundAfterHarm = 0
        var lostGroups = 0
        var recreated = 0

        mutating func add(_ other: Statistics) {
            crashes += other.crashes
            cuts += other.cuts
            lostBatches += other.lostBatches
            amnesias += other.amnesias
            recycled += other.recycled
            removed += other.removed
            carried += other.carried
            snapshots += other.snapshots
            harms += other.harms
            quarantines += other.quarantines
            soundAfterHarm += other.soundAfterHarm
            lostGroups += other.lostGroups
            recreated += other.recreated
            largestSegmentCount = max(largestSegmentCount, other.largestSegmentCount)
        }
    }

    var generator: SeededGenerator
    private var settings: JournalSettings
    private var now = Moment(boot: Instant(nanoseconds: 5_000_000_000), wallMilliseconds: 1_000_000)
    private var bootID: UInt64 = 77
    private var mustHaveHead = false
    private var openRecords: [JournalRecord] = []
    private var requests: [DiskRequest] = []
    private var pendingSnapshots: [WrittenSnapshot] = []
    private var nextReplica: UInt64 = 1
    /// How many of `batches` are written, and synced, for good.
    private var writtenCount = 0
    private var syncedCount = 0
    /// Where the last batch that is written is.
    private var writtenSegment: UInt64 = 0
    /// Flushes of this run start behind this many batches.
    private var runStart = 0

    init(seed: UInt64, options: Options = Options()) throws {
        self.options = options
        generator = SeededGenerator(seed: seed)
        disk = MemoryDisk(seed: generator.next())
        settings = JournalSettings(
            segmentByteCount: options.segmentByteCount,
            durability: options.durability ?? .sync, heldByteCount: 1024, carriedByteCount: 1024,
            fault: options.fault)
        let recovery = try Journal.recover(
            from: disk, settings: settings, bootID: bootID, seed: generator.next(), now: now)
        disk.condemned = recovery.report.damages.compactMap(\.file)
        journal = recovery.journal
        report = recovery.report
    }

    mutating func run(stepCount: Int) throws {
        for _ in 0..<stepCount { try step() }
        try drain()
    }

    mutating func step() throws {
        now.boot = now.boot.advanced(milliseconds: generator.below(40))
        now.wallMilliseconds += Int64(generator.below(50)) - 5
        let choice = generator.below(100)
        if choice < options.crashPercent {
            try crash(powerCut: generator.chance(percent: 60))
        } else if choice < 45 {
            addRecords()
        } else if choice < 70 {
            flush()
        } else if choice < 94 {
            try stepDisk()
        } else if choice < 96 {
            finishSnapshot()
        } else {
            journal.tick(now: now, into: &requests)
            for group in journal.groupsToSnapshot { takeSnapshot(of: group) }
        }
        disk.accept(&requests)
        statistics.largestSegmentCount = max(
            statistics.largestSegmentCount, journal.segmentCount)
    }

    /// Writes and syncs everything.
    mutating func drain() throws {
        repeat {
            while !pendingSnapshots.isEmpty { finishSnapshot() }
            flush()
            disk.accept(&requests)
            while !disk.queue.isEmpty {
                try stepDisk()
                disk.accept(&requests)
            }
        } while journal.hasOpenRecords
        now.boot = now.boot.advanced(milliseconds: 1000)
        journal.tick(now: now, into: &requests)
        disk.accept(&requests)
        while !disk.queue.isEmpty {
            try stepDisk()
            disk.accept(&requests)
        }
        try check(
            syncedCount == batches.count, "drained, \(syncedCount) of \(batches.count) synced")
    }

    // MARK: Disk

    mutating func flush() {
        guard journal.canFlush, journal.hasOpenRecords else { return }
        let isFirst = batches.count == runStart
        guard let number = journal.flushMakingFiles(now: now, into: &requests) else {
            preconditionFailure("nothing was flushed")
        }
        precondition(Int(number) == batches.count - runStart + 1, "flush \(number)")
        places.append(Self.place(of: requests))
        batches.append(
            JournalModel.Batch(
                records: openRecords, moment: now, bootID: bootID,
                durability: settings.durability, beginsAmnesia: isFirst && pendingAmnesia))
        openRecords.removeAll()
        countCarried()
    }

    /// Where the batch is that was just flushed.
    private static func place(of requests: [DiskRequest]) -> Place {
        for case .write(let segment, let offset, let bytes, _) in requests.reversed() {
            return Place(segment: segment, range: offset..<offset + bytes.count)
        }
        preconditionFailure("a flush without a write")
    }

    private var pendingAmnesia = false
    /// The highest segment that was there when this run began.
    private var recoveredSegment: UInt64 = 0

    private mutating func countCarried() {
        for case .write(_, 0, let bytes, _) in requests where bytes.count > 0 {
            statistics.carried += Self.carriedCount(bytes)
        }
    }

    mutating func stepDisk() throws {
        guard !disk.queue.isEmpty else { return }
        switch disk.step() {
        case .write(let sequence, _, _, _) where sequence <= recoveredSegment:
            // What was recovered is written once more, before the first batch.
            break
        case .write(let sequence, 0, _, _):
            // Its first batch counts once the journal's head names the segment.
            writtenSegment = sequence
        case .writeHead:
            writtenCount = batches.count
            syncedCount = writtenCount
        case .write(let sequence, _, _, let sync):
            writtenCount = batches.count
            writtenSegment = sequence
            if sync { syncedCount = writtenCount }
        case .sync(let sequence):
            if sequence == writtenSegment { syncedCount = writtenCount }
        case .recycleSegment: statistics.recycled += 1
        case .remove(.segment): statistics.removed += 1
        case .remove, .createSegment: break
        }
        journal.completed(into: &requests)
        guard journal.isOpen else { return }
        let durable = runStart + Int(journal.durableBatch)
        let certain = settings.durability == .sync ? syncedCount : writtenCount
        try check(durable <= certain, "batch \(durable) is called durable, \(certain) are")
        try check(durable >= max(certain, runStart), "batch \(certain) is not called durable")
    }

    // MARK: Crashes

    mutating func crash(powerCut: Bool) throws {
        let guaranteed = powerCut ? syncedCount : writtenCount
        if generator.chance(percent: 30), let last = pendingSnapshots.first {
            disk.makeSnapshot(last.group, last.metadata.index)
        }
        disk.crash(powerCut: powerCut)
        mustHaveHead = mustHaveHead || disk.contents[.head] != nil
        statistics.crashes += 1
        if powerCut { bootID += 1 }
        if powerCut { now.boot = Instant(nanoseconds: 1_000_000_000) }
        if options.durability == nil, generator.chance(percent: 30) {
            settings.durability = generator.chance(percent: 50) ? .sync : .periodic
        }
        guard generator.chance(percent: options.damagePercent) else {
            return try recover(guaranteed: guaranteed)
        }
        let sound = disk
        var harm = inflictHarm()
        if generator.chance(percent: 20) { harm.add(inflictHarm()) }
        statistics.harms += 1
        let certain = certainCount(of: guaranteed, before: sound)
        // What was cut may have let go of what others still need.
        if certain < guaranteed { harm.groups = nil }
        try recover(from: harm, guaranteed: certain)
    }

    private mutating func recovery() throws -> Journal.Recovery {
        do {
            return try Journal.recover(
                from: disk, settings: settings, mustHaveHead: mustHaveHead, bootID: bootID,
                seed: generator.next(), now: now)
        } catch {
            throw Failure(description: "recovery failed: \(error)")
        }
    }

    /// Recovers from a damaged disk, and goes on from what was found.
    private mutating func recover(from harm: Harm, guaranteed: Int) throws {
        let recovery = try recovery()
        let found = JournalModel(
            recovery.groups, mayHaveLostGroups: recovery.mayHaveLostGroups)
        let again = try self.recovery()
        try check(
            JournalModel(again.groups, mayHaveLostGroups: again.mayHaveLostGroups) == found,
            "two recoveries of one disk differ")
        var complaints: [String] = []
        let kept = (guaranteed...batches.count).last { count in
            guard
                let complaint = harm.complaint(
                    about: found, recovery.mayHaveLostGroups, expected(of: count))
            else { return true }
            complaints.append("of \(count), \(complaint)")
            return false
        }
        guard let kept else {
            throw Failure(
                description: "after \(harm), of \(batches.count) batches, \(guaranteed) certain: "
                    + "\(complaints)\n\(recovery.report.lines + recovery.report.damageLines)")
        }
        statistics.quarantines += found.groups.values.count { $0.quarantine != nil }
        statistics.soundAfterHarm += found.groups.values.count { $0.quarantine == nil }
        statistics.lostGroups += recovery.mayHaveLostGroups ? 1 : 0
        let last = model(of: kept).last
        base = found
        base.last = last
        batches.removeAll()
        places.removeAll()
        try takeUp(recovery, found, kept: 0)
        pendingAmnesia = false
        disk.unreadable.removeAll()
        while !journal.isOpen {
            flush()
            disk.accept(&requests)
            try stepDisk()
        }
    }

    /// Recovers, and takes what was found for the truth if it is one of those that may be.
    mutating func recover(guaranteed: Int) throws {
        let recovery = try recovery()
        let found = JournalModel(
            recovery.groups, mayHaveLostGroups: recovery.mayHaveLostGroups)
        guard let kept = kept(by: found, guaranteed: guaranteed) else {
            throw Failure(
                description: "recovery of \(batches.count) batches, \(guaranteed) certain, found\n"
                    + found.difference(from: expected(of: guaranteed))
                    + "\nand from all of them\n"
                    + found.difference(from: expected(of: batches.count)))
        }
        statistics.lostBatches += batches.count - kept
        batches.removeLast(batches.count - kept)
        places.removeLast(places.count - kept)
        let model = model(of: kept)
        try check(
            recovery.wasCleanStop == (model.last?.isCleanStop ?? false),
            "clean stop: \(recovery.wasCleanStop)")
        try check(
            recovery.mayHaveLostGroups == model.mayHaveLostGroups,
            "groups may be lost: \(recovery.mayHaveLostGroups)")
        pendingAmnesia = model.forgets(in: bootID)
        if pendingAmnesia { statistics.amnesias += 1 }
        if recovery.report.cut != nil { statistics.cuts += 1 }
        try takeUp(recovery, found, kept: kept)
    }

    private mutating func takeUp(
        _ recovery: Journal.Recovery, _ found: JournalModel, kept: Int
    ) throws {
        journal = recovery.journal
        report = recovery.report
        head = found
        runStart = kept
        // What a killed process had written stays unsynced until the first flush of this run.
        syncedCount = min(syncedCount, kept)
        writtenSegment = 0
        recoveredSegment = try disk.files().reduce(0) { highest, file in
            if case .segment(let number) = file { return max(highest, number) }
            return highest
        }
        writtenCount = kept
        openRecords.removeAll()
        requests.removeAll()
        pendingSnapshots.removeAll()
    }

    /// How many batches `found` is the outcome of, if they include all that are certain.
    func kept(by found: JournalModel, guaranteed: Int) -> Int? {
        var model = model(of: guaranteed)
        var kept: Int?
        for count in guaranteed...batches.count {
            if count > guaranteed { model.apply(batches[count - 1]) }
            if expected(model) == found { kept = count }
        }
        return kept
    }

    /// What is to be found after a crash that kept so many batches.
    private func expected(of count: Int) -> JournalModel { expected(model(of: count)) }

    private func expected(_ model: JournalModel) -> JournalModel {
        var expected = model
        if expected.forgets(in: bootID) { expected.declareAmnesia() }
        return expected
    }

    func model(of count: Int) -> JournalModel {
        var model = base
        for batch in batches.prefix(count) { model.apply(batch) }
        return model
    }

    // MARK: Records

    private mutating func append(_ record: JournalRecord) {
        journal.append(record)
        openRecords.append(record)
        head.apply(
            record,
            JournalModel.Batch(
                records: [], moment: now, bootID: bootID, durability: settings.durability))
    }

    private mutating func addRecords() {
        if head.groups.isEmpty
            || (head.groups.count < options.maximumGroupCount && generator.chance(percent: 10))
        {
            createGroup()
            return
        }
        let group =
            generator.chance(percent: options.favouritePercent)
            ? head.groups.keys[0] : head.groups.keys[generator.below(head.groups.count)]
        guard let state = head.groups[group] else { return }
        if head.mayHaveLostGroups, generator.chance(percent: 1) { append(.lostGroupsSettled) }
        if state.quarantine != nil {
            append(generator.chance(percent: 30) ? .groupRemoved(group) : .caughtUp(group))
            return
        }
        if options.damagePercent > 0, generator.chance(percent: 1) {
            append(.quarantined(group, Quarantine(what: "its state is not its peers'")))
            return
        }
        switch generator.below(100) {
        case 0..<2: append(.groupRemoved(group))
        case 2..<14:
            let vote = generator.chance(percent: 70) ? ReplicaID(UInt64(generator.below(9))) : nil
            let term = Term(state.hardState.term.rawValue + UInt64(generator.below(2)))
            append(.hardState(group, HardState(term: term, vote: vote)))
        case 14..<20:
            let kept = state.base + UInt64(generator.below(Int(state.last - state.base) + 1))
            append(.truncation(group, after: LogIndex(kept)))
        case 20..<23 where state.last > state.base:
            let index = state.base + 1 + UInt64(generator.below(Int(state.last - state.base)))
            append(.entry(group, entry(at: index, after: state)))
        case 23..<31: takeSnapshot(of: group)
        case 31..<34: installSnapshot(of: group, at: state.base + UInt64(generator.below(8)))
        case 34..<36: append(.caughtUp(group))
        default:
            for _ in 0...generator.below(4) {
                guard let state = head.groups[group] else { return }
                append(.entry(group, entry(at: state.last + 1, after: state)))
            }
        }
    }

    private mutating func createGroup() {
        let group = GroupID(UInt32(1 + generator.below(options.maximumGroupCount + 2)))
        guard head.groups[group] == nil else { return }
        if nextReplica > UInt64(options.maximumGroupCount + 2) { statistics.recreated += 1 }
        append(.groupCreated(group, ReplicaID(nextReplica), configuration()))
        nextReplica += 1
    }

    private mutating func configuration() -> Configuration {
        let voters = (0...generator.below(3)).map {
            Member(replica: ReplicaID(UInt64($0)), node: NodeID(generator.next()))
        }
        return Configuration(voters: voters)
    }

    private mutating func entry(at index: UInt64, after state: JournalModel.Group) -> LogEntry {
        var payload: [UInt8] = []
        let byteCount =
            generator.chance(percent: 2)
            ? options.segmentByteCount * 2 : generator.below(options.maximumPayloadByteCount)
        while payload.count < byteCount { payload.append(littleEndian: generator.next()) }
        let kind = [EntryKind.command, .command, .command, .noop, .configuration][
            generator.below(5)]
        let term = max(
            state.hardState.term, state.entries.last?.term ?? .zero, state.snapshot?.term ?? .zero)
        return LogEntry(
            term: term, index: LogIndex(index), kind: kind,
            stamp: now.wallMilliseconds + Int64(generator.below(3)), payload: payload)
    }

    private mutating func takeSnapshot(of group: GroupID) {
        guard let state = head.groups[group], state.last > state.base else { return }
        let back = generator.chance(percent: 50) ? 0 : UInt64(generator.below(state.entries.count))
        let index = state.last - back
        guard let term = state.term(at: index) else { return }
        writeSnapshot(of: group, at: index, term: term)
    }

    /// As a leader sends it: of another log, maybe longer than this one.
    private mutating func installSnapshot(of group: GroupID, at index: UInt64) {
        guard let state = head.groups[group], index > 0 else { return }
        writeSnapshot(of: group, at: index, term: state.hardState.term.next)
    }

    private mutating func writeSnapshot(of group: GroupID, at index: UInt64, term: Term) {
        guard let state = head.groups[group] else { return }
        let metadata = SnapshotMetadata(
            index: LogIndex(index), term: term, configuration: configuration(),
            stamp: now.wallMilliseconds - 20)
        // As a host must not write a file that is on its way to be removed.
        disk.accept(&requests)
        guard !disk.isRemoving(.snapshot(group, metadata.index)),
            !disk.isRemoving(.partialSnapshot(group, metadata.index))
        else { return }
        // As a host writes few at a time.
        if pendingSnapshots.count > 2 { finishSnapshot() }
        journal.expectSnapshot(group, metadata.index)
        disk.beginSnapshot(group, metadata.index)
        pendingSnapshots.append(
            WrittenSnapshot(group: group, replica: state.replica, metadata: metadata))
    }

    /// Finishes the oldest snapshot that is being written, at any time.
    private mutating func finishSnapshot() {
        guard !pendingSnapshots.isEmpty else { return }
        let written = pendingSnapshots.removeFirst()
        disk.makeSnapshot(written.group, written.metadata.index)
        guard head.groups[written.group]?.replica == written.replica else { return }
        append(.snapshot(written.group, written.metadata))
        statistics.snapshots += 1
    }

    mutating func stopCleanly() throws {
        append(.cleanStop)
        try drain()
    }

    private func check(_ condition: Bool, _ what: String) throws {
        guard condition else { throw Failure(description: what) }
    }
}
