package import Primitives

/// A segment file that the host has been asked to make, and has not made yet.
struct SegmentMaking: Sendable {
    var file: Journal.SegmentFile
    /// Whether the disk has had no room for it so far.
    var wasRefused = false
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
/// A batch is only written to a file that is there, so that a full disk never breaks one. What is left
/// of the present segment when the next can't be made is the reserve: at least half of a segment. Votes,
/// terms and truncations go on with it; the host gives it no clients' entries once
/// ``hasRoomForEntries`` is false.
extension Journal {
    // MARK: For the host

    /// Whether the disk has had no room for a file that the journal needs, and still has none.
    package var isFull: Bool { making?.wasRefused == true || refusedHead != nil }

    /// Whether entries that can wait elsewhere should be taken in: there is more than the reserve.
    package var hasRoomForEntries: Bool {
        guard isFull, spare == nil, let active else { return true }
        let left = active.byteCount - active.tail
        return left > settings.segmentByteCount / JournalLimits.reserveShare
    }

    /// Whether the open batch waits for a file to go into, for which the disk has no room.
    package var awaitsRoom: Bool { awaitsFile && isFull }

    /// The segment that ``DiskRequest/createSegment(_:byteCount:)`` asked for is there.
    package mutating func segmentMade() {
        guard let made = making?.file else {
            preconditionFailure("a segment was made that was not asked for")
        }
        making = nil
        awaitsFile = false
        if spare == nil, made.byteCount == settings.segmentByteCount {
            spare = made
        } else {
            fitted = made
        }
    }

    /// The disk has no room for the segment, and nothing of it is there.
    package mutating func segmentRefused(now: Moment) {
        precondition(making != nil, "a segment was refused that was not asked for")
        making?.wasRefused = true
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
            self.making?.retryAt = nil
            request(
                .createSegment(making.file.sequence, byteCount: making.file.byteCount),
                into: &requests)
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
        // The file is chosen before it is known how much is copied into it.
        let needed =
            SegmentHeader.byteCount
            + BatchHeader.batchByteCount(
                recordByteCount: checkpoints().reduce(recordByteCount + carriedByteCountLimit) {
                    $0 + $1.byteCount
                })
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
