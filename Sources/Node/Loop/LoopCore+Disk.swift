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
            diskPurposes.append(request.writtenFile)
            effects.append(.disk(request))
        }
        diskRequests.removeAll(keepingCapacity: true)
    }

    /// The oldest disk request that was not complete is.
    package mutating func diskCompleted(_ outcome: DiskOutcome, now: Moment) {
        if hasFailed { return }
        if case .failed(let code, let operation) = outcome {
            hasFailed = true
            effects.append(
                .stop(
                    .diskFailure(
                        "\(operation) failed with error \(code): what is on disk is not known any more"
                    )))
            return
        }
        let written = diskPurposes.removeFirst()
        journal.completed(into: &diskRequests)
        while let first = unsettled.first, first.batch <= journal.durableBatch {
            unsettled.removeFirst()
            shards[first.shard].raft.persisted(
                through: first.sequence, now: now, into: &raftEffects)
            handleRaftEffects(of: first.shard, now: now)
        }
        if let written { snapshotWritten(written, now: now) }
        emitDiskRequests()
    }

    /// Drops applied entries from memory, once the shards together hold more than they may: from
    /// those that hold more than their share.
    mutating func trimCache() {
        let total = shards.reduce(0) { $0 + $1.heldByteCount }
        guard total > settings.cacheByteCount else { return }
        let share = settings.cacheByteCount / max(1, shards.count)
        for index in shards.indices where shards[index].heldByteCount > share {
            var through = LogIndex.zero
            var next = shards[index].raft.firstIndex
            while shards[index].heldByteCount > share / 2, next <= shards[index].appliedIndex,
                let entry = shards[index].raft.entry(at: next)
            {
                shards[index].heldByteCount -= entry.byteCount
                through = next
                next = next.next
            }
            if through > .zero { shards[index].raft.forgetEntries(through: through) }
        }
    }
}

extension DiskRequest {
    /// The snapshot file that the request makes, if it makes one.
    var writtenFile: JournalFile? {
        guard case .writeFile(let file, _) = self, case .snapshot = file else { return nil }
        return file
    }
}
