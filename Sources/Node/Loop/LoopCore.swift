import Consensus
package import Journal
package import Primitives
import Commands
import DequeModule
import RESP
import Topology

/// What a loop does: it talks to clients, hosts the replicas pinned to it, and keeps their journal.
///
/// A state machine without I/O or clock. Events come with the time; what must happen is collected
/// as ``LoopEffect``s and handed out by ``takeEffects()``.
package struct LoopCore: ~Copyable {
    private let addressOnly = AddressOnly()
    var settings: LoopSettings
    let bootID: UInt64
    let startedAt: Moment
    var generator: SeededGenerator
    /// For reads that draw at random; apart, so that they don't decide what ``generator`` gives.
    var readSeeds: SplitMix64

    // The cluster, as far as this loop knows it.
    var clusterID: ClusterID?
    var directory = DirectoryState()
    var leaders = LeaderTable()
    let dispatchTable = DispatchTable(CommandTable.standard)
    /// Which entry is being applied, for who looks at what a process died of.
    package let applyMark = ApplyMark()
    /// Turns ended so far, and one.
    var turn: UInt64 = 1

    // Replicas.
    var shards: [Shard] = []
    var shardIndexes = SortedMap<GroupID, Int>()
    /// The index in ``shards`` of each slot's shard; -1 where it is not hosted here.
    var shardOfSlot = [Int16](repeating: -1, count: SlotID.count)
    var raftEffects: [RaftEffect] = []
    var outgoing = SortedMap<NodeID, [UInt8]>()
    var transfers = SnapshotTransfers()
    /// Replicas that were here, by group, unless another of the group is here now.
    var retired = SortedMap<GroupID, RetiredReplica>()
    var haveQuarantinesChanged = false

    // Disk.
    var journal: Journal
    var diskRequests: [DiskRequest] = []
    /// Those that are not complete.
    var requestsUnderWay = Deque<DiskRequest>()
    var diskWatch: DiskWatch
    /// For each request for a snapshot file that is not complete, what it is for.
    var snapshotPurposes = Deque<SnapshotPurpose>()
    var taking: SnapshotTaking?
    /// Whether the loop has sent itself ``CoreMessage/continueInBackground``.
    var isBackgroundTurnDue = false
    var unsettled = Deque<UnsettledPersistence>()
    var isStopping = false
    /// Whether the journal's last record, that of a clean stop, is written or being written.
    var isJournalEnded = false
    var hasFailed = false

    // Clients.
    var sessions: [Session] = []
    var freeSessions: [Int] = []
    var proxies = SortedMap<ProxyKey, Int>()
    /// Tells this loop's connections from those of the same loop of another process of this node.
    let incarnation: UInt64
    /// Items for the leaders of shards, by node.
    var outgoingForwards = SortedMap<NodeID, [UInt8]>()
    /// The same for other loops of this node.
    var loopForwards = SortedMap<Int, [UInt8]>()
    /// What became of the requests of each loop of each node.
    var outgoingAnswers = SortedMap<ForwardOrigin.Key, [UInt8]>()
    /// Who forwards requests to this loop.
    var forwardOrigins = SortedMap<ForwardOrigin.Key, ForwardOrigin>()
    /// Plain connections with requests that were refused and are to be sent again.
    var resending: [SessionReference] = []
    var splits: [Split] = []
    /// Nodes with a bulk link to them, and since when.
    var linkedNodes = SortedMap<NodeID, Moment>()
    /// The same by the links for consensus.
    var consensusNodes = SortedMap<NodeID, Moment>()
    var lastStreamSweepAt = Instant.zero
    var listedForOutput: [Int] = []
    /// Sessions whose next request waits, by index.
    var obstructed: [Int] = []
    var gathers = SortedMap<UInt64, Gather>()
    var lastGather: UInt64 = 0
    /// What this loop has to do for commands over all shards, and could not do at once.
    var unfinishedParts: [UnfinishedPart] = []
    var lastClientID: UInt64 = 0
    var writer = ReplyWriter()
    var statistics = LoopStatistics()
    var rates = ServiceRates()
    /// What the process takes of its machine, as of the last ``processMeasured(_:)``.
    var processUsage: ProcessUsage?

    // What the shell must do.
    var effects: [LoopEffect] = []
    /// Entries applied since ``takeApplied()``; only while the settings ask for it.
    var applied: [AppliedEntry] = []
    var lastStatusAt = Instant.zero
    var lastExpiryAt = Instant.zero
    var lastMoveAt = Instant.zero
    var lastOutputCheckAt = Instant.zero
    /// What reads have worked on in this turn, in bytes (``ExecutionContext/work``).
    var workInTurn = 0
    /// Whether requests had to wait for this turn.
    var hasWaitedForTurn = false
    /// Whether shards have more to apply than the last turn could.
    var hasApplyBacklog = false
    /// The index in ``shards`` of the one that the next turn applies first.
    var firstToApply = 0
    /// The shards that have more to apply than their share of a turn.
    var backlog = BacklogQueue()
    var reserve = SnapshotReserve()
    var admin: LoopAdministration
    var calls: CommandCalls
    /// The row of what is being executed, and whether it was executed already.
    var callInHand = -1
    var isCallDone = false
    var requestsAhead = RequestsAhead()
    /// The single requests that have come in this turn.
    var arrivals: [Arrival] = []
    /// The keys of the last requests that came one by one, while where their tables are, and their buckets,
    /// are on their way from memory.
    var awaitedTable: KeyHint?
    var awaitedBucket: KeyHint?
    /// Empty, with room for the payloads that come next.
    var sparePayloads: [[UInt8]] = []
    /// The same for their operations.
    var spareOperations: [[PendingOperation]] = []
    /// Whether there may be work that waits for nobody: looked for after each tick, and once something
    /// was applied or made, since that costs more than a turn with few requests.
    var mayHaveBackgroundWork = true
    /// The time of the last event.
    var present: Moment

    /// Brings the loop to where its journal ends.
    ///
    /// - Parameters:
    ///   - settings: Fixed for the life of the process.
    ///   - recovery: What the journal holds.
    ///   - disk: Where the journal's snapshots are read from.
    ///   - crashes: What this node's processes, of this build's version, were applying when they ended;
    ///     one for each time.
    ///   - bootID: Which boot of the machine this is.
    ///   - seed: For elections and the seeds of entries.
    ///   - now: The time.
    /// - Throws: ``StopReason/unusable(_:)`` when a snapshot can't be read.
    package init(
        settings: LoopSettings, recovery: consuming Journal.Recovery, disk: some JournalDisk,
        crashes: [CrashMark] = [], bootID: UInt64, seed: UInt64, now: Moment
    ) throws(LoopStartFailure) {
        self.settings = settings
        writer.byteLimit = settings.replyByteCount
        admin = LoopAdministration(settings)
        calls = CommandCalls(dispatchTable.commands.map(\.fullName), stopwatch: settings.stopwatch)
        calls.adopt(admin.parameters)
        present = now
        self.bootID = bootID
        startedAt = now
        generator = SeededGenerator(seed: seed)
        incarnation = generator.next()
        readSeeds = SplitMix64(state: SplitMix64.mix(seed))
        diskWatch = DiskWatch(now: now.boot)
        journal = recovery.journal
        for group in recovery.groups {
            try host(group, disk: disk, now: now)
        }
        for line in recovery.report.lines { effects.append(.log(.info, line)) }
        for line in recovery.report.damageLines { effects.append(.log(.error, line)) }
        heed(crashes)
    }

    /// Sets the loop going; called once, before any other event.
    package mutating func start(now: Moment) {
        if let index = shardIndexes[.directory] {
            publishDirectory(shards[index].machine.directory)
        }
        endTurn(now: now)
    }

    /// Lets time pass: elections, heartbeats, timeouts. Called every 10 ms.
    package mutating func tick(now: Moment) {
        if isJournalEnded { return }
        present = now
        mayHaveBackgroundWork = true
        journal.tick(now: now, into: &diskRequests)
        watchDisk(now: now)
        // What was recovered may be in the page cache alone: nothing may rely on it before the
        // journal's opening batch has made it durable.
        guard journal.isOpen else { return }
        for index in shards.indices where !shards[index].isRetired {
            shards[index].raft.tick(now: now, into: &raftEffects)
            handleRaftEffects(of: index, now: now)
        }
        trimCache()
        continueTransfers(now: now)
        continueMoves(now: now)
        failOverdue(now: now)
        failOverdueForwards(now: now)
        sweepStreams(now: now)
        refuseStuckBatches()
        proposeExpiry(now: now)
        proposeStateChecks(now: now)
        quarantineDiffering(now: now)
        dropStalledClients(now: now)
        dropIdleClients(now: now)
        snapshotLongLogs(now: now)
        keepSnapshotReserve(now: now)
        retryObstructed(now: now)
        rates.measure(statistics, now: now.boot)
        reportStatus(now: now)
    }

    /// Ends a turn: what reached the shards since the last one becomes entries, and everything that
    /// must leave leaves.
    package mutating func endTurn(now: Moment) {
        if hasFailed { return }
        present = now
        turn += 1
        prefetchAwaitedKeys()
        prefetchAwaitedKeys()
        if hasWaitedForTurn { retryObstructed(now: now) }
        useArrivals(now: now)
        applyCommitted(now: now)
        continueParts(now: now)
        continueResending(now: now)
        retryObstructed(now: now)
        // A client may have asked more behind a command in parts.
        while finishSplits() { retryObstructed(now: now) }
        if journal.canFlush, !isJournalEnded {
            for index in shards.indices { closeBatch(of: index, now: now) }
            flushJournal(now: now)
            // What needs an entry of its own comes before what fills the next one.
            retryObstructed(now: now)
            endJournal(now: now)
        }
        sendFrames()
        hasWaitedForTurn = isTurnSpent
        workInTurn = 0
        if hasWaitedForTurn || hasApplyBacklog {
            effects.append(.post(.continueApplying, to: .loop(settings.loopIndex)))
        }
        emitDiskRequests()
        postBackgroundTurn()
    }

    /// What the shell must do now, in order. Called until it is empty.
    package mutating func takeEffects() -> [LoopEffect] {
        var taken: [LoopEffect] = []
        takeEffects(into: &taken)
        return taken
    }

    /// The same into `taken`, which is empty and whose room serves again.
    package mutating func takeEffects(into taken: inout [LoopEffect]) {
        swap(&taken, &effects)
        for index in listedForOutput {
            sessions[index].isListedForOutput = false
            guard sessions[index].isOpen, sessions[index].hasSocket else { continue }
            taken.append(.clientOutput(id(of: index)))
        }
        listedForOutput.removeAll(keepingCapacity: true)
    }

    /// Takes a message from another core of this node.
    package mutating func received(_ message: CoreMessage, from sender: CoreID, now: Moment) {
        switch message {
        case _ where isJournalEnded: break
        case .hostDirectory(let replica, let configuration):
            hostDirectory(replica: replica, configuration: configuration, now: now)
        case .currentReplica(let group, let replica, let configuration):
            learnReplica(group, replica, configuration, now: now)
        case .proposeDirectory(let command): propose(command, now: now)
        case .changeDirectoryMembers(let voters, let learners):
            guard let index = shardIndexes[.directory] else { return }
            _ = shards[index].raft.proposeConfiguration(
                voters: voters, learners: learners, now: now, into: &raftEffects)
            handleRaftEffects(of: index, now: now)
        case .transferLeadership(let group, let node): transfer(group, to: node, now: now)
        case .leaderHints(let hints):
            for hint in hints { learnLeader(hint) }
        case .cluster(let id): clusterID = id
        case .directory(let state): follow(state, now: now)
        case .quarantines, .changeParameters, .formerPeers:
            preconditionFailure("\(sender) told a loop what only homes are told")
        case .parametersChanged(let ticket, let epoch):
            parametersChanged(ticket: ticket, epoch: epoch)
        case .parametersRefused(let ticket, let text):
            parametersRefused(ticket: ticket, text)
        case .groupStatus(let reports):
            for report in reports where shardIndexes[report.group] == nil {
                _ = leaders.learn(
                    report.group, term: report.term, leader: report.leader?.node)
            }
        case .relayed(let work): receive(work, from: sender, now: now)
        case .continueApplying: break
        case .continueInBackground: continueInBackground()
        }
    }

    /// Makes a clean stop: what is accepted is written, and the journal says so at its end. The
    /// shell exits once ``hasStopped`` holds.
    package mutating func stop(now: Moment) {
        isStopping = true
        endTurn(now: now)
    }

    /// Ends the journal once nothing waits to be written to it; nothing is taken in from then on.
    private mutating func endJournal(now: Moment) {
        guard isStopping, !isJournalEnded, journal.isOpen, journal.canFlush,
            !journal.hasOpenRecords, shards.allSatisfy({ $0.open.isEmpty })
        else { return }
        isJournalEnded = true
        journal.append(.cleanStop)
        flushJournal(now: now)
    }

    /// Whether everything that ``stop(now:)`` asked for is done.
    package var hasStopped: Bool { isJournalEnded && requestsUnderWay.isEmpty }
}

/// Why a loop can't start from what its folder holds.
package enum LoopStartFailure: Error, Equatable, Sendable {
    case unreadableSnapshot(GroupID, String)
    /// A later version of Martlet wrote the file.
    case newerSnapshot(GroupID, String)
}
