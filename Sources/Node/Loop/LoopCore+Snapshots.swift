package import Journal
package import Primitives
import Consensus

/// A snapshot of a replica that this loop is taking.
struct SnapshotTaking: Sendable {
    var group: GroupID
    var metadata: SnapshotMetadata
    var writer = SnapshotFileWriter()
    /// Blocks on their way to the disk.
    var pendingBlockCount = 0
    /// Whether the file has all its blocks and is only to become durable.
    var isWritten = false
    /// Whether the disk had no room for it: the walk goes on to its end, and nothing is written.
    var isRefused = false
}

/// A snapshot file that the journal has a record of.
struct StoredSnapshot: Sendable {
    var metadata: SnapshotMetadata
    var byteCount: Int
    /// See ``SnapshotFileReader/checksum``.
    var checksum: UInt32
}

/// What a request for a snapshot file was for.
enum SnapshotPurpose: Sendable {
    case none
    /// To keep room.
    case reserve
    /// To begin a file.
    case begin(GroupID, LogIndex)
    /// A block of the snapshot that is being taken.
    case ownBlock(GroupID, LogIndex)
    case ownFile(GroupID, LogIndex)
    /// A chunk from a leader; with it, `byteCount` bytes are on disk.
    case receivedChunk(GroupID, LogIndex, byteCount: Int)
    case receivedFile(GroupID, LogIndex)
    /// A chunk for a follower.
    case sentChunk(GroupID, LogIndex, Member, offset: Int)
}

extension SnapshotPurpose {
    /// The file that the request adds to; `nil` when it adds to none.
    var writtenFile: (group: GroupID, index: LogIndex)? {
        switch self {
        case .begin(let group, let index), .ownBlock(let group, let index),
            .ownFile(let group, let index), .receivedChunk(let group, let index, _),
            .receivedFile(let group, let index):
            (group, index)
        case .none, .reserve, .sentChunk: nil
        }
    }
}

extension LoopCore {
    // MARK: Beginning

    /// Begins a snapshot of a shard whose log has grown too long, or keeps old segments in use, or
    /// that a follower waits for, or whose last one is damaged. There is one at a time.
    mutating func snapshotLongLogs(now: Moment) {
        guard taking == nil, !isStopping, now.boot >= diskWatch.snapshotRetryAt else { return }
        let pinning = journal.groupsToSnapshot
        var longest: (index: Int, byteCount: Int)?
        for index in shards.indices where !shards[index].isRetired {
            let group = shards[index].group
            let isWanted =
                shards[index].mustRenewSnapshot
                || transfers.waiting.contains { $0.group == group }
            let limit = max(
                settings.snapshotLogByteCount,
                2 * (shards[index].storedSnapshot?.byteCount ?? 0))
            let byteCount = journal.logByteCount(of: group)
            guard maySnapshot(index), isWanted || pinning.contains(group) || byteCount > limit
            else { continue }
            let weight = isWanted ? Int.max : byteCount
            if weight > longest?.byteCount ?? -1 { longest = (index, weight) }
        }
        if let longest { beginSnapshot(of: longest.index) }
    }

    private func maySnapshot(_ index: Int) -> Bool {
        let shard = shards[index]
        // A file that is on its way to be removed must be gone before it is made anew.
        return shard.snapshotState == .none && shard.machine.isReady && shard.check.digest == nil
            && shard.appliedIndex > shard.storedSnapshot?.metadata.index ?? .zero
            && !transfers.incoming.contains { $0.group == shard.group }
            && !isBeingRemoved(shard.group, shard.appliedIndex)
    }

    private mutating func beginSnapshot(of index: Int) {
        let group = shards[index].group
        let metadata = SnapshotMetadata(
            index: shards[index].appliedIndex, term: shards[index].appliedTerm,
            configuration: shards[index].appliedConfiguration,
            stamp: settings.fault == .snapshotWithoutClock ? 0 : shards[index].appliedStamp)
        journal.expectSnapshot(group, metadata.index)
        request(.begin(group, metadata.index), .begin(group, metadata.index))
        shards[index].snapshotState = .beingWritten
        taking = SnapshotTaking(group: group, metadata: metadata)
        let first = shards[index].machine.beginSnapshot(
            missesChangedKeys: settings.fault == .snapshotMissesChangedKey)
        guard var bytes = taking?.writer.header(index: metadata.index) else { return }
        bytes += taking?.writer.block(first) ?? []
        append(bytes)
    }

    // MARK: Writing

    /// Whether ``continueSnapshot()`` has something to do.
    var canContinueSnapshot: Bool {
        guard let taking else { return false }
        return !taking.isWritten && !isStopping
            && (taking.pendingBlockCount < pendingBlockLimit || taking.isRefused)
    }

    /// Writes the next slice of the snapshot that is being taken.
    mutating func continueSnapshot() {
        guard canContinueSnapshot, let group = taking?.group, let index = shardIndexes[group],
            let place = taking?.metadata.index
        else { return }
        let machine = shards[index].machine
        let isWhole = machine.continueSnapshot(byteBudget: settings.snapshotSliceByteCount)
        let output = machine.snapshotOutputByteCount
        guard isWhole || output >= settings.snapshotChunkByteCount else { return }
        var bytes: [UInt8] = []
        for block in machine.takeSnapshotBlocks() { bytes += taking?.writer.block(block) ?? [] }
        if isWhole { bytes += taking?.writer.end() ?? [] }
        if taking?.isRefused == true {
            if isWhole { dropTaking(of: index) }
            return
        }
        append(bytes)
        guard isWhole else { return }
        taking?.isWritten = true
        request(.finish(group, place), .ownFile(group, place))
    }

    private mutating func append(_ bytes: [UInt8]) {
        guard let group = taking?.group, let index = taking?.metadata.index else { return }
        taking?.pendingBlockCount += 1
        request(.append(group, index, bytes: bytes), .ownBlock(group, index))
    }

    /// Gives up the snapshot of a shard whose state is replaced.
    mutating func abandonSnapshot(of index: Int) {
        let group = shards[index].group
        guard let taking, taking.group == group, !taking.isWritten else { return }
        dropTaking(of: index)
        if taking.isRefused { return }
        journal.abandonSnapshot(group, taking.metadata.index)
        request(.discard(group, taking.metadata.index), .none)
    }

    private mutating func dropTaking(of index: Int) {
        taking = nil
        shards[index].snapshotState = .none
    }

    /// The disk had no room for a snapshot: another one is begun later, when there may be.
    private mutating func snapshotRefused(_ group: GroupID, _ place: LogIndex, now: Moment) {
        diskWatch.snapshotRetryAt = now.boot.advanced(milliseconds: snapshotRetryMilliseconds)
        doubtReserve()
        // What was asked for behind it was not done either.
        for position in snapshotPurposes.indices
        where snapshotPurposes[position].writtenFile?.group == group
            && snapshotPurposes[position].writtenFile?.index == place
        {
            snapshotPurposes[position] = .none
        }
        if let taking, taking.group == group, taking.metadata.index == place, !taking.isRefused,
            let index = shardIndexes[group]
        {
            journal.abandonSnapshot(group, place)
            self.taking?.isRefused = true
            // The walk must come to its end, or the next one would take what it has seen for written.
            if taking.isWritten { dropTaking(of: index) }
        }
        refuseIncoming(of: group, place)
    }

    /// The snapshot's file is durable.
    private mutating func snapshotTaken(_ group: GroupID, _ place: LogIndex, now: Moment) {
        guard let done = taking, done.group == group, done.metadata.index == place,
            let index = shardIndexes[group]
        else { return }
        taking = nil
        doubtReserve()
        diskWatch.isSnapshotRefused = false
        statistics.snapshotsTaken += 1
        shards[index].machine.changeCount -= shards[index].machine.changeCountAtSnapshot
        shards[index].machine.changeCountAtSnapshot = 0
        shards[index].snapshotState = .recorded
        journal.append(.snapshot(group, done.metadata))
        store(
            StoredSnapshot(
                metadata: done.metadata, byteCount: done.writer.byteCount,
                checksum: done.writer.checksum), of: index)
        startWaiting(of: index, now: now)
    }

    /// Takes note of a file that is durable, unless there is one of a later state.
    mutating func store(_ snapshot: StoredSnapshot, of index: Int) {
        guard snapshot.metadata.index > shards[index].storedSnapshot?.metadata.index ?? .zero
        else { return }
        shards[index].storedSnapshot = snapshot
        shards[index].mustRenewSnapshot = false
    }

    // MARK: Files

    mutating func request(_ request: SnapshotRequest, _ purpose: SnapshotPurpose) {
        snapshotPurposes.append(purpose)
        effects.append(.snapshot(request))
    }

    /// Whether the journal has asked for the removal of a snapshot's file, which is not done.
    func isBeingRemoved(_ group: GroupID, _ index: LogIndex) -> Bool {
        requestsUnderWay.contains { request in
            request == .remove(.snapshot(group, index))
                || request == .remove(.partialSnapshot(group, index))
        }
    }

    /// The oldest request for a snapshot file that was not complete is.
    package mutating func snapshotCompleted(_ outcome: SnapshotOutcome, now: Moment) {
        if hasFailed { return }
        let purpose = snapshotPurposes.removeFirst()
        switch outcome {
        case .failed(let code, let operation):
            return failDisk(code: code, operation: operation)
        case .full(let code, let operation):
            if !diskWatch.isSnapshotRefused {
                diskWatch.isSnapshotRefused = true
                let refusal = DiskError(code: code, operation: operation)
                effects.append(.log(.warning, "no room for a snapshot: \(refusal)"))
            }
            if let file = purpose.writtenFile { snapshotRefused(file.group, file.index, now: now) }
            return
        case .done, .bytes, .reserved: break
        }
        switch purpose {
        case .none, .begin: break
        case .reserve:
            if case .reserved(let byteCount) = outcome { reserveKept(byteCount, now: now) }
        case .ownBlock(let group, let index):
            if taking?.group == group, taking?.metadata.index == index {
                taking?.pendingBlockCount -= 1
            }
        case .ownFile(let group, let index): snapshotTaken(group, index, now: now)
        case .receivedChunk(let group, let index, let byteCount):
            chunkWritten(of: group, index, byteCount: byteCount)
        case .receivedFile(let group, let index): received(group, index, now: now)
        case .sentChunk(let group, let index, let member, let offset):
            guard case .bytes(let bytes) = outcome else { return }
            chunkRead(of: group, index, to: member, offset: offset, bytes, now: now)
        }
    }
}

/// How long until another snapshot is begun, or taken in, when the disk had no room for one.
private let snapshotRetryMilliseconds = 1000
/// Blocks of a snapshot that may be on their way to the disk at a time.
private let pendingBlockLimit = 8
