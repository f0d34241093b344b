import Consensus
import Journal
import Primitives

extension LoopCore {
    // MARK: On this node's own disk

    /// Begins a snapshot of each shard whose log has grown too long, or keeps old segments in use.
    mutating func snapshotLongLogs(now: Moment) {
        let pinning = journal.groupsToSnapshot
        for index in shards.indices {
            let group = shards[index].group
            let limit = max(settings.snapshotLogByteCount, 2 * shards[index].lastSnapshotByteCount)
            guard shards[index].snapshotState == .none, shards[index].machine.isReady,
                shards[index].appliedIndex > shards[index].lastSnapshotIndex,
                pinning.contains(group) || journal.logByteCount(of: group) > limit
            else { continue }
            let metadata = snapshotMetadata(of: index)
            let body = shards[index].machine.encodeSnapshot()
            shards[index].snapshotState = .beingWritten
            shards[index].lastSnapshotIndex = metadata.index
            shards[index].lastSnapshotByteCount = body.count
            statistics.snapshotsTaken += 1
            write(body, metadata, of: index, purpose: .own)
        }
    }

    /// What a snapshot of the shard as it is now stands for.
    func snapshotMetadata(of index: Int) -> SnapshotMetadata {
        SnapshotMetadata(
            index: shards[index].appliedIndex, term: shards[index].appliedTerm,
            configuration: shards[index].appliedConfiguration,
            stamp: settings.fault == .snapshotWithoutClock ? 0 : shards[index].appliedStamp)
    }

    private mutating func write(
        _ body: [UInt8], _ metadata: SnapshotMetadata, of index: Int, purpose: SnapshotPurpose
    ) {
        let group = shards[index].group
        emitDiskRequests()
        journal.writeSnapshot(
            group, metadata.index, SnapshotFile.bytes(index: metadata.index, body: body),
            into: &diskRequests)
        snapshotsBeingWritten.append(
            SnapshotBeingWritten(
                group: group, metadata: metadata, purpose: purpose,
                body: purpose == .received ? body : []))
    }

    /// The file of a snapshot is durable.
    mutating func snapshotWritten(_ file: JournalFile, now: Moment) {
        guard case .snapshot(let group, let place) = file,
            let position = snapshotsBeingWritten.firstIndex(where: {
                $0.group == group && $0.metadata.index == place
            }), let index = shardIndexes[group]
        else { return }
        let written = snapshotsBeingWritten.remove(at: position)
        switch written.purpose {
        case .own:
            shards[index].snapshotState = .recorded
            journal.append(.snapshot(group, written.metadata))
        case .received: install(written, on: index, now: now)
        }
    }

    // MARK: To a follower

    /// Begins to send the shard's present state to a follower whose log is too far behind.
    mutating func startTransfer(of index: Int, to member: Member, now: Moment) {
        let group = shards[index].group
        guard shards[index].machine.isReady, shards[index].appliedIndex > .zero else { return }
        if let position = transfers.outgoing.firstIndex(where: {
            $0.group == group && $0.member == member
        }) {
            return resend(position, now: now)
        }
        let body = shards[index].machine.encodeSnapshot()
        transfers.outgoing.append(
            SnapshotTransfers.Outgoing(
                group: group, member: member, metadata: snapshotMetadata(of: index),
                body: body, checksum: crc32c(body.span), lastProgress: now.boot))
        sendChunks(of: transfers.outgoing.count - 1)
    }

    /// Sends what was not acknowledged once more, if nothing has been for a while: a chunk or its
    /// acknowledgement is lost.
    private mutating func resend(_ position: Int, now: Moment) {
        let quiet = now.boot.milliseconds(since: transfers.outgoing[position].lastProgress)
        guard quiet >= SnapshotTransfers.resendMilliseconds else { return }
        transfers.outgoing[position].sentByteCount =
            transfers.outgoing[position].acknowledgedByteCount
        sendChunks(of: position)
    }

    private mutating func sendChunks(of position: Int) {
        let window = SnapshotTransfers.windowCount * settings.snapshotChunkByteCount
        while true {
            let transfer = transfers.outgoing[position]
            let total = transfer.body.count
            let offset = transfer.sentByteCount
            guard offset < total || offset == 0 && total == 0,
                offset - transfer.acknowledgedByteCount < window
            else { return }
            let end = min(total, offset + settings.snapshotChunkByteCount)
            let frame = SnapshotFrame.chunk(
                group: transfer.group, metadata: transfer.metadata, offset: offset,
                totalByteCount: total, checksum: transfer.checksum,
                bytes: Array(transfer.body[offset..<end]))
            transfers.outgoing[position].sentByteCount = end
            effects.append(
                .frame(
                    to: transfer.member.node,
                    PeerFrame(type: .snapshotChunk, body: frame.encode()), .bulk))
            if total == 0 { return }
        }
    }

    // MARK: Frames of both sides

    mutating func receive(_ frame: SnapshotFrame, from node: NodeID, now: Moment) {
        switch frame {
        case .chunk(let group, let metadata, let offset, let total, let checksum, let bytes):
            receiveChunk(
                of: SnapshotTransfers.Incoming(
                    group: group, metadata: metadata, totalByteCount: total, checksum: checksum,
                    lastProgress: now.boot),
                offset: offset, bytes: bytes, from: node, now: now)
        case .acknowledgement(let group, let index, let nextOffset):
            guard
                let position = transfers.outgoing.firstIndex(where: {
                    $0.group == group && $0.member.node == node && $0.metadata.index == index
                })
            else { return }
            if nextOffset == 0, transfers.outgoing[position].acknowledgedByteCount > 0 {
                transfers.outgoing[position].acknowledgedByteCount = 0
                transfers.outgoing[position].sentByteCount = 0
            }
            if nextOffset < transfers.outgoing[position].acknowledgedByteCount { return }
            if nextOffset > transfers.outgoing[position].acknowledgedByteCount {
                transfers.outgoing[position].lastProgress = now.boot
            }
            transfers.outgoing[position].acknowledgedByteCount = nextOffset
            transfers.outgoing[position].sentByteCount = max(
                transfers.outgoing[position].sentByteCount, nextOffset)
            if nextOffset < transfers.outgoing[position].body.count {
                return sendChunks(of: position)
            }
            let done = transfers.outgoing.remove(at: position)
            guard let shard = shardIndexes[group] else { return }
            shards[shard].raft.snapshotSent(
                to: done.member.replica, index: index, succeeded: true, now: now,
                into: &raftEffects)
            handleRaftEffects(of: shard, now: now)
        }
    }

    private mutating func receiveChunk(
        of incoming: SnapshotTransfers.Incoming, offset: Int, bytes: [UInt8], from node: NodeID,
        now: Moment
    ) {
        guard let shard = shardIndexes[incoming.group], incoming.totalByteCount >= 0,
            !snapshotsBeingWritten.contains(where: {
                $0.group == incoming.group && $0.purpose == .received
            })
        else { return }
        guard incoming.metadata.index > shards[shard].raft.commitIndex else {
            // The leader has missed that it arrived, or that it is not needed: it is told again.
            _ = shards[shard].raft.restore(incoming.metadata, now: now, into: &raftEffects)
            handleRaftEffects(of: shard, now: now)
            return acknowledge(incoming, through: incoming.totalByteCount, to: node)
        }
        if offset == 0, transfers.place(of: incoming) == nil {
            transfers.incoming.removeAll { $0.group == incoming.group }
            transfers.incoming.append(incoming)
        }
        guard let position = transfers.place(of: incoming) else {
            // What came before was lost in a restart.
            return acknowledge(incoming, through: 0, to: node)
        }
        if transfers.incoming[position].body.count == offset {
            transfers.incoming[position].body.append(contentsOf: bytes)
            transfers.incoming[position].lastProgress = now.boot
        }
        let received = transfers.incoming[position].body.count
        acknowledge(incoming, through: received, to: node)
        guard received >= incoming.totalByteCount else { return }
        let whole = transfers.incoming.remove(at: position)
        guard crc32c(whole.body.span) == whole.checksum else {
            statistics.badFrames += 1
            return
        }
        write(whole.body, whole.metadata, of: shard, purpose: .received)
    }

    private mutating func acknowledge(
        _ incoming: SnapshotTransfers.Incoming, through nextOffset: Int, to node: NodeID
    ) {
        let frame = SnapshotFrame.acknowledgement(
            group: incoming.group, index: incoming.metadata.index, nextOffset: nextOffset)
        effects.append(
            .frame(to: node, PeerFrame(type: .snapshotChunk, body: frame.encode()), .bulk))
    }

    /// Puts a received snapshot, whose file is durable, in the place of the shard's state.
    private mutating func install(
        _ received: SnapshotBeingWritten, on index: Int, now: Moment
    ) {
        guard shards[index].raft.restore(received.metadata, now: now, into: &raftEffects) else {
            handleRaftEffects(of: index, now: now)
            // Not needed for the state any more, but it is the state at an index that is committed
            // here: recorded, it takes the place of an older one and goes with the next.
            if received.metadata.index <= shards[index].raft.commitIndex {
                journal.append(.snapshot(received.group, received.metadata))
            }
            return
        }
        statistics.snapshotsInstalled += 1
        let machine = shards[index].machine
        if machine.kind == .directory || directory.isFormed {
            do throws(DecodingFailure) {
                try machine.restore(received.body, hashSecret: directory.hashSecret)
            } catch {
                hasFailed = true
                effects.append(
                    .stop(
                        .unusable(
                            "a received snapshot of group \(received.group) can't be read: \(error.what)"
                        )))
                return
            }
        } else {
            machine.unreadSnapshot = received.body
        }
        shards[index].appliedIndex = received.metadata.index
        shards[index].appliedTerm = received.metadata.term
        shards[index].appliedStamp = max(
            shards[index].appliedStamp, received.metadata.stamp)
        shards[index].appliedConfiguration = received.metadata.configuration
        shards[index].lastSnapshotIndex = received.metadata.index
        shards[index].lastSnapshotByteCount = received.body.count
        while let oldest = shards[index].oldestProposed,
            oldest.index <= received.metadata.index
        {
            let batch = shards[index].popProposed().batch
            giveUp(on: batch, of: index)
        }
        handleRaftEffects(of: index, now: now)
        if machine.kind == .directory { publishDirectory(machine.directory) }
    }
}

/// Why a snapshot file is written.
enum SnapshotPurpose: Sendable {
    case own
    case received
}

/// A snapshot whose file is not yet durable.
struct SnapshotBeingWritten: Sendable {
    var group: GroupID
    var metadata: SnapshotMetadata
    var purpose: SnapshotPurpose
    /// The state, for a received one.
    var body: [UInt8]
}
