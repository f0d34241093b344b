import Consensus
import Journal
import Primitives

/// What a loop does while its disk is full or hangs: it hands its leaderships over to nodes that do
/// better, takes no new entries where it can't, and goes on reading.
extension LoopCore {
    /// What keeps this loop's replicas from taking in entries.
    var hindrance: Hindrance {
        if diskWatch.stalledSince != nil { return .stalled }
        return journal.lacksRoom ? .noRoom : .none
    }

    // MARK: Watching

    /// The disk had no room for something that the journal needs.
    mutating func diskIsFull(code: Int32, operation: String, now: Moment) {
        diskWatch.refusal = DiskError(code: code, operation: operation)
        watchRoom(now: now)
        tellOfDisk(now: now)
        if journal.needsMakeshift { giveReserve(byteCount: journal.makeshiftByteCount) }
    }

    /// A batch has been written: what is left may be little.
    mutating func noteRoomLeft(now: Moment) {
        guard diskWatch.refusal != nil, diskWatch.fullSince == nil else { return }
        watchRoom(now: now)
        tellOfDisk(now: now)
    }

    /// What is left of the present segment may do until an older one gets free: only then is it said that
    /// the disk is full.
    private mutating func watchRoom(now: Moment) {
        if !journal.isFull { diskWatch.refusal = nil }
        if let since = diskWatch.fullSince, !journal.lacksRoom {
            diskWatch.fullSince = nil
            let time = now.boot.milliseconds(since: since)
            effects.append(.log(.info, "there is room on the disk again, after \(time) ms"))
        } else if let refusal = diskWatch.refusal, diskWatch.fullSince == nil, journal.lacksRoom {
            diskWatch.fullSince = now.boot
            statistics.fullDisks += 1
            effects.append(
                .log(
                    .warning,
                    "the disk is full: \(refusal); leaderships are handed over where others have "
                        + "room, and writes refused where none have"))
        }
    }

    /// Lets time pass.
    mutating func watchDisk(now: Moment) {
        // Who was stopped for a while has not read yet what was completed meanwhile.
        let isLate =
            now.boot.milliseconds(since: diskWatch.lastTick) > settings.raft.electionMilliseconds
            / 2
        diskWatch.lastTick = now.boot
        if isLate || requestsUnderWay.isEmpty { diskWatch.lastProgress = now.boot }
        let quiet = now.boot.milliseconds(since: diskWatch.lastProgress)
        let limit = stallLimit
        if quiet >= limit, diskWatch.stalledSince == nil {
            diskWatch.stalledSince = diskWatch.lastProgress
            statistics.hungDisks += 1
            let what = requestsUnderWay.first.map(\.summary) ?? ""
            effects.append(
                .log(
                    .warning,
                    "the disk hangs: \(what) has taken \(quiet) ms so far; leaderships are handed "
                        + "over"))
        } else if quiet < limit, let since = diskWatch.stalledSince {
            diskWatch.stalledSince = nil
            let time = now.boot.milliseconds(since: since)
            effects.append(.log(.info, "the disk answers again, after \(time) ms"))
        }
        watchRoom(now: now)
        tellOfDisk(now: now)
    }

    /// How long the oldest request may take: an election timeout, and what a slow disk takes for much.
    private var stallLimit: Int {
        settings.raft.electionMilliseconds
            + (requestsUnderWay.first?.byteCount ?? 0) / slowDiskBytesPerMillisecond
    }

    /// Lets the groups know how the disk does, and hands over what is led here if others do better.
    private mutating func tellOfDisk(now: Moment) {
        let hindrance = hindrance
        for index in shards.indices where !shards[index].isRetired {
            let hindrance =
                hindrance == .none && shards[index].isHalted ? Hindrance.halted : hindrance
            guard shards[index].raft.hindrance != hindrance else { continue }
            shards[index].raft.hindrance = hindrance
            shards[index].hasNews = true
            shards[index].viewTurn = 0
            diskWatch.nextHandoverAt = now.boot
        }
        guard now.boot >= diskWatch.nextHandoverAt, journal.isOpen,
            shards.contains(where: { $0.raft.hindrance != .none })
        else { return }
        diskWatch.nextHandoverAt = now.boot.advanced(milliseconds: handoverMilliseconds)
        for index in shards.indices
        where shards[index].raft.hindrance != .none && !shards[index].raft.isTransferring {
            guard let successor = shards[index].raft.successor(now: now) else { continue }
            statistics.handovers += 1
            _ = shards[index].raft.transferLeadership(
                to: successor.replica, now: now, into: &raftEffects)
            handleRaftEffects(of: index, now: now)
        }
    }

    // MARK: Refusing

    /// Whether a message is left unread, as if it were lost on the way: it would take the room that is
    /// kept for votes. Its leader sends it again.
    func hasNoRoom(for message: RaftMessage, _ index: Int) -> Bool {
        guard case .append(let append) = message.body,
            !journal.hasRoomForEntries || isFilledUp(index)
        else { return false }
        return append.entries.contains { $0.kind == .command }
    }

    /// What a write is answered that no majority has room for.
    var noRoomError: String {
        let reason = diskWatch.refusal?.reason ?? "No space left on device, on too many nodes"
        return "MISCONF Errors writing to the journal: \(reason). Writes are refused until there "
            + "is room; reads go on."
    }

    /// Answers what was taken in before the disk was full, and can't become an entry: it was not done.
    mutating func refuseStuckBatches() {
        guard journal.awaitsRoom else { return }
        // While older batches are open, what follows them in its connection would look done.
        for index in shards.indices
        where !shards[index].open.isEmpty && shards[index].oldestProposed == nil
            && !shards[index].raft.isTransferring
        {
            var batch = Batch()
            swap(&batch, &shards[index].open)
            for operation in batch.operations {
                if operation.gather != 0 {
                    failPart(of: operation.gather, noRoomError, mayBeDone: false)
                } else {
                    statistics.diskRefusals += 1
                    fail(operation, noRoomError)
                }
            }
            shards[index].resolvedOperation = max(
                shards[index].resolvedOperation, batch.lastOperation)
        }
    }
}

extension DiskRequest {
    /// What is asked, for people.
    fileprivate var summary: String {
        switch self {
        case .createSegment(let number, _): "to begin \(JournalFile.segment(number))"
        case .recycleSegment(let number, _): "to rename \(JournalFile.segment(number))"
        case .write(let number, let offset, let bytes, let sync):
            "to write \(bytes.count) bytes to \(JournalFile.segment(number)) at \(offset)"
                + (sync ? " and sync it" : "")
        case .sync(let number): "to sync \(JournalFile.segment(number))"
        case .writeHead: "to write \(JournalFile.head)"
        case .remove(let file): "to remove \(file)"
        }
    }

    fileprivate var byteCount: Int {
        if case .write(_, _, let bytes, _) = self { bytes.count } else { 0 }
    }
}

/// What the slowest disk writes that is not taken for hung: 32 MiB a second.
private let slowDiskBytesPerMillisecond = 32 << 10
/// How long until a leadership that nobody could take, or took, is offered again.
private let handoverMilliseconds = 500
