import Consensus
import Keyspace
import Primitives

/// A loop's part of what `INFO` says of the node.
package struct LoopReport: Sendable {
    var statistics = LoopStatistics()
    var errorCount = 0
    var commandsPerSecond = 0
    var inputBytesPerSecond = 0
    var outputBytesPerSecond = 0
    var clientCount = 0
    var blockedClientCount = 0
    var clientByteCount = 0
    var largestInputByteCount = 0
    var largestOutputByteCount = 0
    var hostedGroupCount = 0
    var ledGroupCount = 0
    /// Replicas that don't apply their log any further.
    var haltedGroupCount = 0
    var isLoading = false
    /// Of the shards that the node leads: the sharded keyspace, and the whole databases by number.
    var sharded = DatabaseCounts()
    var wholeDatabases = [DatabaseCounts](
        repeating: DatabaseCounts(), count: DatabaseID.wholeCount)
    /// Of all replicas.
    var keyspaceByteCount = 0
    var segmentCount = 0
    /// Of the loop that is worst off.
    var hindrance = Hindrance.none
    /// Snapshots that are being taken.
    var takingSnapshotCount = 0
    /// What is kept of the disk for snapshots, and what should be.
    var reservedByteCount = 0
    var wantedReserveByteCount = 0
    /// Snapshots on their way to followers.
    var outgoingSnapshotCount = 0
    /// By their first words.
    var errors = SortedMap<String, Int>()
    /// Only where they are asked for.
    var calls: CommandCalls?
    var commitLatency = LatencyHistogram()
    var diskLatency = LatencyHistogram()
    var queues = QueueLengths()
    var lags: [ReplicationLag] = []
    /// Writes of the shards that the node leads since their last snapshots.
    var changeCount = 0
    /// Of the process.
    var usage: ProcessUsage?

    mutating func add(_ other: Self) {
        statistics.connections += other.statistics.connections
        statistics.commands += other.statistics.commands
        statistics.inputByteCount += other.statistics.inputByteCount
        statistics.outputByteCount += other.statistics.outputByteCount
        statistics.entriesApplied += other.statistics.entriesApplied
        statistics.elections += other.statistics.elections
        statistics.redirections += other.statistics.redirections
        statistics.unknownOutcomes += other.statistics.unknownOutcomes
        statistics.stalledClients += other.statistics.stalledClients
        statistics.snapshotsTaken += other.statistics.snapshotsTaken
        statistics.snapshotsInstalled += other.statistics.snapshotsInstalled
        statistics.longestTurn = max(statistics.longestTurn, other.statistics.longestTurn)
        statistics.longestProcessorTurn = max(
            statistics.longestProcessorTurn, other.statistics.longestProcessorTurn)
        statistics.longTurns += other.statistics.longTurns
        statistics.longProcessorTurns += other.statistics.longProcessorTurns
        errorCount += other.errorCount
        commandsPerSecond += other.commandsPerSecond
        inputBytesPerSecond += other.inputBytesPerSecond
        outputBytesPerSecond += other.outputBytesPerSecond
        clientCount += other.clientCount
        blockedClientCount += other.blockedClientCount
        clientByteCount += other.clientByteCount
        largestInputByteCount = max(largestInputByteCount, other.largestInputByteCount)
        largestOutputByteCount = max(largestOutputByteCount, other.largestOutputByteCount)
        hostedGroupCount += other.hostedGroupCount
        ledGroupCount += other.ledGroupCount
        haltedGroupCount += other.haltedGroupCount
        statistics.stateChecks += other.statistics.stateChecks
        statistics.stateDifferences += other.statistics.stateDifferences
        isLoading = isLoading || other.isLoading
        sharded.add(other.sharded)
        for number in wholeDatabases.indices {
            wholeDatabases[number].add(other.wholeDatabases[number])
        }
        statistics.forwards += other.statistics.forwards
        statistics.forwardRefusals += other.statistics.forwardRefusals
        keyspaceByteCount += other.keyspaceByteCount
        segmentCount += other.segmentCount
        if other.hindrance.rawValue > hindrance.rawValue { hindrance = other.hindrance }
        statistics.fullDisks += other.statistics.fullDisks
        statistics.hungDisks += other.statistics.hungDisks
        statistics.diskRefusals += other.statistics.diskRefusals
        statistics.handovers += other.statistics.handovers
        takingSnapshotCount += other.takingSnapshotCount
        reservedByteCount += other.reservedByteCount
        wantedReserveByteCount += other.wantedReserveByteCount
        outgoingSnapshotCount += other.outgoingSnapshotCount
        addMeasured(other)
    }

    private mutating func addMeasured(_ other: Self) {
        statistics.keyspaceHits += other.statistics.keyspaceHits
        statistics.keyspaceMisses += other.statistics.keyspaceMisses
        statistics.expiredKeys += other.statistics.expiredKeys
        statistics.leadershipsLost += other.statistics.leadershipsLost
        statistics.proposalsLost += other.statistics.proposalsLost
        statistics.refusals += other.statistics.refusals
        for (code, count) in other.errors { errors[code, default: 0] += count }
        if let part = other.calls { calls == nil ? (calls = part) : calls?.add(part) }
        commitLatency.add(other.commitLatency)
        diskLatency.add(other.diskLatency)
        queues.add(other.queues)
        lags += other.lags
        changeCount += other.changeCount
        usage = usage ?? other.usage
    }
}

/// How many keys a database has, and how many of them a deadline.
struct DatabaseCounts: Sendable {
    var keys = 0
    var deadlines = 0

    init() {}

    init(_ keyspace: borrowing Keyspace) {
        keys = keyspace.keyCount
        deadlines = keyspace.deadlineCount
    }

    mutating func add(_ other: Self) {
        keys += other.keys
        deadlines += other.deadlines
    }
}

extension LoopCore {
    /// Takes note of what the process uses; about once a second.
    package mutating func processMeasured(_ usage: ProcessUsage) { processUsage = usage }

    /// This loop's part of what `INFO` says.
    func report(withCalls: Bool) -> LoopReport {
        var report = LoopReport()
        report.statistics = statistics.since(admin.baseline)
        report.errorCount = writer.errorCount - admin.errorBaseline
        report.commandsPerSecond = rates.commandsPerSecond
        report.inputBytesPerSecond = rates.inputBytesPerSecond
        report.outputBytesPerSecond = rates.outputBytesPerSecond
        for index in sessions.indices where sessions[index].isOpen && sessions[index].hasSocket {
            let input = sessions[index].input.count
            report.clientCount += 1
            if isBlocked(index) { report.blockedClientCount += 1 }
            report.clientByteCount += input + sessions[index].output.count
            report.largestInputByteCount = max(report.largestInputByteCount, input)
            report.largestOutputByteCount = max(
                report.largestOutputByteCount, sessions[index].unsentByteCount)
        }
        for shard in shards where !shard.isRetired {
            report.hostedGroupCount += 1
            report.keyspaceByteCount += shard.machine.keyspaceByteCount
            if !shard.machine.isReady { report.isLoading = true }
            if shard.isHalted { report.haltedGroupCount += 1 }
            guard shard.isLeader, shard.machine.kind == .shard else { continue }
            report.ledGroupCount += 1
            report.sharded.add(DatabaseCounts(shard.machine.keyspace))
            for (number, database) in shard.machine.wholeDatabases.enumerated() {
                report.wholeDatabases[number].add(DatabaseCounts(database.keyspace))
            }
        }
        report.segmentCount = journal.segmentCount
        report.hindrance = hindrance
        report.reservedByteCount = max(0, reserve.byteCount)
        report.wantedReserveByteCount = reserve.wantedByteCount
        report.takingSnapshotCount = taking == nil ? 0 : 1
        report.outgoingSnapshotCount = transfers.outgoing.count
        if withCalls { report.calls = calls }
        addLatencies(to: &report)
        return report
    }
}
