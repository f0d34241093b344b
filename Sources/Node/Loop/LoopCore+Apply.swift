import Commands
import Consensus
import Keyspace
import Primitives
import RESP

extension LoopCore {
    /// Applies what is committed, as far as one turn may go, and serves the reads that waited for it.
    ///
    /// Shards with little to apply share the turn evenly. One that does not come to its end within its
    /// share waits in ``backlog`` from then on, where shards are applied one after the other. When the
    /// turn ends before all had their share, the next one begins where it ended.
    mutating func applyCommitted(now: Moment) {
        var budget = settings.applyBatchCommandCount
        var waitingCount = shards.indices.count { !shards[$0].isInBacklog && mayApply($0) }
        if !backlog.isEmpty { waitingCount += 1 }
        let first = firstToApply < shards.count ? firstToApply : 0
        firstToApply = 0
        for step in shards.indices {
            let index = first + step < shards.count ? first + step : first + step - shards.count
            guard !shards[index].isInBacklog, mayApply(index) else { continue }
            if budget > 0 {
                budget -= apply(index, budget: max(1, budget / waitingCount), now: now)
                if mayApply(index) {
                    shards[index].isInBacklog = true
                    backlog.add(index)
                }
            } else if firstToApply == 0 {
                firstToApply = index
            }
            waitingCount -= 1
        }
        applyBacklog(budget: budget, now: now)
        hasApplyBacklog = false
        for index in shards.indices where !shards[index].isRetired {
            if mayApply(index) { hasApplyBacklog = true }
            serveConfirmedReads(of: index, now: now)
        }
    }

    private mutating func applyBacklog(budget: Int, now: Moment) {
        var budget = budget
        while budget > 0 {
            guard let chosen = backlog.current ?? chooseFromBacklog() else { return }
            let cost = apply(chosen, budget: budget, now: now)
            budget -= cost
            if mayApply(chosen) {
                backlog.spend(cost, limit: turnsAlone * settings.applyBatchCommandCount)
            } else {
                shards[chosen].isInBacklog = false
                backlog.remove(chosen)
            }
        }
    }

    private mutating func chooseFromBacklog() -> Int? {
        let ranks = backlog.shards.map { index in
            BacklogQueue.Rank(
                isAskedFor: isAskedFor(index),
                entryCount: shards[index].raft.commitIndex - shards[index].appliedIndex)
        }
        return backlog.choose(by: ranks)
    }

    /// Whether clients wait for what the shard has yet to apply.
    private func isAskedFor(_ index: Int) -> Bool {
        if !shards[index].roundReads.isEmpty || shards[index].oldestProposed != nil { return true }
        let group = shards[index].group
        return obstructed.contains { session in
            switch sessions[session].obstacle {
            case .leader(let awaited), .backlog(let awaited), .round(let awaited): awaited == group
            case .replies, .output, .owed, .pause, .turn, nil: false
            }
        }
    }

    private func mayApply(_ index: Int) -> Bool {
        !shards[index].isRetired && shards[index].appliedIndex < shards[index].raft.commitIndex
            && shards[index].machine.isReady && !hasFailed
            && shards[index].appliedIndex.next != shards[index].haltIndex
    }

    /// Applies entries of one shard until they have cost `budget`.
    ///
    /// - Returns: What they cost: 1 for each, for each command and for 256 bytes, be they in the entry or
    ///   made or copied by its commands.
    private mutating func apply(_ index: Int, budget: Int, now: Moment) -> Int {
        var cost = 0
        while cost < budget, mayApply(index) {
            let next = shards[index].appliedIndex.next
            guard let entry = shards[index].raft.entry(at: next) else {
                preconditionFailure(
                    "group \(shards[index].group) has committed entry \(next) and lost it")
            }
            guard knowsLevel(of: entry, index) else { break }
            let done = apply(entry, to: index, now: now)
            cost += 1 + done.commandCount + (entry.payload.count + done.byteCount) >> 8
        }
        return cost
    }

    /// Stops the node before it applies an entry whose commands mean something that this build
    /// doesn't know: its state would no longer be that of the other replicas.
    private mutating func knowsLevel(of entry: LogEntry, _ index: Int) -> Bool {
        guard entry.kind == .command, shards[index].machine.kind == .shard,
            let header = try? EntryPayload.header(of: entry.payload.span),
            header.level > applyLevel
        else { return true }
        hasFailed = true
        effects.append(
            .stop(
                .unusable(
                    "entry \(entry.index) of group \(shards[index].group) has apply level \(header.level); this build knows levels up to \(applyLevel)"
                )))
        return false
    }

    /// Applies one entry.
    ///
    /// - Returns: How many commands it had, and what they made and copied beside what it brought
    ///   (``ExecutionContext/madeByteCount`` and ``ExecutionContext/work``).
    private mutating func apply(
        _ entry: LogEntry, to index: Int, now: Moment
    ) -> (commandCount: Int, byteCount: Int) {
        applyMark.begin(shards[index].group, shards[index].replica, entry.index)
        defer { applyMark.end() }
        settleLostBatches(of: index, before: entry, now: now)
        var mine: Batch?
        if let oldest = shards[index].oldestProposed, oldest.isEntry(entry) {
            noteCommit(since: oldest.proposedAt, now: now)
            mine = shards[index].popProposed().batch
        }
        var done = (commandCount: 0, byteCount: 0)
        switch entry.kind {
        case .noop: break
        case .configuration:
            var reader = ByteReader(entry.payload)
            if let configuration = try? Configuration(reading: &reader) {
                shards[index].appliedConfiguration = configuration
            }
        case .command:
            if shards[index].machine.kind == .directory {
                applyToDirectory(entry, index)
            } else {
                done = applyBatch(entry, mine, to: index, now: now)
            }
        }
        shards[index].appliedIndex = entry.index
        shards[index].appliedTerm = entry.term
        shards[index].appliedStamp = max(shards[index].appliedStamp, entry.stamp)
        if settings.tracksHistory {
            applied.append(AppliedEntry(entry, of: shards[index].group))
        }
        if var batch = mine {
            mine = nil
            shards[index].resolvedOperation = batch.lastOperation
            shards[index].resolvedIndex = entry.index
            keepForReuse(&batch.operations)
        }
        if entry.kind == .command, shards[index].machine.kind == .directory {
            publishDirectory(shards[index].machine.directory)
            checkDirectoryState(of: index, at: entry.index)
        }
        statistics.entriesApplied += 1
        mayHaveBackgroundWork = true
        statistics.commandsApplied += done.commandCount
        return done
    }

    // MARK: Hot path

    /// Runs the commands of an entry, and in between the reads that are bound to places among them.
    private mutating func applyBatch(
        _ entry: LogEntry, _ batch: Batch?, to index: Int, now: Moment
    ) -> (commandCount: Int, byteCount: Int) {
        let bytes = entry.payload.span
        let machine = shards[index].machine
        let operations = batch?.operations ?? []
        let reads = batch?.readBytes ?? []
        let isMine = batch != nil
        var operation = 0
        guard let header = try? EntryPayload.header(of: bytes) else { return (0, 0) }
        calls.pause()
        var offset = EntryPayload.headerByteCount
        var context = ExecutionContext(
            now: entry.stamp, seed: header.seed, level: header.level)
        var frame = RequestFrame()
        // What came from here was asked for when it came.
        var prefetchedCount = isMine ? header.commandCount : 0
        for number in 0..<header.commandCount {
            if number == prefetchedCount, header.commandCount - number > 1 {
                prefetchedCount += prefetchCommands(
                    of: bytes, from: offset, count: header.commandCount - number)
            }
            guard let command = try? EntryPayload.command(of: bytes, at: &offset) else { break }
            if !command.flags.isEmpty { calls.pause() }
            if command.flags.contains(.expire) {
                let removed = machine.expireStep(now: entry.stamp, limit: expiryStepCount)
                if isMine { statistics.expiredKeys += removed }
                continue
            }
            if command.flags.contains(.checkState) {
                beginStateCheck(of: index, at: entry.index, now: now)
                continue
            }
            precondition(
                !command.flags.contains(.poison) || !settings.allowsDebug,
                "entry \(entry.index) of group \(shards[index].group) is poison")
            context.seed = header.seed &+ UInt64(number)
            context.slot = command.place.slot
            context.database = command.place.database
            var mine: PendingOperation?
            if isMine {
                runReads(
                    operations, reads, from: &operation, on: machine, context: context,
                    areFollowed: true)
                mine = operations[operation]
                operation += 1
            }
            execute(
                command, bytes.extracting(command.request), on: machine, context: &context,
                frame: &frame, for: mine, isFollowed: number + 1 < header.commandCount)
        }
        runReads(
            operations, reads, from: &operation, on: machine, context: context, areFollowed: false)
        calls.pause()
        precondition(
            operation == operations.count,
            "entry \(entry.index) answers \(operation) of \(operations.count) operations")
        return (header.commandCount, context.madeByteCount + context.work)
    }

    /// Runs one write and answers it, if it came from here.
    private mutating func execute(
        _ command: EntryPayload.Command, _ bytes: Span<UInt8>, on machine: StateMachine,
        context: inout ExecutionContext, frame: inout RequestFrame,
        for operation: PendingOperation?, isFollowed: Bool
    ) {
        machine.changeCount += 1
        if command.flags.contains(.flushDatabase) {
            machine.flush(command.place.database)
            if let operation { finishShard(of: operation.gather) }
            return
        }
        guard machine.slots.serves(command.place.slot) else {
            if let operation {
                fail(operation, "TRYAGAIN slot \(command.place.slot) has left this shard")
            }
            return
        }
        guard let operation else {
            writer.begin(version: .two, isDiscarding: true)
            return runWrite(bytes, row: -1, on: machine, context: &context, frame: &frame)
        }
        let reserved = beginReserved(
            operation.session, sequence: operation.sequence, version: operation.version)
        calls.begin()
        let errorCount = writer.errorCount
        runWrite(
            bytes, row: Int(operation.row), on: machine, context: &context, frame: &frame)
        noteLateCall(
            bytes, operation.session, errorCount: errorCount, isFollowed: isFollowed)
        endReserved(reserved)
    }

    /// Runs a write of an entry; `row` is its command's, or -1.
    private mutating func runWrite(
        _ bytes: Span<UInt8>, row: Int, on machine: StateMachine,
        context: inout ExecutionContext, frame: inout RequestFrame
    ) {
        guard case .complete? = try? RequestParser(limits: .unlimited).parse(bytes, into: &frame),
            let found = row >= 0 ? row : dispatchTable.find(Request(bytes: bytes, frame: frame)),
            dispatchTable.rows[found].acceptsCount(frame.count)
        else { return writer.error("ERR an entry holds a request that can't be read") }
        callInHand = found
        if !dispatchTable.rows[found].isBrief { calls.endRunBefore() }
        do throws(CommandError) {
            guard let body = dispatchTable.writes[found] else {
                throw CommandError("ERR an entry holds a command that does not write")
            }
            try machine.write(body, Request(bytes: bytes, frame: frame), &context, &writer)
        } catch {
            writer.dropReply()
            writer.error(error.text)
        }
        if writer.isTooLong {
            writer.replaceTooLong(
                by: CommandError.replyTooLongOfWrite(writer.byteLimit).text)
        }
    }

    /// Runs the reads from place `operation` up to the next write; their requests are in `bytes`.
    private mutating func runReads(
        _ operations: [PendingOperation], _ bytes: [UInt8], from operation: inout Int,
        on machine: StateMachine, context: ExecutionContext, areFollowed: Bool
    ) {
        while operation < operations.count, !operations[operation].isWrite {
            let read = operations[operation]
            let isFollowed =
                areFollowed
                || operation + 1 < operations.count && !operations[operation + 1].isWrite
            let reserved = beginReserved(
                read.session, sequence: read.sequence, version: read.version)
            calls.begin()
            let errorCount = writer.errorCount
            runRead(
                bytes.span.extracting(read.read), place: read.place, on: machine, context: context)
            noteLateCall(
                bytes.span.extracting(read.read), read.session, errorCount: errorCount,
                isFollowed: isFollowed)
            endReserved(reserved)
            operation += 1
        }
    }

    private mutating func runRead(
        _ bytes: Span<UInt8>, place: DatabaseSlot, on machine: StateMachine,
        context: ExecutionContext
    ) {
        var context = context
        context.slot = place.slot
        context.database = place.database
        context.seed = readSeeds.next()
        var frame = RequestFrame()
        guard case .complete? = try? RequestParser(limits: .unlimited).parse(bytes, into: &frame)
        else { return writer.error("ERR a read can't be read") }
        let request = Request(bytes: bytes, frame: frame)
        do throws(CommandError) {
            guard let found = dispatchTable.find(request),
                let body = dispatchTable.reads[found]
            else { throw CommandError("ERR a read can't be read") }
            callInHand = found
            if !dispatchTable.rows[found].isBrief { calls.endRunBefore() }
            try machine.read(body, request, &context, &writer)
        } catch {
            writer.dropReply()
            writer.error(error.text)
        }
        noteRead(context)
    }

    /// Notes what a read that is answered has looked up and worked on.
    mutating func noteRead(_ context: ExecutionContext) {
        noteLookups(context)
        workInTurn += context.work
        if writer.isTooLong { replaceTooLongReply() }
    }

    // MARK: Fates

    /// Decides the batches whose entry can no longer commit, now that `entry` has.
    ///
    /// At `entry`'s index and before it, no other entry is part of the log. Terms never fall along a
    /// log, so one of an older term than `entry`'s isn't either at a later index. A batch of a newer
    /// term may be displaced too: its leader may have had a follower's log end before an old entry
    /// that a later leader still had (Raft paper, figure 8).
    private mutating func settleLostBatches(
        of index: Int, before entry: LogEntry, now: Moment
    ) {
        while let oldest = shards[index].oldestProposed,
            oldest.term < entry.term || oldest.index < entry.index
                || oldest.index == entry.index && !oldest.isEntry(entry)
        {
            statistics.proposalsLost += 1
            let lost = shards[index].popProposed()
            orphan(lost.batch, of: index, now: now)
        }
    }

    /// The batch's operations certainly were not done and won't be.
    mutating func orphan(_ batch: Batch, of index: Int, now: Moment) {
        for operation in batch.operations {
            if operation.gather != 0 {
                failPart(
                    of: operation.gather, "TRYAGAIN a shard changed its leader; nothing was done",
                    mayBeDone: false)
                continue
            }
            if refuse(operation.session, sequence: operation.sequence, now: now) { continue }
            shards[index].orphans.append(
                OrphanedOperation(
                    session: operation.session, sequence: operation.sequence, since: now.boot,
                    place: operation.place))
        }
        shards[index].resolvedOperation = max(
            shards[index].resolvedOperation, batch.lastOperation)
    }

    /// The batch's operations may have been done and may not.
    mutating func giveUp(on batch: Batch, of index: Int) {
        for operation in batch.operations {
            if operation.gather != 0 {
                failPart(of: operation.gather, CommandError.partlyDone.text, mayBeDone: true)
                continue
            }
            let error = operation.isWrite ? CommandError.unknownFate : CommandError.lostRead
            fail(operation, error.text)
        }
        shards[index].resolvedOperation = max(
            shards[index].resolvedOperation, batch.lastOperation)
    }

    /// Answers what has waited for its fate, or for a leader to be known, as long as it may.
    mutating func failOverdue(now: Moment) {
        for index in shards.indices {
            while let oldest = shards[index].oldestProposed,
                now.boot.milliseconds(since: oldest.proposedAt) >= settings.unknownMilliseconds
            {
                let batch = shards[index].popProposed().batch
                giveUp(on: batch, of: index)
            }
            answerOrphans(of: index, now: now)
        }
    }

    mutating func answerOrphans(of index: Int, now: Moment) {
        guard !shards[index].orphans.isEmpty else { return }
        var orphans: [OrphanedOperation] = []
        swap(&orphans, &shards[index].orphans)
        let group = shards[index].group
        for orphan in orphans {
            if shards[index].isLeader {
                fail(
                    orphan.session, sequence: orphan.sequence,
                    "TRYAGAIN the shard changed its leader; nothing was done")
            } else if let text = moved(slot: orphan.place.slot, group: group) {
                statistics.redirections += 1
                fail(orphan.session, sequence: orphan.sequence, text)
            } else if now.boot.milliseconds(since: orphan.since) >= settings.parkMilliseconds {
                statistics.refusals += 1
                fail(orphan.session, sequence: orphan.sequence, CommandError.clusterDown.text)
            } else {
                shards[index].orphans.append(orphan)
            }
        }
    }
}

/// Turns that one shard of the backlog has to itself before another may be chosen.
private let turnsAlone = 8

/// Keys that one expiry command removes at most.
let expiryStepCount = 1000

extension RequestLimits {
    /// What was accepted once is applied whatever the settings say now.
    static var unlimited: RequestLimits {
        var limits = RequestLimits()
        limits.argumentCount = .max
        limits.bulkByteCount = .max
        return limits
    }
}
