import Primitives

/// What `INFO` says of the process and its machine, fixed while it runs.
package struct HostFacts: Sendable {
    package var processID: Int
    /// Name, release and machine, as `uname` gives them.
    package var system: String
    package var executable: String
    package var memoryByteCount: Int

    package init(processID: Int, system: String, executable: String, memoryByteCount: Int) {
        self.processID = processID
        self.system = system
        self.executable = executable
        self.memoryByteCount = memoryByteCount
    }
}

/// What the whole process takes of its machine.
package struct ProcessUsage: Equatable, Sendable {
    package var residentByteCount: Int
    package var userMicroseconds: Int
    package var systemMicroseconds: Int

    package init(residentByteCount: Int, userMicroseconds: Int, systemMicroseconds: Int) {
        self.residentByteCount = residentByteCount
        self.userMicroseconds = userMicroseconds
        self.systemMicroseconds = systemMicroseconds
    }
}

/// How much a loop does in a second, measured over about the last one.
struct ServiceRates: Sendable {
    private var measuredAt = Instant.zero
    private var commands = 0
    private var inputByteCount = 0
    private var outputByteCount = 0
    private(set) var commandsPerSecond = 0
    private(set) var inputBytesPerSecond = 0
    private(set) var outputBytesPerSecond = 0

    mutating func measure(_ statistics: LoopStatistics, now: Instant) {
        let elapsed = now.milliseconds(since: measuredAt)
        guard elapsed >= 1000 else { return }
        let isFirst = measuredAt == .zero
        func rate(_ present: Int, _ past: Int) -> Int {
            isFirst ? 0 : (present - past) * 1000 / elapsed
        }
        commandsPerSecond = rate(statistics.commands, commands)
        inputBytesPerSecond = rate(statistics.inputByteCount, inputByteCount)
        outputBytesPerSecond = rate(statistics.outputByteCount, outputByteCount)
        measuredAt = now
        commands = statistics.commands
        inputByteCount = statistics.inputByteCount
        outputByteCount = statistics.outputByteCount
    }
}

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
    var isLoading = false
    /// Of the shards that the node leads.
    var keyCount = 0
    var deadlineCount = 0
    /// Of all replicas.
    var keyspaceByteCount = 0
    var segmentCount = 0

    mutating func add(_ other: Self) {
        statistics.connections += other.statistics.connections
        statistics.commands += other.statistics.commands
        statistics.inputByteCount += other.statistics.inputByteCount
        statistics.outputByteCount += other.statistics.outputByteCount
        statistics.entriesApplied += other.statistics.entriesApplied
        statistics.elections += other.statistics.elections
        statistics.redirections += other.statistics.redirections
        statistics.unknownOutcomes += other.statistics.unknownOutcomes
        statistics.snapshotsTaken += other.statistics.snapshotsTaken
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
        isLoading = isLoading || other.isLoading
        keyCount += other.keyCount
        deadlineCount += other.deadlineCount
        keyspaceByteCount += other.keyspaceByteCount
        segmentCount += other.segmentCount
    }
}

extension LoopCore {
    /// Takes note of what the process uses; about once a second.
    package mutating func processMeasured(_ usage: ProcessUsage) { processUsage = usage }

    /// This loop's part of what `INFO` says.
    func report() -> LoopReport {
        var report = LoopReport()
        report.statistics = statistics
        report.errorCount = writer.errorCount
        report.commandsPerSecond = rates.commandsPerSecond
        report.inputBytesPerSecond = rates.inputBytesPerSecond
        report.outputBytesPerSecond = rates.outputBytesPerSecond
        for index in sessions.indices where sessions[index].isOpen && !sessions[index].isProxy {
            let input = sessions[index].input.count
            let output = sessions[index].output.count
            report.clientCount += 1
            report.clientByteCount += input + output
            report.largestInputByteCount = max(report.largestInputByteCount, input)
            report.largestOutputByteCount = max(report.largestOutputByteCount, output)
        }
        for (_, gather) in gathers {
            if case .session = gather.requester, case .replicas = gather.kind {
                report.blockedClientCount += 1
            }
        }
        for shard in shards {
            report.hostedGroupCount += 1
            report.keyspaceByteCount += shard.machine.keyspaceByteCount
            if !shard.machine.isReady { report.isLoading = true }
            guard shard.isLeader, shard.machine.kind == .shard else { continue }
            report.ledGroupCount += 1
            report.keyCount += shard.machine.keyCount
            report.deadlineCount += shard.machine.keyspace.deadlineCount
        }
        report.segmentCount = journal.segmentCount
        return report
    }
}
