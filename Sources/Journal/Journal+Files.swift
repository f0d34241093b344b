package import Primitives

/// A segment file that the host has been asked to make, and has not made yet.
struct SegmentMaking: Sendable {
    var file: Journal.SegmentFile
    /// When to ask for it again; `nil` while it is being made.
    var retryAt: Instant?
}

/// A head that is to be written once the disk has room for it.
struct RefusedHead: Sendable {
    /// `nil` while it is being written once more.
    var retryAt: Instant?
    /// What completes with it.
    var outstanding: Journal.Outstanding
}

/// The files that batches go into, and what happens when the disk has no room for them.
///
/// A batch is only written to a file that is there, so that a full disk never breaks one. The next one is
/// asked for when a quarter of the present segment is used. Where there is no room for it, snapshots may
/// free an older one; at half the host says that there is no room, and when a quarter is left it gives the
/// journal no clients' entries any more: that is for votes, terms and truncations.
///
/// A batch that was taken in before the disk was known to be full may be larger than that. It must not
/// wait for a whole segment: behind it wait votes, and the records of snapshots that would make room. It
/// goes into a makeshift segment, as small as it may be. So does what comes next when the present segment is
/// the only one, so that snapshots can free it.
extension Journal {
    // MARK: For the host

    /// Whether the disk has had no room for a file that the journal needs, and still has none.
    package var isFull: Bool { lacksSegment || refusedHead != nil }

    /// Whether entries that can wait elsewhere should be taken in: there is more than the reserve.
    package var hasRoomForEntries: Bool { !isShort(of: settings.reserveByteCount) }

    /// Whether it is time to say that there is no room. Who hears of it late may go on for a while:
    /// what is left then is twice the reserve.
    package var lacksRoom: Bool {
        refusedHead != nil || isShort(of: 2 * settings.reserveByteCount)
    }

    /// Whether there is no next segment, and no more than so much is left of the present one.
    private func isShort(of byteCount: Int) -> Bool {
        if awaitsRoom { return true }
        guard isFull, spare == nil, let active else { return false }
        return active.byteCount - active.tail - openByteCount <= byteCount
    }

    /// Whether the open batch waits for a file to go into, for which the disk has no room.
    package var awaitsRoom: Bool { awaitsFile && isFull }

    /// Whether nothing goes on without a segment, however small.
    package var needsMakeshift: Bool { awaitsRoom || isCornered }

    /// Whether entries have no room, and there is no older segment that could get free.
    var isCornered: Bool { lacksSegment && older.isEmpty && active != nil && lacksRoom }

    /// How large a makeshift segment is to be, in bytes.
    package var makeshiftByteCount: Int {
        let needed = firstByteCount(recordByteCount: openRecordByteCount)
        return (needed + settings.segmentByteCount / JournalLimits.makeshiftShare + 4095) & ~4095
    }

    /// The segment that ``DiskRequest/createSegment(_:byteCount:)`` asked for is there.
    package mutating func segmentMade() {
        guard let made = making?.file else {
            preconditionFailure("a segment was made that was not asked for")
        }
        making = nil
        awaitsFile = false
        if spare == nil, made.byteCount == settings.segmentByteCount {
            spare = made
            lacksSegment = false
        } else {
            fitted = made
        }
    }

    /// The disk has no room for the segment, and nothing of it is there.
    package mutating func segmentRefused(now: Moment) {
        precondition(making != nil, "a segment was refused that was not asked for")
        // An older one has got free meanwhile.
        if spare != nil, !awaitsFile { return making = nil }
        lacksSegment = true
        making?.retryAt = now.boot.advanced(milliseconds: JournalLimits.retryMilliseconds)
    }

    /// The disk had no room for the oldest request that was emitted and not completed, which must be a
    /// ``DiskRequest/writeHead(_:)``. It is emitted again later.
    package mutating func headRefused(now: Moment) {
        guard let outstanding = outstanding.popFirst(), case .write = outstanding, isWriting else {
            preconditionFailure("a request was refused that is no head")
        }
        refusedHead = RefusedHead(
            retryAt: now.boot.advanced(milliseconds: JournalLimits.retryMilliseconds),
            outstanding: outstanding)
    }

    // MARK: Asking

    mutating func retryRefused(now: Moment, into requests: inout [DiskRequest]) {
        if let making, let retryAt = making.retryAt, now.boot >= retryAt {
            let byteCount = needsMakeshift ? makeshiftByteCount : settings.segmentByteCount
            let file = SegmentFile(sequence: making.file.sequence, byteCount: byteCount)
            self.making = SegmentMaking(file: file)
            request(.createSegment(file.sequence, byteCount: byteCount), into: &requests)
        }
        if let refused = refusedHead, let retryAt = refused.retryAt, let active,
            now.boot >= retryAt
        {
            refusedHead?.retryAt = nil
            let head = JournalHead(journalID: journalID, sequence: active.sequence)
            requests.append(.writeHead(head.encode()))
            outstanding.append(refused.outstanding)
        }
    }

    /// Asks for a segment file; ``segmentMade()`` says that it is there.
    mutating func make(byteCount: Int, into requests: inout [DiskRequest]) {
        let file = SegmentFile(sequence: takeSequence(), byteCount: byteCount)
        making = SegmentMaking(file: file)
        request(.createSegment(file.sequence, byteCount: byteCount), into: &requests)
    }

    /// Does without the file that the disk had no room for.
    ///
    /// - Returns: `false` when it is being made.
    mutating func cancelMaking() -> Bool {
        guard let making else { return true }
        guard making.retryAt != nil else { return false }
        self.making = nil
        return true
    }

    // MARK: Taking

    /// The file for a segment whose first batch has these records: the spare, or one made for it if
    /// they don't fit. `nil` when it has to be made first.
    mutating func nextFile(
        recordByteCount: Int, into requests: inout [DiskRequest]
    ) -> SegmentFile? {
        let needed = firstByteCount(recordByteCount: recordByteCount)
        if spare == nil, active == nil { takeLeftoverAsSpare(into: &requests) }
        if let spare, spare.byteCount >= needed {
            self.spare = nil
            return spare
        }
        if let fitted {
            self.fitted = nil
            guard fitted.byteCount < needed else {
                // The spare waits on behind it.
                if let spare { recycle(spare, into: &requests) }
                return fitted
            }
            // More has come meanwhile.
            request(.remove(.segment(fitted.sequence)), into: &requests)
        }
        awaitsFile = true
        if making == nil {
            make(
                byteCount: max(settings.segmentByteCount, (needed + 4095) & ~4095),
                into: &requests)
        }
        return nil
    }

    /// What a segment takes at most whose first batch has these records. A file is chosen before it is
    /// known how much is copied into it.
    private func firstByteCount(recordByteCount: Int) -> Int {
        SegmentHeader.byteCount
            + BatchHeader.batchByteCount(
                recordByteCount: checkpoints().reduce(recordByteCount + carriedByteCountLimit) {
                    $0 + $1.byteCount
                })
    }

    /// What a segment begins with.
    func checkpoints() -> [StoredRecord] {
        (mayHaveLostGroups ? [.lostGroups] : [])
            + groups.map { group, live in
                .checkpoint(group, live.state.checkpoint(fault: settings.fault))
            }
    }

    mutating func takeSequence() -> UInt64 {
        defer { nextSequence += 1 }
        return nextSequence
    }
}
