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
    ///   - hint: The slot of the first argument, where it is known.
    ///   - now: The time.
    /// - Returns: Whether the request is used up.
    mutating func act(
        on request: borrowing Request, from index: Int, relayed sequence: UInt64?,
        slot hint: SlotID?, now: Moment
    ) -> Disposition {
        guard var found = CommandTable.standard.find(request[0]) else {
            return reply(to: index, relayed: sequence, UnknownCommand.error(for: request))
        }
        var row = dispatchTable.rows[found]
        callInHand = found
        guard row.acceptsCount(request.count) else {
            return reply(to: index, relayed: sequence, wrongArgumentCount(of: found))
        }
        if !row.subcommands.isEmpty, request.count > 1 {
            guard let subcommand = dispatchTable.subcommand(request[1], of: found) else {
                let container = dispatchTable.commands[found].name
                return reply(
                    to: index, relayed: sequence,
                    UnknownCommand.subcommandError(for: request, container: container))
            }
            found = subcommand
            row = dispatchTable.rows[found]
            guard row.acceptsCount(request.count) else {
                return reply(to: index, relayed: sequence, wrongArgumentCount(of: found))
            }
        }
        if row.needsAuthentication, !sessions[index].isAuthenticated {
            return reply(to: index, relayed: sequence, .noAuth)
        }
        if sequence == nil, !sessions[index].isPart { statistics.commands += 1 }
        sessions[index].lastCommand = found
        callInHand = found
        let database = sessions[index].database
        let shardSlot = sessions[index].shardSlot
        let kind = row.kind(isWhole: !database.isSharded || shardSlot != nil)
        if admin.pause.kind != nil, let pause = pause(holding: kind, from: index, now: now) {
            return .wait(.pause(pause))
        }
        if case .session(let kind) = kind {
            isCallDone = true
            return run(kind, request, from: index, relayed: sequence, now: now)
        }
        switch row.slot(of: request, in: database, else: shardSlot, hint: hint) {
        case .one(let slot):
            let place = DatabaseSlot(slot: slot, database: database)
            guard sessions[index].isPlain else {
                return route(
                    found, request, isWrite: kind.isWrite, place: place, from: index,
                    relayed: sequence, now: now)
            }
            return routePlain(
                found, request, isWrite: kind.isWrite, place: place, from: index,
                relayed: sequence, now: now)
        case .crossSlot where sessions[index].isPlain && shardSlot == nil:
            return splitBySlot(found, request, from: index, now: now)
        case .crossSlot: return reply(to: index, relayed: sequence, .crossSlot)
        case .none:
            return reply(to: index, relayed: sequence, wrongArgumentCount(of: found))
        }
    }

    func wrongArgumentCount(of row: Int) -> CommandError {
        .wrongArgumentCount(dispatchTable.commands[row].fullName)
    }

    /// Does a request on a shard of this loop, or says where it can be done.
    mutating func route(
        _ found: Int, _ request: borrowing Request, isWrite: Bool, place: DatabaseSlot,
        from index: Int,
        relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        let shardIndex = Int(shardOfSlot[Int(place.slot.rawValue)])
        guard shardIndex >= 0 else {
            return sendElsewhere(request, place: place, from: index, relayed: sequence, now: now)
        }
        let view = self.view(of: shardIndex, now: now)
        guard view.isLeader else {
            return redirect(
                slot: place.slot, group: shards[shardIndex].group, of: index, relayed: sequence,
                now: now)
        }
        if view.isHalted {
            return reply(to: index, relayed: sequence, haltError(of: shardIndex))
        }
        if isWrite {
            return write(
                found, request, place: place, shard: shardIndex, view, from: index,
                relayed: sequence, now: now)
        }
        return read(
            found, request, place: place, shard: shardIndex, view, from: index, relayed: sequence,
            now: now)
    }

    /// What routing needs to know of a group, worked out anew when something has happened to it.
    mutating func view(of shardIndex: Int, now: Moment) -> RaftView {
        if shards[shardIndex].viewTurn != turn {
            let standing = shards[shardIndex].raft.standing(now: now)
            let isReadable =
                shards[shardIndex].machine.isReady
                && shards[shardIndex].appliedIndex >= standing.readFloor
            shards[shardIndex].view = RaftView(
                isLeader: standing.isLeader, term: standing.term,
                isTransferring: standing.isTransferring, isHalted: shards[shardIndex].isHalted,
                lacksRoom: standing.lacksRoom,
                readableUntil: isReadable ? standing.leaseEnd : .zero, present: standing.stamp)
            shards[shardIndex].viewTurn = turn
        }
        return shards[shardIndex].view
    }

    private mutating func write(
        _ found: Int, _ request: borrowing Request, place: DatabaseSlot, shard shardIndex: Int,
        _ view: RaftView, from index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        guard request.bytes.count <= settings.maxWriteByteCount else {
            return reply(to: index, relayed: sequence, .writeTooLarge(settings.maxWriteByteCount))
        }
        let group = shards[shardIndex].group
        if view.isTransferring {
            return waitForLeader(group, of: index, relayed: sequence, now: now)
        }
        let made = weight(of: found, request, place: place, shard: shardIndex, view)
        guard view.lacksRoom || hasRoom(shardIndex, for: request.bytes.count + made) else {
            return .wait(.backlog(group))
        }
        if sessions[index].roundReadCount > 0 { return .wait(.round(group)) }
        if let peek = dispatchTable.peeks[found], now.boot < view.readableUntil,
            !isBehindOwnWrite(index, shardIndex),
            self.peek(
                request, peek, place: place, shard: shardIndex, view, from: index,
                relayed: sequence)
        {
            statistics.peeks += 1
            isCallDone = true
            return .next
        }
        if view.lacksRoom { return refuseForRoom(index, relayed: sequence) }
        prefetchKey(of: request, at: place)
        append(
            request.bytes, place: place, flags: [], to: shardIndex,
            operation: PendingOperation(
                session: reference(to: index),
                sequence: reserveReply(of: index, relayed: sequence),
                version: sessions[index].version, place: place, read: 0..<0, row: Int16(found)))
        shards[shardIndex].open.madeByteCount += made
        return .next
    }

    /// About how many bytes a write will make that are not in its request: what is on its way to the
    /// state may change it.
    private func weight(
        of found: Int, _ request: borrowing Request, place: DatabaseSlot, shard shardIndex: Int,
        _ view: RaftView
    ) -> Int {
        guard dispatchTable.rows[found].isWeighed, let weigh = dispatchTable.weighs[found] else {
            return 0
        }
        var context = ExecutionContext(
            now: shards[shardIndex].appliedStamp, present: view.present, level: applyLevel,
            database: place.database, slot: place.slot)
        return shards[shardIndex].machine.weigh(weigh, request, &context)
    }

    /// Adds a write to the shard's open batch.
    mutating func append(
        _ request: Span<UInt8>, place: DatabaseSlot, flags: EntryFlags, to shardIndex: Int,
        operation: PendingOperation
    ) {
        appendCommand(request, place: place, flags: flags, to: shardIndex)
        let number = shards[shardIndex].append(operation)
        sessions[operation.session.index].noteWrite(number, to: shardIndex)
    }

    /// Adds a command to the payload of the shard's open batch.
    mutating func appendCommand(
        _ request: Span<UInt8>, place: DatabaseSlot, flags: EntryFlags, to shardIndex: Int
    ) {
        if shards[shardIndex].open.payload.isEmpty {
            beginPayload(of: shardIndex)
        }
        EntryPayload.append(
            request, place: place, flags: flags, to: &shards[shardIndex].open.payload)
        shards[shardIndex].open.commandCount += 1
    }

    /// Begins the payload of the shard's open batch, in memory that an earlier one has left.
    mutating func beginPayload(of shardIndex: Int) {
        if shards[shardIndex].open.payload.capacity == 0, let spare = sparePayloads.popLast() {
            shards[shardIndex].open.payload = spare
        }
        EntryPayload.begin(
            in: &shards[shardIndex].open.payload, level: applyLevel, seed: generator.next())
    }

    func isBehindOwnWrite(_ index: Int, _ shardIndex: Int) -> Bool {
        lastWrite(of: index, to: shardIndex) > shards[shardIndex].resolvedOperation
            && settings.fault != .readBeforeOwnWrite
    }

    /// What a read of applied state may go by.
    mutating func readContext(
        _ shardIndex: Int, place: DatabaseSlot, present: Int64
    ) -> ExecutionContext {
        ExecutionContext(
            now: shards[shardIndex].appliedStamp, present: present, seed: readSeeds.next(),
            level: applyLevel, database: place.database, slot: place.slot,
            fault: settings.fault == .expiryByPresentClock ? .expiryByPresentClock : nil)
    }

    /// Runs a write's peek.
    ///
    /// - Returns: Whether it gave the final reply.
    private mutating func peek(
        _ request: borrowing Request, _ peek: PeekBody, place: DatabaseSlot, shard shardIndex: Int,
        _ view: RaftView, from index: Int, relayed sequence: UInt64?
    ) -> Bool {
        var context = readContext(shardIndex, place: place, present: view.present)
        let machine = shards[shardIndex].machine
        let direct = beginReply(to: index)
        var isFinal: Bool
        do throws(CommandError) {
            isFinal = try machine.peek(peek, request, &context, &writer)
        } catch {
            writer.dropReply()
            writer.error(error.text)
            isFinal = true
        }
        if context.sawUncertainDeadline { isFinal = false }
        if isFinal {
            endReply(to: index, direct: direct, relayed: sequence)
        } else {
            writer.dropReply()
            if direct { swap(&writer.bytes, &sessions[index].output) }
        }
        return isFinal
    }

    private mutating func read(
        _ found: Int, _ request: borrowing Request, place: DatabaseSlot, shard shardIndex: Int,
        _ view: RaftView, from index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        let group = shards[shardIndex].group
        // One at a time, so that the turn can end before the next one.
        if dispatchTable.rows[found].worksMuch, !sessions[index].owesNothing {
            return .wait(.replies)
        }
        if isBehindOwnWrite(index, shardIndex) {
            guard hasRoom(shardIndex, for: request.bytes.count) else {
                return .wait(.backlog(group))
            }
            bind(
                request.bytes, place: place, to: shardIndex, from: index, relayed: sequence,
                hasLease: now.boot < view.readableUntil)
            return .next
        }
        if now.boot < view.readableUntil {
            // An earlier read of the session must not see a newer state than this one.
            if sessions[index].roundReadCount > 0 { return .wait(.round(group)) }
            if serve(
                found, request, place: place, shard: shardIndex, view, from: index,
                relayed: sequence)
            {
                statistics.leaseReads += 1
                isCallDone = true
                return .next
            }
            if view.lacksRoom, !journal.hasRoomForEntries {
                return refuseForRoom(index, relayed: sequence)
            }
            guard hasRoom(shardIndex, for: request.bytes.count) else {
                return .wait(.backlog(group))
            }
            statistics.tickReads += 1
            bind(
                request.bytes, place: place, to: shardIndex, from: index, relayed: sequence,
                hasLease: true)
            return .next
        }
        switch shards[shardIndex].raft.requestRead(now: now, into: &raftEffects) {
        case .now:
            handleRaftEffects(of: shardIndex, now: now)
            shards[shardIndex].viewTurn = 0
            return .wait(.leader(group))
        case .afterRound(let round):
            statistics.roundReads += 1
            sessions[index].roundReadCount += 1
            shards[shardIndex].roundReads.append(
                RoundRead(
                    round: round, session: reference(to: index),
                    sequence: reserveReply(of: index, relayed: sequence),
                    version: sessions[index].version, place: place,
                    request: [UInt8](copying: request.bytes)))
            handleRaftEffects(of: shardIndex, now: now)
            return .next
        case .notReady, .notLeader:
            return waitForLeader(group, of: index, relayed: sequence, now: now)
        }
    }

    /// Serves a read from applied state.
    ///
    /// - Returns: `false` when the read met a deadline later than the last applied stamp: nothing is
    ///   written then, and the read must follow a tick.
    private mutating func serve(
        _ found: Int, _ request: borrowing Request, place: DatabaseSlot, shard shardIndex: Int,
        _ view: RaftView, from index: Int, relayed sequence: UInt64?
    ) -> Bool {
        guard let body = dispatchTable.reads[found] else {
            preconditionFailure("a read without a body")
        }
        var context = readContext(shardIndex, place: place, present: view.present)
        let machine = shards[shardIndex].machine
        let direct = beginReply(to: index)
        do throws(CommandError) {
            try machine.read(body, request, &context, &writer)
        } catch {
            writer.dropReply()
            writer.error(error.text)
        }
        guard !context.sawUncertainDeadline else {
            writer.dropReply()
            if direct { swap(&writer.bytes, &sessions[index].output) }
            return false
        }
        noteRead(context)
        endReply(to: index, direct: direct, relayed: sequence)
        return true
    }

    /// Binds a read to its place behind the session's last write, or to the next entry.
    ///
    /// The entry of that write may have been committed by a later leader before the read came, and
    /// more after it: only under the lease is its place as new as the read. The next entry, which is
    /// proposed after the read came, proves by being committed that it is.
    mutating func bind(
        _ request: Span<UInt8>, place: DatabaseSlot, to shardIndex: Int, from index: Int,
        relayed sequence: UInt64?, hasLease: Bool
    ) {
        statistics.boundReads += 1
        let operation = PendingOperation(
            session: reference(to: index), sequence: reserveReply(of: index, relayed: sequence),
            version: sessions[index].version, place: place, read: 0..<0)
        let last = lastWrite(of: index, to: shardIndex)
        if hasLease, last > shards[shardIndex].resolvedOperation,
            let batch = shards[shardIndex].proposedIndex(holding: last)
        {
            shards[shardIndex].proposed[batch].batch.addRead(request, operation)
            shards[shardIndex].proposedByteCount += request.count
            return
        }
        let number = shards[shardIndex].appendRead(request, operation)
        // What the session asks from here on must not be answered from an older state.
        sessions[index].noteWrite(number, to: shardIndex)
    }

    // MARK: Elsewhere

    func loop(of group: GroupID) -> Int { Int(group.rawValue) % settings.loopCount }

    func isReplicatedHere(_ group: GroupID) -> Bool {
        directory.shards[group]?.replica(on: settings.nodeID) != nil
    }

    /// Forwards a request for a shard that this loop does not host to the loop that does, or sends the
    /// client to another node.
    mutating func sendElsewhere(
        _ request: borrowing Request, place: DatabaseSlot, from index: Int,
        relayed sequence: UInt64?,
        now: Moment
    ) -> Disposition {
        guard let group = directory.shard(of: place.slot) else {
            return waitForLeader(.directory, of: index, relayed: sequence, now: now)
        }
        let loop = self.loop(of: group)
        if loop != settings.loopIndex, sequence == nil, isReplicatedHere(group) {
            forward(request, from: index, to: loop)
            return .next
        }
        return redirect(
            slot: place.slot, group: group, of: index, relayed: sequence, now: now)
    }

    /// Sends the client to the node that leads the slot's shard, once one is known.
    mutating func redirect(
        slot: SlotID, group: GroupID, of index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        if sessions[index].incoming != nil, let sequence {
            refuseStream(index, from: ForwardFrame.Place(sequence: sequence))
            return .next
        }
        guard let text = moved(slot: slot, group: group) else {
            return waitForLeader(group, of: index, relayed: sequence, now: now)
        }
        statistics.redirections += 1
        return reply(to: index, relayed: sequence, CommandError(text))
    }

    /// A `MOVED` error to another node that is known to lead the group at the newest term.
    func moved(slot: SlotID, group: GroupID) -> String? {
        guard let leader = otherLeader(of: group),
            let address = directory.nodes[leader]?.cluster
        else { return nil }
        return "MOVED \(slot) \(address.host):\(address.port)"
    }

    /// Another node that is known to lead the group at the newest term.
    func otherLeader(of group: GroupID) -> NodeID? {
        guard let entry = leaders[group], let leader = entry.leader, leader != settings.nodeID
        else { return nil }
        if let index = shardIndexes[group], shards[index].raft.term > entry.term { return nil }
        return leader
    }

    /// Makes the request wait for a leader, or refuses it when it has waited long enough.
    mutating func waitForLeader(
        _ group: GroupID, of index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        let waited = waitedMilliseconds(index, for: .leader(group), now: now)
        guard waited >= settings.parkMilliseconds else { return .wait(.leader(group)) }
        if sessions[index].incoming != nil, let sequence {
            refuseStream(index, from: ForwardFrame.Place(sequence: sequence))
            return .next
        }
        // Who sends again keeps the time itself.
        if sessions[index].isPlain, sequence != nil { return .wait(.leader(group)) }
        statistics.refusals += 1
        return reply(to: index, relayed: sequence, .clusterDown)
    }

    private mutating func refuseForRoom(_ index: Int, relayed sequence: UInt64?) -> Disposition {
        statistics.diskRefusals += 1
        return reply(to: index, relayed: sequence, CommandError(noRoomError))
    }

    /// Answers with an error.
    mutating func reply(
        to index: Int, relayed sequence: UInt64?, _ error: CommandError
    ) -> Disposition {
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
    static let crossSlotInShardedDatabase = CommandError(
        "CROSSSLOT Keys in request don't hash to the same slot: database 0 is sharded here "
            + "(plain.database0), so give the keys one tag, as in {tag}key, or use another database"
    )
    static let partlyDone = CommandError(
        "UNCERTAIN some of the shards may have done it and some may not")
    static let unknownFate = CommandError(
        "UNCERTAIN the write's fate is not known: it may or may not have been done")
    static let lostRead = CommandError("TRYAGAIN the read could not be served in its place")
    static let clusterDown = CommandError("CLUSTERDOWN The cluster is down")

    static func replyTooLong(_ limit: Int) -> CommandError {
        CommandError("ERR the reply would have more than \(limit) bytes")
    }

    static func replyTooLongOfWrite(_ limit: Int) -> CommandError {
        CommandError("ERR the write was done, and its reply would have more than \(limit) bytes")
    }

    static func writeTooLarge(_ limit: Int) -> CommandError {
        CommandError("ERR the request is larger than max-write-size (\(limit) bytes)")
    }
}
