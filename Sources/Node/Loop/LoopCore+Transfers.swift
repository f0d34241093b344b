import Consensus
import Journal
import Primitives

/// Snapshots on their way from a leader to a follower: the file as it is on the leader's disk, in
/// chunks. The follower writes each to its own disk and reads it into a state of its own beside, so
/// that neither side ever handles the whole at once.
extension LoopCore {
    // MARK: To a follower

    /// Begins to send a follower, whose log is too far behind, the last snapshot; or has one taken
    /// first, if the log doesn't go on from there.
    mutating func startTransfer(of index: Int, to member: Member, now: Moment) {
        let group = shards[index].group
        guard shards[index].machine.isReady, shards[index].appliedIndex > .zero,
            isCurrent(member, of: group)
        else { return }
        if let position = transfers.outgoing.firstIndex(where: {
            $0.group == group && $0.member == member
        }) {
            return resend(position, now: now)
        }
        guard let stored = shards[index].storedSnapshot,
            stored.metadata.index.next >= shards[index].raft.firstIndex
        else {
            let waiting = SnapshotTransfers.Waiting(group: group, member: member)
            if !transfers.waiting.contains(waiting) { transfers.waiting.append(waiting) }
            return
        }
        transfers.outgoing.append(
            SnapshotTransfers.Outgoing(
                group: group, member: member, snapshot: stored, now: now.boot))
        sendChunk(of: transfers.outgoing.count - 1)
    }

    /// Whether the node has no other replica by now; snapshots are sent to nodes.
    private func isCurrent(_ member: Member, of group: GroupID) -> Bool {
        let wanted =
            group == .directory
            ? directory.nodes[member.node]?.directoryReplica
            : directory.shards[group]?.replica(on: member.node)
        return wanted == nil || wanted == member.replica
    }

    /// Serves the followers that wait for a snapshot of the shard, which has been taken.
    mutating func startWaiting(of index: Int, now: Moment) {
        let group = shards[index].group
        let waiting = transfers.waiting.filter { $0.group == group }
        transfers.waiting.removeAll { $0.group == group }
        guard shards[index].isLeader else { return }
        for place in waiting { startTransfer(of: index, to: place.member, now: now) }
    }

    /// Sends what was not acknowledged once more, if nothing has been for a while: a chunk or its
    /// acknowledgement is lost.
    private mutating func resend(_ position: Int, now: Moment) {
        let quiet = now.boot.milliseconds(since: transfers.outgoing[position].lastProgress)
        guard quiet >= SnapshotTransfers.resendMilliseconds else { return }
        transfers.outgoing[position].sentByteCount =
            transfers.outgoing[position].acknowledgedByteCount
        sendChunk(of: position)
    }

    /// Lets time pass: what may be sent grows with it.
    mutating func continueTransfers(now: Moment) {
        transfers.grow(byteCountPerSecond: settings.snapshotTransferByteCount, now: now.boot)
        for dropped in transfers.dropStale(now: now.boot) { abandon(dropped) }
        for position in transfers.outgoing.indices { sendChunk(of: position) }
    }

    /// Has the next chunk read, if it may be sent.
    private mutating func sendChunk(of position: Int) {
        let transfer = transfers.outgoing[position]
        let window = SnapshotTransfers.windowCount * settings.snapshotChunkByteCount
        guard !transfer.isReading, transfer.sentByteCount < transfer.snapshot.byteCount,
            transfer.sentByteCount - transfer.acknowledgedByteCount < window,
            transfers.allowance > 0
        else { return }
        let count = chunkByteCount(of: transfer.snapshot, at: transfer.sentByteCount)
        transfers.allowance -= count
        transfers.outgoing[position].isReading = true
        request(
            .read(
                transfer.group, transfer.snapshot.metadata.index, offset: transfer.sentByteCount,
                byteCount: count),
            .sentChunk(
                transfer.group, transfer.snapshot.metadata.index, transfer.member,
                offset: transfer.sentByteCount))
    }

    private func chunkByteCount(of snapshot: StoredSnapshot, at offset: Int) -> Int {
        min(settings.snapshotChunkByteCount, snapshot.byteCount - offset)
    }

    /// A chunk is there to be sent; `bytes` is `nil` when the file has given way to a later one.
    mutating func chunkRead(
        of group: GroupID, _ index: LogIndex, to member: Member, offset: Int, _ bytes: [UInt8]?,
        now: Moment
    ) {
        guard
            let position = transfers.outgoing.firstIndex(where: {
                $0.group == group && $0.member == member && $0.snapshot.metadata.index == index
            })
        else { return }
        guard let bytes else {
            transfers.outgoing.remove(at: position)
            return
        }
        transfers.outgoing[position].isReading = false
        let transfer = transfers.outgoing[position]
        guard transfer.sentByteCount == offset else { return sendChunk(of: position) }
        do throws(DecodingFailure) {
            try transfers.outgoing[position].check(
                bytes, at: offset, byteCount: chunkByteCount(of: transfer.snapshot, at: offset))
        } catch {
            return renewSnapshot(of: group, index, because: error, now: now)
        }
        transfers.outgoing[position].sentByteCount += bytes.count
        let frame = SnapshotFrame.chunk(
            group: group, metadata: transfer.snapshot.metadata, offset: offset,
            totalByteCount: transfer.snapshot.byteCount, checksum: transfer.snapshot.checksum,
            bytes: bytes)
        effects.append(
            .frame(
                to: member.node, PeerFrame(type: .snapshotChunk, body: frame.encode()), .bulk))
        sendChunk(of: position)
    }

    /// The file of a shard's snapshot is not what was written. All that it held is in memory: another one
    /// is taken, for those too that were being sent this one.
    private mutating func renewSnapshot(
        of group: GroupID, _ place: LogIndex, because damage: DecodingFailure, now: Moment
    ) {
        let members = transfers.outgoing.filter {
            $0.group == group && $0.snapshot.metadata.index == place
        }.map(\.member)
        transfers.outgoing.removeAll {
            $0.group == group && $0.snapshot.metadata.index == place
        }
        guard let index = shardIndexes[group] else { return }
        if shards[index].storedSnapshot?.metadata.index == place {
            statistics.damagedSnapshots += 1
            shards[index].storedSnapshot = nil
            shards[index].mustRenewSnapshot = true
            let file = JournalFile.snapshot(group, place)
            effects.append(
                .log(
                    .error,
                    "damage in \(file) at offset \(damage.offset): no readable \(damage.what); "
                        + "the snapshot is taken anew"))
        }
        for member in members { startTransfer(of: index, to: member, now: now) }
    }

    private mutating func acknowledged(
        _ group: GroupID, _ index: LogIndex, by node: NodeID, nextOffset: Int, now: Moment
    ) {
        guard
            let position = transfers.outgoing.firstIndex(where: {
                $0.group == group && $0.member.node == node
                    && $0.snapshot.metadata.index == index
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
        if nextOffset < transfers.outgoing[position].snapshot.byteCount {
            return sendChunk(of: position)
        }
        let done = transfers.outgoing.remove(at: position)
        guard let shard = shardIndexes[group] else { return }
        transfers.catchingUp.append(
            SnapshotTransfers.CatchingUp(
                group: group, member: done.member, goal: shards[shard].appliedIndex,
                since: now.boot))
        shards[shard].raft.snapshotSent(
            to: done.member.replica, index: index, succeeded: true, now: now, into: &raftEffects)
        handleRaftEffects(of: shard, now: now)
    }

    // MARK: Frames of both sides

    mutating func receive(_ frame: SnapshotFrame, from node: NodeID, now: Moment) {
        switch frame {
        case .chunk(let group, let metadata, let offset, let total, let checksum, let bytes):
            receiveChunk(
                of: group,
                StoredSnapshot(metadata: metadata, byteCount: total, checksum: checksum),
                offset: offset, bytes: bytes, from: node, now: now)
        case .acknowledgement(let group, let index, let nextOffset):
            acknowledged(group, index, by: node, nextOffset: nextOffset, now: now)
        }
    }

    // MARK: From a leader

    private mutating func receiveChunk(
        of group: GroupID, _ snapshot: StoredSnapshot, offset: Int, bytes: [UInt8],
        from node: NodeID, now: Moment
    ) {
        guard let shard = shardIndexes[group], snapshot.byteCount >= 0 else { return }
        let machine = shards[shard].machine
        // A shard's state can't be read before the cluster's secret is known; it will come again.
        guard machine.kind == .directory || directory.isFormed else { return }
        guard snapshot.metadata.index > shards[shard].raft.commitIndex else {
            // The leader has missed that it arrived, or that it is not needed: it is told again.
            _ = shards[shard].raft.restore(snapshot.metadata, now: now, into: &raftEffects)
            handleRaftEffects(of: shard, now: now)
            return acknowledge(
                group, snapshot.metadata.index, through: snapshot.byteCount, to: node)
        }
        if transfers.incoming.contains(where: { $0.group == group && $0.isWhole }) { return }
        if offset == 0, transfers.place(of: snapshot, group) == nil {
            guard !isBeingRemoved(group, snapshot.metadata.index),
                now.boot >= diskWatch.snapshotRetryAt
            else { return }
            if let old = transfers.removeIncoming(of: group) { abandon(old) }
            journal.expectSnapshot(group, snapshot.metadata.index)
            request(
                .begin(group, snapshot.metadata.index), .begin(group, snapshot.metadata.index))
            transfers.incoming.append(
                SnapshotTransfers.Incoming(
                    group: group, snapshot: snapshot,
                    reader: SnapshotFileReader(
                        kind: machine.kind, index: snapshot.metadata.index,
                        hashSecret: directory.hashSecret, compactLimits: machine.compactLimits),
                    node: node, lastProgress: now.boot))
        }
        guard let position = transfers.place(of: snapshot, group) else {
            // What came before was lost in a restart.
            return acknowledge(group, snapshot.metadata.index, through: 0, to: node)
        }
        transfers.incoming[position].node = node
        guard transfers.incoming[position].receivedByteCount == offset else {
            return acknowledge(
                group, snapshot.metadata.index,
                through: transfers.incoming[position].writtenByteCount, to: node)
        }
        take(bytes, into: position, now: now)
    }

    /// Takes in the next bytes of a snapshot.
    private mutating func take(_ bytes: [UInt8], into position: Int, now: Moment) {
        transfers.incoming[position].receivedByteCount += bytes.count
        transfers.incoming[position].lastProgress = now.boot
        let incoming = transfers.incoming[position]
        let (group, index) = (incoming.group, incoming.snapshot.metadata.index)
        let isWhole = incoming.receivedByteCount >= incoming.snapshot.byteCount
        do throws(DecodingFailure) {
            try incoming.reader.read(bytes[...])
            guard !isWhole || incoming.fits else {
                throw DecodingFailure(what: "end of a snapshot", offset: 0)
            }
        } catch {
            statistics.badFrames += 1
            if let bad = transfers.removeIncoming(of: group) { abandon(bad) }
            return
        }
        request(
            .append(group, index, bytes: bytes),
            .receivedChunk(group, index, byteCount: incoming.receivedByteCount))
        guard isWhole else { return }
        transfers.incoming[position].isWhole = true
        request(.finish(group, index), .receivedFile(group, index))
    }

    /// A chunk is on this node's disk: the leader may send more.
    mutating func chunkWritten(of group: GroupID, _ index: LogIndex, byteCount: Int) {
        guard let position = transfers.place(of: group, index) else { return }
        transfers.incoming[position].writtenByteCount = byteCount
        let incoming = transfers.incoming[position]
        // That all of it has come is told when it is durable.
        if byteCount < incoming.snapshot.byteCount {
            acknowledge(group, index, through: byteCount, to: incoming.node)
        }
    }

    /// Gives up a snapshot of which parts have come.
    mutating func abandon(_ incoming: SnapshotTransfers.Incoming) {
        let index = incoming.snapshot.metadata.index
        journal.abandonSnapshot(incoming.group, index)
        request(.discard(incoming.group, index), .none)
        if let shard = shardIndexes[incoming.group] {
            incoming.reader.abandon(to: shards[shard].machine)
        }
    }

    /// The disk had no room for a snapshot of which parts have come: it will come again.
    mutating func refuseIncoming(of group: GroupID, _ index: LogIndex) {
        guard transfers.place(of: group, index) != nil,
            let refused = transfers.removeIncoming(of: group)
        else { return }
        abandon(refused)
    }

    private mutating func acknowledge(
        _ group: GroupID, _ index: LogIndex, through nextOffset: Int, to node: NodeID
    ) {
        let frame = SnapshotFrame.acknowledgement(
            group: group, index: index, nextOffset: nextOffset)
        effects.append(
            .frame(to: node, PeerFrame(type: .snapshotChunk, body: frame.encode()), .bulk))
    }

    /// The file of a received snapshot is durable: it takes the place of the shard's state.
    mutating func received(_ group: GroupID, _ place: LogIndex, now: Moment) {
        guard transfers.place(of: group, place) != nil, let index = shardIndexes[group],
            let received = transfers.removeIncoming(of: group)
        else { return }
        let machine = shards[index].machine
        let metadata = received.snapshot.metadata
        acknowledge(group, place, through: received.snapshot.byteCount, to: received.node)
        store(received.snapshot, of: index)
        guard shards[index].raft.restore(metadata, now: now, into: &raftEffects) else {
            handleRaftEffects(of: index, now: now)
            // Not needed for the state any more, but it is the state at an index that is committed
            // here: recorded, it takes the place of an older one and goes with the next.
            journal.append(.snapshot(group, metadata))
            return received.reader.abandon(to: machine)
        }
        statistics.snapshotsInstalled += 1
        abandonSnapshot(of: index)
        abandonStateCheck(of: index)
        machine.install(received.reader)
        shards[index].appliedIndex = metadata.index
        shards[index].appliedTerm = metadata.term
        shards[index].appliedStamp = max(shards[index].appliedStamp, metadata.stamp)
        shards[index].appliedConfiguration = metadata.configuration
        while let oldest = shards[index].oldestProposed, oldest.index <= metadata.index {
            let batch = shards[index].popProposed().batch
            giveUp(on: batch, of: index)
        }
        handleRaftEffects(of: index, now: now)
        if machine.kind == .directory { publishDirectory(machine.directory) }
    }
}
