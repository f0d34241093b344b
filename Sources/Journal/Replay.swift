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
struct Replay {
    struct Group {
        var state: GroupState
        var log: ReplayedLog
    }

    let settings: JournalSettings
    /// How many entries the segments that are read have room for.
    private let entryLimit: Int
    private(set) var groups = SortedMap<GroupID, Group>()
    private(set) var report = RecoveryReport()
    /// The last batch that counts.
    private(set) var lastHeader: BatchHeader?
    private(set) var endsWithCleanStop = false
    /// Where the last segment that was read ends.
    private(set) var end = 0
    /// What was read of that segment and no later batch proves to be on disk.
    private(set) var unproven = UnprovenTail()

    /// `byteCount`: of all segments that will be read.
    init(settings: JournalSettings, byteCount: Int) {
        self.settings = settings
        entryLimit = byteCount / RecordHead.byteCount
    }

    /// Reads one segment.
    ///
    /// - Parameters:
    ///   - link: Which, and where it is known to end.
    ///   - bytes: The whole file.
    ///   - isOldest: Whether no segment was read before it.
    /// - Throws: ``JournalError/corrupt(file:offset:byteCount:groups:what:)``, without groups if it may
    ///   concern any, or ``JournalError/inconsistent(file:offset:group:what:)``.
    mutating func read(
        _ link: SegmentSurvey.Link, bytes: [UInt8], isOldest: Bool
    ) throws(JournalError) {
        let reader = BatchReader(
            bytes: bytes, sequence: link.sequence, segmentID: link.header.id)
        let limit = min(link.end ?? bytes.count, bytes.count)
        var offset = SegmentHeader.byteCount
        report.segmentCount += 1
        while offset < limit {
            let batch: BatchReader.Batch
            do {
                batch = try reader.batch(
                    at: offset, limit: limit, number: lastHeader.map { $0.number + 1 })
            } catch {
                guard link.end == nil else {
                    throw corruption(error, through: limit, reader: reader)
                }
                try endAtTornBatch(at: offset, damage: error, reader: reader)
                break
            }
            try apply(
                batch, bytes: bytes, isCheckpoint: offset == SegmentHeader.byteCount, isOldest)
            offset = batch.header.end
        }
        if let end = link.end, offset < end {
            throw .corrupt(
                file: .segment(link.sequence), offset: offset, byteCount: end - offset,
                groups: [], what: "the file is too short")
        }
        end = offset
        let proven = min(
            end, lastHeader.map { $0.sequence == link.sequence ? $0.syncedThrough : 0 } ?? 0)
        unproven = UnprovenTail(offset: proven, bytes: Array(bytes[proven..<end]))
    }

    /// Decides whether what is bad at the end of the journal was never known to be on disk.
    private mutating func endAtTornBatch(
        at offset: Int, damage: BatchReader.Damage, reader: BatchReader
    ) throws(JournalError) {
        let later = reader.headers(after: offset)
        let proven = later.map(\.syncedThrough).max() ?? 0
        guard offset >= proven else {
            throw corruption(damage, through: proven, reader: reader)
        }
        // The remains of an earlier use of the file are no sign of a write.
        guard reader.header(at: offset) != nil || !later.isEmpty else { return }
        endsWithCleanStop = false
        report.cut = RecoveryReport.Cut(
            file: .segment(reader.sequence), offset: offset, what: damage.what,
            damageOffset: damage.offset)
    }

    private func corruption(
        _ damage: BatchReader.Damage, through proven: Int, reader: BatchReader
    ) -> JournalError {
        let next =
            damage.end ?? reader.headers(after: damage.offset & ~7).first?.offset ?? proven
        return .corrupt(
            file: .segment(reader.sequence), offset: damage.offset,
            byteCount: min(next, proven) - damage.offset,
            groups: damage.group.map { [$0] } ?? [], what: damage.what)
    }

    // MARK: Records

    private mutating func apply(
        _ batch: BatchReader.Batch, bytes: [UInt8], isCheckpoint: Bool, _ isOldest: Bool
    ) throws(JournalError) {
        let header = batch.header
        var checkpoints = SortedMap<GroupID, GroupState>()
        var mustTakeCheckpoint = isCheckpoint
        for record in batch.records {
            do {
                let stored = try StoredRecord(record.head, body: record.body, of: bytes)
                if case .checkpoint(let group, let state) = stored {
                    checkpoints[group] = state
                    continue
                }
                if mustTakeCheckpoint { try take(checkpoints, isOldest: isOldest) }
                mustTakeCheckpoint = false
                try apply(stored, header)
            } catch let failure as DecodingFailure {
                throw inconsistent(header, record, "\(failure.what) can't be read")
            } catch let contradiction as Contradiction {
                throw inconsistent(header, record, contradiction.what)
            } catch {
                throw inconsistent(header, record, "\(error)")
            }
        }
        do throws(Contradiction) {
            if mustTakeCheckpoint { try take(checkpoints, isOldest: isOldest) }
        } catch {
            throw inconsistent(header, nil, error.what)
        }
        report.batchCount += 1
        report.recordCount += batch.records.count
        endsWithCleanStop = batch.records.last?.head.kind == RecordKind.cleanStop.rawValue
        lastHeader = header
    }

    private mutating func apply(
        _ stored: StoredRecord, _ header: BatchHeader
    ) throws(Contradiction) {
        switch stored {
        case .checkpoint: throw Contradiction("a checkpoint behind other records")
        case .carried(let group, let entry):
            guard let place = groups.index(of: group) else {
                throw Contradiction("a copied entry of a group that is not here")
            }
            try groups[valueAt: place].log.put(entry, segment: header.sequence)
        case .logged(let record, let keepsLog):
            try apply(record, keepsLog: keepsLog, header)
        }
    }

    private mutating func apply(
        _ record: JournalRecord, keepsLog: Bool, _ header: BatchHeader
    ) throws(Contradiction) {
        guard let group = record.group else { return }
        switch record {
        case .groupCreated(_, let replica, let configuration):
            guard groups[group] == nil else { throw Contradiction("the group is here already") }
            groups[group] = Group(
                state: GroupState(replica: replica, initialConfiguration: configuration),
                log: ReplayedLog(base: .zero, last: .zero))
            return
        case .groupRemoved:
            guard groups[group] != nil else { throw Contradiction("the group is not here") }
            groups[group] = nil
            return
        case .hardState, .entry, .truncation, .snapshot, .caughtUp, .cleanStop: break
        }
        guard let place = groups.index(of: group) else {
            throw Contradiction("the group is not here")
        }
        let change = try groups[valueAt: place].state.apply(
            record, keepsLog: keepsLog, moment: header.moment, bootID: header.bootID)
        groups[valueAt: place].log.apply(change, segment: header.sequence)
    }

    /// Takes a checkpoint for the truth. All but the oldest only repeat what the records before it said,
    /// save that recovery may have found replicas to be amnesiac.
    private mutating func take(
        _ checkpoints: SortedMap<GroupID, GroupState>, isOldest: Bool
    ) throws(Contradiction) {
        if isOldest {
            for (group, state) in checkpoints {
                guard state.lastIndex - state.baseIndex <= entryLimit else {
                    throw Contradiction(
                        "a checkpoint of group \(group) with entries \(state.baseIndex.next)…\(state.lastIndex), more than the segments have room for"
                    )
                }
                groups[group] = Group(
                    state: state,
                    log: ReplayedLog(base: state.baseIndex, last: state.lastIndex))
            }
            return
        }
        guard checkpoints.keys == groups.keys else {
            throw Contradiction(
                "a checkpoint of groups \(checkpoints.keys) after records of \(groups.keys)")
        }
        for (place, state) in checkpoints.values.enumerated() {
            var expected = groups[valueAt: place].state.checkpoint(fault: settings.fault)
            expected.isAmnesiac = state.isAmnesiac
            guard state == expected else {
                throw Contradiction(
                    "the checkpoint of group \(checkpoints.keys[place]) says \(state), the records "
                        + "before it \(expected)")
            }
            groups[valueAt: place].state = state
        }
    }

    private func inconsistent(
        _ header: BatchHeader, _ record: BatchReader.Record?, _ what: String
    ) -> JournalError {
        .inconsistent(
            file: .segment(header.sequence), offset: record?.offset ?? header.offset,
            group: record?.head.group, what: what)
    }
}
