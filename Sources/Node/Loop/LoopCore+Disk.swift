package import Journal
package import Primitives
import Consensus

/// What is to be told to whom when a batch of the journal is durable.
struct UnsettledPersistence: Sendable {
    var batch: UInt64
    var shard: Int
    /// What the group's ``RaftGroup/persistSequence`` was when the batch was closed.
    var sequence: UInt64
}

extension LoopCore {
    /// Closes the journal's open batch, if it holds anything.
    mutating func flushJournal(now: Moment) {
        guard journal.hasOpenRecords, let batch = journal.flush(now: now, into: &diskRequests)
        else { return }
        noteRoomLeft(now: now)
        for index in shards.indices where shards[index].snapshotState == .recorded {
            shards[index].snapshotState = .none
        }
        for index in shards.indices where shards[index].hasRecordsToFlush {
            shards[index].hasRecordsToFlush = false
            unsettled.append(
                UnsettledPersistence(
                    batch: batch, shard: index, sequence: shards[index].raft.persistSequence))
        }
    }

    mutating func emitDiskRequests() {
        guard !diskRequests.isEmpty else { return }
        for request in diskRequests {
            requestsUnderWay.append(request)
            admin.diskRequestsBegan.append(present.boot)
            effects.append(.disk(request))
        }
        diskRequests.removeAll(keepingCapacity: true)
    }

    /// The oldest disk request that was not complete is.
    package mutating func diskCompleted(_ outcome: DiskOutcome, now: Moment) {
        if hasFailed { return }
        diskWatch.lastProgress = now.boot
        noteDiskCompletion(now: now)
        switch outcome {
        case .failed(let code, let operation):
            return failDisk(code: code, operation: operation)
        case .full(let code, let operation):
            requestsUnderWay.removeFirst()
            journal.headRefused(now: now)
            return diskIsFull(code: code, operation: operation, now: now)
        case .done: break
        }
        requestsUnderWay.removeFirst()
        journal.completed(into: &diskRequests)
        while let first = unsettled.first, first.batch <= journal.durableBatch {
            unsettled.removeFirst()
            shards[first.shard].raft.persisted(
                through: first.sequence, now: now, into: &raftEffects)
            handleRaftEffects(of: first.shard, now: now)
        }
        emitDiskRequests()
    }

    /// The segment that ``DiskRequest/createSegment(_:byteCount:)`` asked for is there, or could not be
    /// made.
    package mutating func segmentMade(_ outcome: DiskOutcome, now: Moment) {
        if hasFailed { return }
        switch outcome {
        case .done: journal.segmentMade()
        case .full(let code, let operation):
            journal.segmentRefused(now: now)
            diskIsFull(code: code, operation: operation, now: now)
        case .failed(let code, let operation): failDisk(code: code, operation: operation)
        }
    }

    mutating func failDisk(code: Int32, operation: String) {
        hasFailed = true
        effects.append(
            .stop(
                .diskFailure(
                    "\(DiskError(code: code, operation: operation)); what is on disk is not known any more"
                )))
    }

    /// Drops applied entries from memory: all of a shard that has nobody to send them to, so that the next
    /// ones come to memory that is in the processor's cache; of others once they together hold more than
    /// they may, from those that hold more than their share. What comes after a snapshot that a follower
    /// is being sent is dropped later, or the follower would need another one by the time it has it.
    mutating func trimCache() {
        let total = shards.reduce(0) { $0 + $1.heldByteCount }
        let share = settings.cacheByteCount / max(1, shards.count)
        for index in shards.indices where shards[index].heldByteCount > 0 {
            if shards[index].raft.configuration.hasOneMember {
                dropEntries(of: index, through: shards[index].appliedIndex, downTo: 0)
            } else if total > settings.cacheByteCount, shards[index].heldByteCount > share {
                let end =
                    total > settings.cacheByteCount * transferCacheFactor
                    ? shards[index].appliedIndex : lastEntryToDrop(of: index)
                dropEntries(of: index, through: end, downTo: share / 2)
            }
        }
    }

    /// Drops a shard's oldest entries up to `end`, until it holds no more than `byteCount`.
    private mutating func dropEntries(of index: Int, through end: LogIndex, downTo byteCount: Int) {
        shards[index].heldByteCount -= shards[index].raft.forgetEntries(
            through: end, byteCount: shards[index].heldByteCount - byteCount)
    }

    /// The last applied entry that no follower will need behind a snapshot on its way to it, or that it
    /// has got and not gone on from far.
    private func lastEntryToDrop(of index: Int) -> LogIndex {
        let group = shards[index].group
        var last = shards[index].appliedIndex
        for transfer in transfers.outgoing where transfer.group == group {
            last = min(last, transfer.snapshot.metadata.index)
        }
        let isWaitedFor = transfers.waiting.contains { $0.group == group }
        if isWaitedFor, let taking, taking.group == group {
            last = min(last, taking.metadata.index)
        }
        for follower in shards[index].raft.progress
        where transfers.isCatchingUp(follower.member, in: group, at: follower.match) {
            last = min(last, follower.match)
        }
        return last
    }
}

/// How many times what entries may take in memory they take at most while a snapshot is being sent.
private let transferCacheFactor = 4
