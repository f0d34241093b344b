import Commands
import Consensus
import Keyspace
import Primitives
import RESP

extension LoopCore {
    // MARK: Hot path

    /// Does what one request asks for.
    ///
    /// - Parameters:
    ///   - request: The request; not kept beyond the call.
    ///   - index: Its session.
    ///   - sequence: The reply's place, when another loop has kept it.
    ///   - now: The time.
    /// - Returns: Whether the request is used up.
    mutating func dispatch(
        _ request: borrowing Request, from index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        guard let found = CommandTable.standard.find(request[0]) else {
            return reply(to: index, relayed: sequence, UnknownCommand.error(for: request))
        }
        if !sessions[index].isAuthenticated,
            !CommandTable.standard[found].flags.contains(.noAuth)
        {
            return reply(to: index, relayed: sequence, .noAuth)
        }
        guard CommandTable.standard[found].acceptsCount(request.count) else {
            return reply(
                to: index, relayed: sequence,
                .wrongArgumentCount(CommandTable.standard[found].name))
        }
        statistics.commands += 1
        if case .session(let kind) = CommandTable.standard[found].body {
            return run(kind, request, from: index, relayed: sequence, now: now)
        }
        switch CommandTable.standard[found].slot(of: request) {
        case .one(let slot):
            return route(found, request, slot: slot, from: index, relayed: sequence, now: now)
        case .crossSlot: return reply(to: index, relayed: sequence, .crossSlot)
        case .none:
            preconditionFailure("\(CommandTable.standard[found].name) has no keys")
        }
    }

    private mutating func route(
        _ found: Int, _ request: borrowing Request, slot: SlotID, from index: Int,
        relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        guard let group = directory.shard(of: slot) else {
            return waitForLeader(.directory, of: index, relayed: sequence, now: now)
        }
        guard let shardIndex = shardIndexes[group] else {
            let loop = self.loop(of: group)
            if loop != settings.loopIndex, sequence == nil, isReplicatedHere(group) {
                forward(request, from: index, to: loop)
                return .next
            }
            return redirect(slot: slot, group: group, of: index, relayed: sequence, now: now)
        }
        guard shards[shardIndex].isLeader else {
            return redirect(slot: slot, group: group, of: index, relayed: sequence, now: now)
        }
        switch CommandTable.standard[found].body {
        case .write(_, let peek):
            return write(
                request, peek, slot: slot, shard: shardIndex, from: index, relayed: sequence,
                now: now)
        case .read(let body):
            return read(
                request, body, slot: slot, shard: shardIndex, from: index, relayed: sequence,
                now: now)
        case .session: preconditionFailure("a session command is not routed by slot")
        }
    }

    private mutating func write(
        _ request: borrowing Request, _ peek: PeekBody?, slot: SlotID,
        shard shardIndex: Int, from index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        guard request.bytes.count <= settings.maxWriteByteCount else {
            return reply(to: index, relayed: sequence, .writeTooLarge(settings.maxWriteByteCount))
        }
        let group = shards[shardIndex].group
        if shards[shardIndex].raft.isTransferring {
            return waitForLeader(group, of: index, relayed: sequence, now: now)
        }
        guard hasRoom(shards[shardIndex]) else { return .wait(.backlog(group)) }
        if sessions[index].roundReadCount > 0 { return .wait(.round(group)) }
        if let peek, !isBehindOwnWrite(index, shardIndex), canReadNow(shardIndex, now: now),
            self.peek(request, peek, shard: shardIndex, from: index, relayed: sequence, now: now)
        {
            statistics.peeks += 1
            return .next
        }
        append(
            request.bytes, slot: slot, flags: [], to: shardIndex,
            operation: PendingOperation(
                session: reference(to: index),
                sequence: reserveReply(of: index, relayed: sequence),
                version: sessions[index].version, slot: slot, read: 0..<0))
        return .next
    }

    /// Adds a write to the shard's open batch.
    mutating func append(
        _ request: Span<UInt8>, slot: SlotID, flags: EntryFlags, to shardIndex: Int,
        operation: PendingOperation
    ) {
        if shards[shardIndex].open.payload.isEmpty {
            shards[shardIndex].open.payload = EntryPayload.begin(
                level: applyLevel, seed: generator.next())
        }
        EntryPayload.append(
            request, slot: slot, flags: flags, database: 0,
            to: &shards[shardIndex].open.payload)
        shards[shardIndex].open.commandCount += 1
        let number = shards[shardIndex].append(operation)
        sessions[operation.session.index].noteWrite(number, to: shardIndex)
    }

    func isBehindOwnWrite(_ index: Int, _ shardIndex: Int) -> Bool {
        sessions[index].lastWrite(to: shardIndex) > shards[shardIndex].resolvedOperation
            && settings.fault != .readBeforeOwnWrite
    }

    /// Whether applied state may be read at once under the lease.
    private func canReadNow(_ shardIndex: Int, now: Moment) -> Bool {
        shards[shardIndex].machine.isReady && shards[shardIndex].raft.hasCommittedOwnTerm
            && shards[shardIndex].appliedIndex >= shards[shardIndex].raft.readFloor
            && shards[shardIndex].raft.hasLease(now: now)
    }

    func readContext(_ shardIndex: Int, now: Moment) -> ExecutionContext {
        var context = ExecutionContext(
            now: shards[shardIndex].appliedStamp,
            present: shards[shardIndex].raft.stamp(now: now), seed: 0, level: applyLevel)
        if settings.fault == .expiryByPresentClock { context.fault = .expiryByPresentClock }
        return context
    }

    /// Runs a write's peek.
    ///
    /// - Returns: Whether it gave the final reply.
    private mutating func peek(
        _ request: borrowing Request, _ peek: PeekBody, shard shardIndex: Int, from index: Int,
        relayed sequence: UInt64?, now: Moment
    ) -> Bool {
        var context = readContext(shardIndex, now: now)
        let machine = shards[shardIndex].machine
        let direct = beginReply(to: index)
        let start = writer.bytes.count
        var isFinal: Bool
        do throws(CommandError) {
            isFinal = try peek(machine.keyspace, request, &context, &writer)
        } catch {
            writer.bytes.removeSubrange(start...)
            writer.error(error.text)
            isFinal = true
        }
        if context.sawUncertainDeadline { isFinal = false }
        if isFinal {
            endReply(to: index, direct: direct, relayed: sequence)
        } else {
            writer.bytes.removeSubrange(start...)
            if direct { swap(&writer.bytes, &sessions[index].output) }
        }
        return isFinal
    }

    private mutating func read(
        _ request: borrowing Request, _ body: ReadBody, slot: SlotID, shard shardIndex: Int,
        from index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        if isBehindOwnWrite(index, shardIndex) {
            bind(request.bytes, slot: slot, to: shardIndex, from: index, relayed: sequence)
            return .next
        }
        switch shards[shardIndex].raft.requestRead(now: now, into: &raftEffects) {
        case .now:
            guard canReadNow(shardIndex, now: now) else {
                return .wait(.leader(shards[shardIndex].group))
            }
            statistics.leaseReads += 1
            if !serve(request, body, shard: shardIndex, from: index, relayed: sequence, now: now) {
                statistics.tickReads += 1
                bind(request.bytes, slot: slot, to: shardIndex, from: index, relayed: sequence)
            }
            return .next
        case .afterRound(let round):
            statistics.roundReads += 1
            sessions[index].roundReadCount += 1
            shards[shardIndex].roundReads.append(
                RoundRead(
                    round: round, session: reference(to: index),
                    sequence: reserveReply(of: index, relayed: sequence),
                    version: sessions[index].version, slot: slot,
                    request: [UInt8](copying: request.bytes)))
            handleRaftEffects(of: shardIndex, now: now)
            return .next
        case .notReady, .notLeader:
            return waitForLeader(
                shards[shardIndex].group, of: index, relayed: sequence, now: now)
        }
    }

    /// Serves a read from applied state.
    ///
    /// - Returns: `false` when the read met a deadline later than the last applied stamp: nothing is
    ///   written then, and the read must follow a tick.
    private mutating func serve(
        _ request: borrowing Request, _ body: ReadBody, shard shardIndex: Int, from index: Int,
        relayed sequence: UInt64?, now: Moment
    ) -> Bool {
        var context = readContext(shardIndex, now: now)
        let machine = shards[shardIndex].machine
        let direct = beginReply(to: index)
        let start = writer.bytes.count
        do throws(CommandError) {
            try body(machine.keyspace, request, &context, &writer)
        } catch {
            writer.bytes.removeSubrange(start...)
            writer.error(error.text)
        }
        guard !context.sawUncertainDeadline else {
            writer.bytes.removeSubrange(start...)
            if direct { swap(&writer.bytes, &sessions[index].output) }
            return false
        }
        endReply(to: index, direct: direct, relayed: sequence)
        return true
    }

    /// Binds a read to its place behind the session's last write, or to the next entry.
    mutating func bind(
        _ request: Span<UInt8>, slot: SlotID, to shardIndex: Int, from index: Int,
        relayed sequence: UInt64?
    ) {
        statistics.boundReads += 1
        let operation = PendingOperation(
            session: reference(to: index), sequence: reserveReply(of: index, relayed: sequence),
            version: sessions[index].version, slot: slot, read: 0..<0)
        let last = sessions[index].lastWrite(to: shardIndex)
        if last > shards[shardIndex].resolvedOperation,
            let batch = shards[shardIndex].proposedIndex(holding: last)
        {
            shards[shardIndex].proposed[batch].batch.addRead(request, operation)
            return
        }
        shards[shardIndex].open.addRead(request, operation)
        if shards[shardIndex].open.commandCount == 0 {
            shards[shardIndex].open.lastOperation = shards[shardIndex].lastOperation
        }
    }

    // MARK: Elsewhere

    func loop(of group: GroupID) -> Int { Int(group.rawValue) % settings.loopCount }

    func isReplicatedHere(_ group: GroupID) -> Bool {
        directory.shards[group]?.replicas.contains { $0.node == settings.nodeID } ?? false
    }

    /// Sends the client to the node that leads the slot's shard, once one is known.
    mutating func redirect(
        slot: SlotID, group: GroupID, of index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        guard let text = moved(slot: slot, group: group) else {
            return waitForLeader(group, of: index, relayed: sequence, now: now)
        }
        statistics.redirections += 1
        return reply(to: index, relayed: sequence, CommandError(text))
    }

    /// A `MOVED` error to another node that is known to lead the group at the newest term.
    func moved(slot: SlotID, group: GroupID) -> String? {
        guard let leader = leaders[group]?.leader, leader != settings.nodeID,
            let address = directory.nodes[leader]?.cluster
        else { return nil }
        if let index = shardIndexes[group], let entry = leaders[group],
            shards[index].raft.term > entry.term
        {
            return nil
        }
        return "MOVED \(slot) \(address.host):\(address.port)"
    }

    /// Makes the request wait for a leader, or refuses it when it has waited long enough.
    mutating func waitForLeader(
        _ group: GroupID, of index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        guard hasWaitedLong(index, now: now) else { return .wait(.leader(group)) }
        sessions[index].obstructedSince = .zero
        statistics.refusals += 1
        return reply(to: index, relayed: sequence, .clusterDown)
    }

    /// Answers with an error.
    mutating func reply(
        to index: Int, relayed sequence: UInt64?, _ error: CommandError
    ) -> Disposition {
        statistics.errors += 1
        let direct = beginReply(to: index)
        writer.error(error.text)
        endReply(to: index, direct: direct, relayed: sequence)
        return .next
    }
}

extension Batch {
    /// Binds a read to the place behind the batch's present last command.
    mutating func addRead(_ request: Span<UInt8>, _ operation: PendingOperation) {
        let start = readBytes.count
        readBytes.append(copying: request)
        operations.append(operation)
        operations[operations.count - 1].read = start..<readBytes.count
    }
}

/// The apply level that this build writes (design: determinism).
let applyLevel: UInt16 = 1

extension CommandError {
    static let noAuth = CommandError("NOAUTH Authentication required.")
    static let crossSlot = CommandError(
        "CROSSSLOT Keys in request don't hash to the same slot")
    static let clusterDown = CommandError("CLUSTERDOWN The cluster is down")

    static func writeTooLarge(_ limit: Int) -> CommandError {
        CommandError("ERR the request is larger than max-write-size (\(limit) bytes)")
    }
}
