import Commands
import Consensus
import Gossip
import Journal
import Keyspace
import Primitives
import RESP
import Topology

extension LoopCore {
    // MARK: Hosting

    /// Takes up a replica that the journal holds.
    mutating func host(
        _ recovered: RecoveredGroup, disk: some JournalDisk, now: Moment
    ) throws(LoopStartFailure) {
        if let quarantine = recovered.quarantine {
            return recover(retired: recovered.group, recovered.replica, quarantine)
        }
        let machine = StateMachine(kind: recovered.group == .directory ? .directory : .shard)
        var stored: StoredSnapshot?
        if let snapshot = recovered.snapshot {
            let file = JournalFile.snapshot(recovered.group, snapshot.index)
            let bytes: [UInt8]
            do {
                bytes = try disk.read(file)
                guard !SnapshotFile.isNewer(bytes) else {
                    throw LoopStartFailure.newerSnapshot(recovered.group, file.name)
                }
                stored = StoredSnapshot(
                    metadata: snapshot, byteCount: bytes.count,
                    checksum: try SnapshotFile.check(bytes, expecting: snapshot.index))
            } catch let refusal as LoopStartFailure {
                throw refusal
            } catch {
                let damage = error as? DecodingFailure
                let quarantine = Quarantine(
                    file: file, offset: damage?.offset ?? 0,
                    what: damage.map { "no readable \($0.what)" } ?? "\(error)")
                journal.append(.quarantined(recovered.group, quarantine))
                return recover(retired: recovered.group, recovered.replica, quarantine)
            }
            // What is intact and makes no sense all the same is no damage: it is kept as it is.
            do throws(DecodingFailure) {
                try machine.recover(bytes, index: snapshot.index)
            } catch {
                throw .unreadableSnapshot(recovered.group, "\(file.name): \(error)")
            }
        }
        let isAmnesiac = recovered.isAmnesiac && settings.fault != .periodicWithoutAmnesia
        let raft = RaftGroup(
            group: recovered.group, replica: recovered.replica,
            recovered: RaftGroup.Recovered(
                hardState: recovered.hardState, snapshot: recovered.snapshot,
                initialConfiguration: recovered.initialConfiguration, entries: recovered.entries,
                clock: recovered.clock, isAmnesiac: isAmnesiac),
            settings: settings.raft, seed: generator.next(), bootID: bootID, now: now)
        let stamp = settings.fault == .snapshotWithoutClock ? 0 : recovered.snapshot?.stamp ?? 0
        add(
            Shard(
                group: recovered.group, replica: recovered.replica, raft: raft, machine: machine,
                appliedIndex: recovered.snapshot?.index ?? .zero,
                appliedTerm: recovered.snapshot?.term ?? .zero, appliedStamp: stamp,
                appliedConfiguration: recovered.snapshot?.configuration
                    ?? recovered.initialConfiguration), now: now)
        let last = shards.count - 1
        shards[last].countHeldBytes()
        shards[last].storedSnapshot = stored
        shards[last].recoveredIndex = raft.lastIndex
        if recovered.group == .directory { tellPeers(machine.directory, recovered.entries) }
    }

    /// Tells the home whom the directory names, or will when what has been recovered is committed.
    private mutating func tellPeers(_ state: DirectoryState, _ entries: [LogEntry]) {
        var addresses = SortedMap<NodeID, Address>()
        var state = state
        func note(_ state: DirectoryState) {
            for (node, record) in state.nodes { addresses[node] = record.addresses.peer }
        }
        note(state)
        for entry in entries where entry.kind == .command {
            _ = state.apply(entry.payload)
            note(state)
        }
        effects.append(.post(.formerPeers(addresses.values), to: .home))
    }

    private mutating func add(_ shard: Shard, now: Moment) {
        shardIndexes[shard.group] = shards.count
        shards.append(shard)
        shards[shards.count - 1].stateCheckAt = now.boot
    }

    /// Takes up a replica that did not exist here before.
    mutating func host(
        new group: GroupID, replica: ReplicaID, configuration: Configuration, now: Moment
    ) {
        precondition(shardIndexes[group] == nil, "group \(group) is hosted twice")
        journal.append(.groupCreated(group, replica, configuration))
        let raft = RaftGroup(
            group: group, replica: replica,
            recovered: RaftGroup.Recovered(
                hardState: HardState(), snapshot: nil, initialConfiguration: configuration,
                entries: [], clock: nil, isAmnesiac: false),
            settings: settings.raft, seed: generator.next(), bootID: bootID, now: now)
        add(
            Shard(
                group: group, replica: replica, raft: raft,
                machine: StateMachine(kind: group == .directory ? .directory : .shard),
                appliedIndex: .zero, appliedTerm: .zero, appliedStamp: 0,
                appliedConfiguration: configuration), now: now)
    }

    mutating func hostDirectory(
        replica: ReplicaID, configuration: Configuration, now: Moment
    ) {
        guard shardIndexes[.directory] == nil, retired[.directory] == nil else { return }
        hostWanted(.directory, replica: replica, configuration: configuration, now: now)
    }

    // MARK: Following the directory

    /// Tells the home and the other loops what the directory says now; not what it said once, while a
    /// replica that is made anew goes through its log.
    mutating func publishDirectory(_ state: DirectoryState) {
        guard state.epoch >= directory.epoch else { return }
        effects.append(.post(.directory(state), to: .home))
        for loop in 0..<settings.loopCount {
            effects.append(.post(.directory(state), to: .loop(loop)))
        }
    }

    mutating func applyToDirectory(_ entry: LogEntry, _ index: Int) {
        _ = shards[index].machine.directory.apply(entry.payload)
    }

    /// Acts on a newer state of the directory.
    mutating func follow(_ state: DirectoryState, now: Moment) {
        guard state.epoch >= directory.epoch else { return }
        directory = state
        clusterID = state.clusterID
        adoptParameters()
        guard state.isFormed else { return }
        for (group, record) in state.shards where loop(of: group) == settings.loopIndex {
            guard let replica = record.replica(on: settings.nodeID) else { continue }
            hostWanted(
                group, replica: replica, configuration: record.initialConfiguration, now: now)
        }
        dropUnwanted(state, now: now)
        indexSlots()
        for index in shards.indices
        where !shards[index].machine.isReady && !shards[index].isRetired {
            makeReady(index, state)
        }
    }

    private mutating func makeReady(_ index: Int, _ state: DirectoryState) {
        let group = shards[index].group
        guard let record = state.shards[group] else { return }
        let slots = ServedSlots(
            ranges: state.slots(of: group).map {
                ServedSlots.Range(
                    first: SlotID($0.lowerBound), last: SlotID($0.upperBound),
                    epoch: record.createdEpoch)
            })
        shards[index].machine.compactLimits = admin.parameters.compactLimits
        shards[index].machine.makeReady(hashSecret: state.hashSecret, slots: slots)
    }

    // MARK: Requests of the home core

    mutating func propose(_ command: DirectoryCommand, now: Moment) {
        guard let index = shardIndexes[.directory] else { return }
        _ = shards[index].raft.propose(command.encode(), now: now, into: &raftEffects)
        handleRaftEffects(of: index, now: now)
    }

    mutating func transfer(_ group: GroupID, to node: NodeID, now: Moment) {
        guard let index = shardIndexes[group], shards[index].isLeader,
            let member = shards[index].raft.configuration.voters.first(where: { $0.node == node }),
            !shards[index].raft.progress.contains(where: {
                $0.member == member && $0.hindrance == .halted
            })
        else { return }
        _ = shards[index].raft.transferLeadership(
            to: member.replica, now: now, into: &raftEffects)
        handleRaftEffects(of: index, now: now)
    }

    mutating func learnLeader(_ hint: LeaderHint) {
        guard shardIndexes[hint.group] == nil else { return }
        _ = leaders.learn(hint.group, term: hint.term, leader: hint.leader)
    }

    // MARK: Batches

    /// Turns the shard's open batch into an entry.
    mutating func closeBatch(of index: Int, now: Moment) {
        guard shards[index].open.commandCount > 0 || !shards[index].open.operations.isEmpty,
            !shards[index].raft.isTransferring
        else { return }
        if shards[index].open.payload.isEmpty { beginPayload(of: index) }
        var batch = Batch()
        if let spare = spareOperations.popLast() { batch.operations = spare }
        swap(&batch, &shards[index].open)
        var spare: [UInt8] = []
        swap(&spare, &batch.payload)
        batch.payload = EntryPayload.end(&spare, commandCount: batch.commandCount)
        if sparePayloads.count < shards.count { sparePayloads.append(spare) }
        guard
            let place = shards[index].raft.propose(batch.payload, now: now, into: &raftEffects)
        else {
            if shards[index].isLeader {
                swap(&shards[index].open, &batch)
                keepForReuse(&batch.operations)
            } else {
                orphan(batch, of: index, now: now)
            }
            return
        }
        shards[index].proposedByteCount += batch.byteCount
        shards[index].proposed.append(
            ProposedBatch(
                index: place, term: shards[index].raft.term, batch: batch, proposedAt: now.boot))
        handleRaftEffects(of: index, now: now)
    }

    /// Keeps the memory of a batch's operations, which are decided, for another's.
    mutating func keepForReuse(_ operations: inout [PendingOperation]) {
        guard spareOperations.count < shards.count, operations.capacity <= spareOperationCount
        else { return }
        var spare: [PendingOperation] = []
        swap(&spare, &operations)
        spare.removeAll(keepingCapacity: true)
        spareOperations.append(spare)
    }

    /// Proposes the removal of keys whose deadline has passed, where there are any.
    mutating func proposeExpiry(now: Moment) {
        guard now.boot.milliseconds(since: lastExpiryAt) >= 100 else { return }
        lastExpiryAt = now.boot
        for index in shards.indices where shards[index].isLeader && shards[index].machine.isReady {
            guard shards[index].machine.kind == .shard, !shards[index].raft.lacksRoom(now: now),
                shards[index].raft.hasCommittedOwnTerm, !shards[index].isExpiring,
                !shards[index].isHalted,
                let deadline = shards[index].machine.earliestDeadlineBound,
                deadline <= shards[index].raft.stamp(now: now)
            else { continue }
            appendCommand(Span<UInt8>(), place: .none, flags: .expire, to: index)
            shards[index].open.isExpiring = true
            shards[index].open.lastOperation = shards[index].lastOperation
        }
    }

    // MARK: Effects of Raft

    /// Carries out what the group at `index` has asked for since the last call.
    mutating func handleRaftEffects(of index: Int, now: Moment) {
        guard !raftEffects.isEmpty else { return }
        shards[index].viewTurn = 0
        var batch: [RaftEffect] = []
        swap(&batch, &raftEffects)
        for effect in batch { handle(effect, of: index, now: now) }
        if shards[index].mustCountHeldBytes {
            shards[index].mustCountHeldBytes = false
            shards[index].countHeldBytes()
        }
        batch.removeAll(keepingCapacity: true)
        if raftEffects.isEmpty { swap(&batch, &raftEffects) }
    }

    private mutating func handle(_ effect: RaftEffect, of index: Int, now: Moment) {
        let group = shards[index].group
        switch effect {
        case .persistHardState(let state): record(.hardState(group, state), index)
        case .persistEntries(let entries):
            for entry in entries {
                shards[index].heldByteCount += entry.byteCount
                record(.entry(group, entry), index)
            }
        case .persistTruncation(let after):
            statistics.truncations += 1
            shards[index].mustCountHeldBytes = true
            record(.truncation(group, after: after), index)
        case .persistSnapshot(let metadata):
            shards[index].mustCountHeldBytes = true
            record(.snapshot(group, metadata), index)
        case .persistCaughtUp: record(.caughtUp(group), index)
        case .send(let message):
            let node = message.to.node
            message.encode(into: &outgoing[node, default: []])
            if outgoing[node, default: []].count >= frameByteCount { sendFrame(to: node) }
        case .committed: break
        case .becameLeader(let term):
            statistics.elections += 1
            effects.append(.log(.debug, "leads group \(group) in term \(term)"))
        case .leaderChanged(let term, let leader):
            leadershipChanged(of: index, term: term, leader: leader, now: now)
        case .readsConfirmed(let round): serveRoundReads(of: index, through: round, now: now)
        case .readsDropped: dropRoundReads(of: index, now: now)
        case .needsSnapshot(let member): startTransfer(of: index, to: member, now: now)
        case .configurationChanged: shards[index].hasNews = true
        }
    }

    private mutating func record(_ record: JournalRecord, _ index: Int) {
        journal.append(record)
        shards[index].hasRecordsToFlush = true
    }

    mutating func leadershipChanged(
        of index: Int, term: Term, leader: Member?, now: Moment
    ) {
        shards[index].hasNews = true
        let group = shards[index].group
        if leaders.learn(group, term: term, leader: leader?.node) == false, leader == nil {
            leaders.forgetLeader(of: group, term: term)
        }
        guard !shards[index].isLeader else { return }
        if !shards[index].open.isEmpty {
            statistics.leadershipsLost += 1
            var batch = Batch()
            swap(&batch, &shards[index].open)
            orphan(batch, of: index, now: now)
        }
        if settings.fault == .notDoneForCommitted {
            while shards[index].oldestProposed != nil {
                let batch = shards[index].popProposed().batch
                orphan(batch, of: index, now: now)
            }
        }
        dropRoundReads(of: index, now: now)
        answerOrphans(of: index, now: now)
    }

    // MARK: Reads that wait for a round

    private mutating func serveRoundReads(of index: Int, through round: UInt64, now: Moment) {
        shards[index].confirmedRound = max(shards[index].confirmedRound, round)
        serveConfirmedReads(of: index, now: now)
    }

    /// Serves the reads whose round is confirmed, once what a leader must have applied is.
    mutating func serveConfirmedReads(of index: Int, now: Moment) {
        guard !shards[index].roundReads.isEmpty, shards[index].machine.isReady,
            shards[index].appliedIndex >= shards[index].raft.readFloor
        else { return }
        var reads: [RoundRead] = []
        swap(&reads, &shards[index].roundReads)
        for read in reads {
            if read.round <= shards[index].confirmedRound, !isTurnSpent {
                finish(read, of: index, now: now)
            } else {
                shards[index].roundReads.append(read)
            }
        }
    }

    private mutating func finish(_ read: RoundRead, of index: Int, now: Moment) {
        if let session = session(read.session) { sessions[session].roundReadCount -= 1 }
        var frame = RequestFrame()
        let bytes = read.request.span
        guard case .complete? = try? RequestParser(limits: .unlimited).parse(bytes, into: &frame)
        else { return }
        let request = Request(bytes: bytes, frame: frame)
        guard let found = dispatchTable.find(request), let body = dispatchTable.reads[found]
        else { return }
        if let session = session(read.session), isBehindOwnWrite(session, index) {
            return postpone(read, on: index)
        }
        var context = readContext(
            index, place: read.place, present: shards[index].raft.stamp(now: now))
        let machine = shards[index].machine
        let reserved = beginReserved(read.session, sequence: read.sequence, version: read.version)
        callInHand = found
        calls.pause()
        calls.begin()
        let errorCount = writer.errorCount
        do throws(CommandError) {
            try machine.read(body, request, &context, &writer)
        } catch {
            writer.dropReply()
            writer.error(error.text)
        }
        if context.sawUncertainDeadline {
            writer.dropReply()
            undoReserved(reserved)
            postpone(read, on: index)
        } else {
            noteRead(context)
            noteLateCall(
                bytes, read.session, errorCount: errorCount, isFollowed: false)
            endReserved(reserved)
        }
    }

    /// Makes a read wait for the next entry.
    private mutating func postpone(_ read: RoundRead, on index: Int) {
        let number = shards[index].appendRead(
            read.request.span,
            PendingOperation(
                session: read.session, sequence: read.sequence, version: read.version,
                place: read.place, read: 0..<0))
        if let session = session(read.session) { sessions[session].noteWrite(number, to: index) }
    }

    private mutating func dropRoundReads(of index: Int, now: Moment) {
        var reads: [RoundRead] = []
        swap(&reads, &shards[index].roundReads)
        for read in reads {
            if let session = session(read.session) { sessions[session].roundReadCount -= 1 }
            if refuse(read.session, sequence: read.sequence, now: now) { continue }
            shards[index].orphans.append(
                OrphanedOperation(
                    session: read.session, sequence: read.sequence, since: now.boot,
                    place: read.place))
        }
    }
}

/// Room for more operations is not kept.
private let spareOperationCount = 4096
