package import Primitives

extension Journal {
    // MARK: Hot path

    /// Closes the open batch and emits its write; a new segment is begun when the present one is full.
    ///
    /// ``canFlush`` must hold.
    ///
    /// - Parameters:
    ///   - now: Written with the batch.
    ///   - requests: Receives what the disk must do.
    /// - Returns: The batch's number, counted from 1 in this run, or `nil` when there is nothing to
    ///   write, or no file to write it to: then the batch stays open, and ``canFlush`` is false until
    ///   there is one. It is durable once ``durableBatch`` has reached it.
    package mutating func flush(now: Moment, into requests: inout [DiskRequest]) -> UInt64? {
        precondition(canFlush, "a batch is being written, or there is no file to write it to")
        guard hasOpenRecords else { return nil }
        let recordByteCount = openRecordByteCount

        var bytes: [UInt8] = []
        var mustSync = settings.durability == .sync
        var front: [StoredRecord] = []
        var segment: Segment
        var isBeginning = false
        if let active, active.hasRoom(recordByteCount: recordByteCount),
            !isCornered || fitted == nil
        {
            segment = active
        } else {
            guard let file = nextFile(recordByteCount: recordByteCount, into: &requests) else {
                return nil
            }
            (segment, front) = beginSegment(file, bytes: &bytes, requests: &requests)
            mustSync = true
            isBeginning = true
        }
        let records = takeOpenRecords()
        let start = segment.tail - bytes.count
        append(
            front, records, recordByteCount: recordByteCount, to: &segment, now: now,
            bytes: &bytes, mustSync: &mustSync)

        lastFlush += 1
        isWriting = true
        requests.append(
            .write(segment: segment.sequence, offset: start, bytes: bytes, sync: mustSync))
        if isBeginning {
            // Only then does the batch count: what rests on it must not be lost without notice.
            outstanding.append(.file)
            let head = JournalHead(journalID: journalID, sequence: segment.sequence)
            requests.append(.writeHead(head.encode()))
        }
        outstanding.append(
            .write(
                flush: lastFlush, segment: segment.sequence, end: segment.tail, sync: mustSync))
        if mustSync {
            syncRequestedFlush = lastFlush
            lastSync = now.boot
        }
        active = segment
        if segment.tail > segment.byteCount / 4 || lacksSegment, spare == nil, making == nil {
            make(byteCount: settings.segmentByteCount, into: &requests)
        }
        return lastFlush
    }

    /// Appends a batch of `front`, which is there already, and `records`, which are taken in.
    private mutating func append(
        _ front: [StoredRecord], _ records: [JournalRecord], recordByteCount: Int,
        to segment: inout Segment, now: Moment, bytes: inout [UInt8], mustSync: inout Bool
    ) {
        let frontByteCount = front.reduce(0) { $0 + $1.byteCount }
        let header = BatchHeader(
            batchByteCount: BatchHeader.batchByteCount(
                recordByteCount: frontByteCount + recordByteCount),
            sequence: segment.sequence, segmentID: segment.id, offset: segment.tail,
            number: nextBatchNumber, syncedThrough: segment.syncedThrough, moment: now,
            bootID: bootID, recordCount: front.count + records.count)
        nextBatchNumber += 1
        let start = bytes.count
        bytes.reserveCapacity(start + header.batchByteCount)
        let seed = header.checksumSeed
        header.encode(into: &bytes)
        for record in front { record.encode(into: &bytes, seed: seed) }
        for record in records {
            if record.needsSync { mustSync = true }
            let keepsLog = apply(record, segment: segment.sequence, now: now, &mustSync)
            StoredRecord.logged(record, keepsLog: keepsLog).encode(into: &bytes, seed: seed)
        }
        let padding = header.batchByteCount - (bytes.count - start)
        precondition(
            (0..<8).contains(padding),
            "a batch of \(header.batchByteCount) bytes came out as \(bytes.count - start)")
        bytes.append(contentsOf: repeatElement(0, count: padding))
        segment.tail = header.end
    }

    /// Takes a record in.
    ///
    /// - Parameters:
    ///   - record: The one that is being written.
    ///   - segment: Where it is written.
    ///   - now: The batch's moment.
    ///   - mustSync: Set when the record takes something away that was there.
    /// - Returns: Whether a snapshot keeps the entries after it: it does when it was taken of this very
    ///   log (Raft paper, figure 13, step 6).
    private mutating func apply(
        _ record: JournalRecord, segment: UInt64, now: Moment, _ mustSync: inout Bool
    ) -> Bool {
        guard let group = record.group else {
            if record == .lostGroupsSettled { mayHaveLostGroups = false }
            return false
        }
        switch record {
        case .groupCreated(_, let replica, let configuration):
            precondition(groups[group] == nil, "group \(group) is here already")
            groups[group] = LiveGroup(
                state: GroupState(replica: replica, initialConfiguration: configuration),
                log: LiveLog(heldByteCount: settings.heldByteCount))
            return false
        case .groupRemoved:
            guard let removed = groups[group] else {
                preconditionFailure("group \(group) is not here to be removed")
            }
            groups[group] = nil
            mayReclaim = true
            if let snapshot = removed.state.snapshot {
                supersededFiles.append(.snapshot(group, snapshot.index))
            }
            return false
        case .hardState, .entry, .truncation, .snapshot, .caughtUp, .cleanStop, .quarantined,
            .lostGroupsSettled:
            break
        }
        guard let place = groups.index(of: group) else {
            preconditionFailure("group \(group) is not here: \(record)")
        }
        let before = groups[valueAt: place].state
        var keepsLog = false
        if case .snapshot(_, let metadata) = record {
            keepsLog = groups[valueAt: place].log.term(at: metadata.index) == metadata.term
            noteSnapshot(group, metadata.index, before: before)
        }
        let change: GroupState.LogChange
        do {
            change = try groups[valueAt: place].state.apply(
                record, keepsLog: keepsLog, moment: now, bootID: bootID,
                fault: settings.fault)
        } catch {
            preconditionFailure("group \(group): \(error.what)")
        }
        switch change {
        case .none: break
        case .append(let entry):
            if entry.index <= before.lastIndex { (mustSync, mayReclaim) = (true, true) }
        case .cut, .compact, .replace: mayReclaim = true
        }
        groups[valueAt: place].log.apply(change, segment: segment)
        return keepsLog
    }

    /// Marks the file that a snapshot record makes useless, which is its own when it comes late.
    private mutating func noteSnapshot(
        _ group: GroupID, _ index: LogIndex, before state: GroupState
    ) {
        mayReclaim = true
        noteRecorded(.snapshot(group, index))
        let before = state.snapshot?.index
        guard before != index else { return }
        if state.quarantine != nil {
            supersededFiles.append(.snapshot(group, index))
        } else if let before {
            supersededFiles.append(.snapshot(group, min(before, index)))
        }
    }

    // MARK: Segments

    /// Begins a segment: appends its header, and returns what its first batch begins with.
    ///
    /// The checkpoint and the first records are one batch: a segment's beginning is all there or not.
    private mutating func beginSegment(
        _ file: SegmentFile, bytes: inout [UInt8], requests: inout [DiskRequest]
    ) -> (Segment, front: [StoredRecord]) {
        leavePrevious(into: &requests)
        let front = checkpoints() + carriedEntries(to: file.sequence)
        let segment = Segment(
            sequence: file.sequence, id: max(1, generator.next()), byteCount: file.byteCount,
            tail: SegmentHeader.byteCount)
        SegmentHeader(
            durability: settings.durability, journalID: journalID, sequence: segment.sequence,
            id: segment.id, segmentByteCount: segment.byteCount, previous: previous
        ).encode(into: &bytes)
        mayReclaim = true
        return (segment, front)
    }

    /// Makes sure that all of the segment before is on disk when the next header says so.
    private mutating func leavePrevious(into requests: inout [DiskRequest]) {
        if let active {
            previous = SegmentLink(sequence: active.sequence, id: active.id, end: active.tail)
            older.append(SegmentFile(sequence: active.sequence, byteCount: active.byteCount))
            guard active.syncedThrough < active.tail else { return }
            request(.sync(segment: active.sequence), into: &requests)
        } else if let previous {
            request(
                .write(
                    segment: previous.sequence, offset: unproven.offset, bytes: unproven.bytes,
                    sync: true), into: &requests)
            unproven = UnprovenTail()
        }
    }
}
