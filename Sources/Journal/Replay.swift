import Primitives

/// The end of the last segment as it was read at start-up: perhaps from the page cache alone.
///
/// After a sync that failed, a page may count as clean though the disk never got it; a further sync
/// then succeeds and writes nothing. Only writing the bytes again makes sure of them.
struct UnprovenTail: Sendable {
    var offset = 0
    var bytes: [UInt8] = []
}

/// Reads a journal's segments, oldest first, and keeps what they say.
///
/// Damage that may have held records of a group leaves it in doubt. The next checkpoint says again what
/// the group was, but not its entries: the group is sound if all that are live come later.
struct Replay {
    struct Group {
        var state: GroupState
        var log: ReplayedLog
        /// Damage that may have held records of the group, with no checkpoint since.
        var doubt: Quarantine?
        /// Why places of the log may be empty.
        var gap: Quarantine?
        /// Whether damage may have held the end of this replica and the beginning of another one.
        var mayBeAnother = false

        /// What is read counts.
        var isSound: Bool { doubt == nil && state.quarantine == nil }
    }

    let settings: JournalSettings
    /// Why nothing older is there than what is read; it may simply have been let go.
    let gap: Quarantine?
    var groups = SortedMap<GroupID, Group>()
    private(set) var report = RecoveryReport()
    /// The last batch that counts.
    private(set) var lastHeader: BatchHeader?
    private(set) var endsWithCleanStop = false
    /// Where the last segment that was read ends.
    private(set) var end = 0
    /// What was read of that segment and no later batch proves to be on disk.
    private(set) var unproven = UnprovenTail()

    /// What was found to be damaged.
    var damages: [Quarantine] = []
    var hasCheckpoint = false
    /// Damage since the last checkpoint that may have held records of any group.
    var unnamedDamage: Quarantine?
    /// Whether the checkpoints may have missed groups that were here.
    var lostGroups = false
    /// What the next batch must be numbered, if that is known.
    private var nextNumber: UInt64?

    /// - Parameters:
    ///   - settings: Of the journal.
    ///   - gap: Why nothing older is there.
    init(settings: JournalSettings, gap: Quarantine?) {
        self.settings = settings
        self.gap = gap
    }

    /// Whether groups may have been here of which nothing is known.
    var mayHaveLostGroups: Bool {
        lostGroups || unnamedDamage != nil
            || groups.values.contains {
                $0.doubt != nil && ($0.state.replica == .unknown || $0.mayBeAnother)
            }
    }

    // MARK: Segments

    /// Reads one segment.
    ///
    /// - Parameters:
    ///   - link: Which, and where it is known to end.
    ///   - bytes: The whole file.
    /// - Throws: ``JournalError/inconsistent(file:offset:group:what:)``.
    mutating func read(_ link: SegmentSurvey.Link, bytes: [UInt8]) throws(JournalError) {
        let reader = BatchReader(
            bytes: bytes, sequence: link.sequence, segmentID: link.header.id)
        let limit = min(link.end ?? bytes.count, bytes.count)
        var offset = SegmentHeader.byteCount
        report.segmentCount += 1
        while offset < limit {
            var damage: BatchReader.Damage?
            var batch: BatchReader.Batch?
            do throws(BatchReader.Damage) {
                batch = try reader.readableBatch(at: offset, limit: limit, number: nextNumber)
                damage = batch?.damage
            } catch {
                damage = error
            }
            if let damage, link.end == nil,
                endsTorn(at: offset, damage, reader, isProven: link.isProven)
            {
                break
            }
            guard let batch else {
                offset = skipDamage(at: offset, limit: limit, damage, reader, link)
                continue
            }
            try apply(batch, bytes: bytes, isFirst: offset == SegmentHeader.byteCount)
            offset = batch.header.end
        }
        noteLength(link, bytes)
        end = offset
        let proven = min(
            end, lastHeader.map { $0.sequence == link.sequence ? $0.syncedThrough : 0 } ?? 0)
        unproven = UnprovenTail(
            offset: proven, bytes: Array(bytes[min(proven, bytes.count)..<min(end, bytes.count)]))
    }

    /// Whether the journal ends before what is bad: it was never known to be on disk.
    private mutating func endsTorn(
        at offset: Int, _ damage: BatchReader.Damage, _ reader: BatchReader, isProven: Bool
    ) -> Bool {
        let later = reader.headers(after: offset)
        // Where a segment is proven, its first batch is.
        let proven = max(
            later.map(\.syncedThrough).max() ?? 0, isProven ? SegmentHeader.byteCount + 1 : 0)
        guard offset >= proven || settings.fault == .rottenTakenForTorn else { return false }
        // The remains of an earlier use of the file are no sign of a write.
        guard reader.header(at: offset) != nil || !later.isEmpty else { return true }
        endsWithCleanStop = false
        report.cut = RecoveryReport.Cut(
            file: .segment(reader.sequence), offset: offset, what: damage.what,
            damageOffset: damage.range.lowerBound)
        return true
    }

    /// Goes on behind a batch whose header is bad.
    ///
    /// - Returns: Where.
    private mutating func skipDamage(
        at offset: Int, limit: Int, _ damage: BatchReader.Damage?, _ reader: BatchReader,
        _ link: SegmentSurvey.Link
    ) -> Int {
        let intact = reader.headers(after: offset).first { $0.offset < limit }
        // With no batch behind it nobody knows how long this one was.
        let next =
            intact?.offset
            ?? (link.end == nil ? min(limit, offset + BatchHeader.byteCount) : limit)
        doubtAll(
            Quarantine(
                file: .segment(link.sequence), offset: offset, byteCount: next - offset,
                what: damage?.what ?? "no batch"))
        nextNumber = nil
        endsWithCleanStop = false
        return next
    }

    /// A file is made whole before it is used; what is not there any more may have held anything.
    private mutating func noteLength(_ link: SegmentSurvey.Link, _ bytes: [UInt8]) {
        let expected = link.end ?? link.header.segmentByteCount
        guard bytes.count < expected else { return }
        doubtAll(
            Quarantine(
                file: .segment(link.sequence), offset: bytes.count,
                byteCount: expected - bytes.count, what: "the file is too short"))
        nextNumber = nil
    }

    // MARK: Records

    private mutating func apply(
        _ batch: BatchReader.Batch, bytes: [UInt8], isFirst: Bool
    ) throws(JournalError) {
        let header = batch.header
        var checkpoint = isFirst ? CheckpointSection() : nil
        for record in batch.records {
            do {
                try apply(record, header, bytes: bytes, &checkpoint)
            } catch let failure as DecodingFailure {
                throw inconsistent(header, record, "\(failure.what) can't be read")
            } catch let contradiction as Contradiction {
                throw inconsistent(header, record, contradiction.what)
            } catch {
                throw inconsistent(header, record, "\(error)")
            }
        }
        do throws(Contradiction) {
            if let rest = batch.rest {
                if let checkpoint { remember(checkpoint) }
                doubtAll(Quarantine(rest, in: header.sequence))
            } else if let checkpoint {
                try take(checkpoint)
            }
        } catch {
            throw inconsistent(header, nil, error.what)
        }
        report.batchCount += 1
        report.recordCount += batch.records.count
        endsWithCleanStop =
            batch.rest == nil
            && batch.records.last?.head.kind == RecordKind.cleanStop.rawValue
        lastHeader = header
        nextNumber = header.number + 1
    }

    /// - Parameters:
    ///   - record: One of the batch.
    ///   - header: The batch's.
    ///   - bytes: The file.
    ///   - checkpoint: What the first batch has begun with so far; `nil` behind it.
    /// - Throws: ``DecodingFailure`` or ``Contradiction``.
    private mutating func apply(
        _ record: BatchReader.Record, _ header: BatchHeader, bytes: [UInt8],
        _ checkpoint: inout CheckpointSection?
    ) throws {
        let kind = RecordKind(rawValue: record.head.kind)
        if checkpoint != nil, kind != .checkpoint, kind != .lostGroups {
            if let section = checkpoint { try take(section) }
            checkpoint = nil
        }
        guard record.isIntact else {
            let damage = Quarantine(record.damage, in: header.sequence)
            guard kind?.namesGroup == true else { return doubtAll(damage) }
            checkpoint?.damaged[record.head.group] = damage
            guard checkpoint == nil else { return }
            return doubt(record.head.group, damage, mayBeAnother: kind == .groupCreated)
        }
        switch try StoredRecord(record.head, body: record.body, of: bytes) {
        case .checkpoint(let group, let state):
            guard checkpoint != nil else {
                throw Contradiction("a checkpoint behind other records")
            }
            checkpoint?.states[group] = state
        case .lostGroups:
            guard checkpoint != nil else {
                throw Contradiction("a note of lost groups behind other records")
            }
            checkpoint?.mayMissGroups = true
        case .carried(let group, let entry):
            guard let place = place(of: group) else {
                throw Contradiction("a copied entry of a group that is not here")
            }
            guard groups[valueAt: place].isSound else { return }
            try groups[valueAt: place].log.put(entry, segment: header.sequence)
        case .logged(let logged, let keepsLog): try apply(logged, keepsLog: keepsLog, header)
        }
    }

    private mutating func apply(
        _ record: JournalRecord, keepsLog: Bool, _ header: BatchHeader
    ) throws(Contradiction) {
        guard let group = record.group else {
            if record == .lostGroupsSettled { lostGroups = false }
            return
        }
        switch record {
        case .groupCreated(_, let replica, let configuration):
            // Its removal may be what the damage held.
            guard groups[group].map({ $0.doubt != nil }) ?? true else {
                throw Contradiction("the group is here already")
            }
            groups[group] = Group(
                state: GroupState(replica: replica, initialConfiguration: configuration),
                log: ReplayedLog(base: .zero, last: .zero))
            return
        case .groupRemoved:
            guard groups[group] != nil || unnamedDamage != nil else {
                throw Contradiction("the group is not here")
            }
            groups[group] = nil
            return
        case .hardState, .entry, .truncation, .snapshot, .caughtUp, .cleanStop, .quarantined,
            .lostGroupsSettled:
            break
        }
        guard let place = place(of: group) else { throw Contradiction("the group is not here") }
        guard groups[valueAt: place].isSound else { return }
        let change = try groups[valueAt: place].state.apply(
            record, keepsLog: keepsLog, moment: header.moment, bootID: header.bootID,
            fault: settings.fault)
        groups[valueAt: place].log.apply(change, segment: header.sequence)
    }

    /// Where the group is. One that a record names and that is not here was made in the damage.
    private mutating func place(of group: GroupID) -> Int? {
        if groups[group] == nil, let unnamedDamage {
            doubt(group, unnamedDamage, mayBeAnother: true)
        }
        return groups.index(of: group)
    }

    private func inconsistent(
        _ header: BatchHeader, _ record: BatchReader.Record?, _ what: String
    ) -> JournalError {
        .inconsistent(
            file: .segment(header.sequence), offset: record?.offset ?? header.offset,
            group: record?.head.group, what: what)
    }
}

extension Quarantine {
    init(_ damage: BatchReader.Damage, in segment: UInt64) {
        self.init(
            file: .segment(segment), offset: damage.range.lowerBound,
            byteCount: damage.range.count, what: damage.what)
    }
}
