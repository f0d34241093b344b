package import Consensus
package import Primitives

/// A look at a hosted group, for the simulator's checkers and for reports.
package struct GroupInspection: Equatable, Sendable {
    package var group: GroupID
    package var replica: ReplicaID
    package var term: Term
    package var role: Role
    package var commitIndex: LogIndex
    package var appliedIndex: LogIndex
    package var appliedStamp: Int64
    package var isAmnesiac: Bool
    package var isReady: Bool
    /// The latest in the log, committed or not, and the index that put it in force.
    package var configuration: Configuration
    package var configurationIndex: LogIndex
    /// The log is on disk up to here.
    package var durableIndex: LogIndex
}

extension LoopCore {
    /// The groups that this loop hosts, in the order in which it took them up.
    package func inspect() -> [GroupInspection] {
        shards.filter { !$0.isRetired }.map { shard in
            GroupInspection(
                group: shard.group, replica: shard.replica, term: shard.raft.term,
                role: shard.raft.role, commitIndex: shard.raft.commitIndex,
                appliedIndex: shard.appliedIndex, appliedStamp: shard.appliedStamp,
                isAmnesiac: shard.raft.isAmnesiac, isReady: shard.machine.isReady,
                configuration: shard.raft.configuration,
                configurationIndex: shard.raft.configurationIndex,
                durableIndex: shard.raft.durableIndex)
        }
    }

    /// The entries applied since the last call, in order within each group; none unless
    /// ``LoopSettings/tracksHistory`` is set.
    package mutating func takeApplied() -> [AppliedEntry] {
        var taken: [AppliedEntry] = []
        swap(&taken, &applied)
        return taken
    }

    /// The hash of a group's state; walks all of it.
    package func stateHash(of group: GroupID) -> UInt64? {
        shardIndexes[group].map { shards[$0].machine.stateHash() }
    }

    /// The same as if a shard had no such key.
    package func stateHash(of group: GroupID, without key: [UInt8]) -> UInt64? {
        guard let index = shardIndexes[group] else { return nil }
        let machine = shards[index].machine
        guard machine.kind == .shard else { return machine.stateHash() }
        return machine.stateHash(without: key)
    }

    /// Whether this replica's state has a key; `nil` where there is no replica.
    package func holds(_ key: [UInt8], in group: GroupID) -> Bool? {
        shardIndexes[group].map {
            shards[$0].machine.keyspace.locate(key.span, now: .min).isPresent
        }
    }

    package var counters: LoopStatistics { statistics }

    /// Whether what was found at the start is durable again, and promises may rest on it.
    package var isJournalOpen: Bool { journal.isOpen }

    /// What is still to be done for commands that concern all of the node's shards.
    package var unfinishedPartCount: Int { gathers.count + unfinishedParts.count }

    /// The shell says how long a turn took, waiting for events not counted.
    package mutating func noteTurn(nanoseconds: UInt64, processorNanoseconds: UInt64) {
        let (time, processor) = (Int(nanoseconds / 1000), Int(processorNanoseconds / 1000))
        statistics.longestTurn = max(statistics.longestTurn, time)
        statistics.longestProcessorTurn = max(statistics.longestProcessorTurn, processor)
        note(.turn, nanoseconds: nanoseconds)
        if time > LoopStatistics.longTurnMicroseconds { statistics.longTurns += 1 }
        if processor > LoopStatistics.longTurnMicroseconds { statistics.longProcessorTurns += 1 }
    }

    /// Reports the groups that changed, and once a second all of them, to the home core.
    mutating func reportStatus(now: Moment) {
        let isFull = now.boot.milliseconds(since: lastStatusAt) >= 1000
        if isFull { lastStatusAt = now.boot }
        var reports: [GroupStatus] = []
        reportQuarantines(isFull: isFull)
        for index in shards.indices
        where (isFull || shards[index].hasNews) && !shards[index].isRetired {
            shards[index].hasNews = false
            reports.append(status(of: index, now: now))
        }
        guard !reports.isEmpty else { return }
        effects.append(.post(.groupStatus(reports), to: .home))
        for loop in 0..<settings.loopCount where loop != settings.loopIndex {
            effects.append(.post(.groupStatus(reports), to: .loop(loop)))
        }
    }

    private func status(of index: Int, now: Moment) -> GroupStatus {
        let shard = shards[index]
        return GroupStatus(
            group: shard.group, replica: shard.replica, term: shard.raft.term,
            leader: shard.raft.leader, isLeader: shard.isLeader,
            commitIndex: shard.raft.commitIndex, appliedIndex: shard.appliedIndex,
            lastIndex: shard.raft.lastIndex, keyCount: shard.machine.keyCount,
            configuration: shard.raft.configuration,
            isSettled: !shard.raft.isChangingConfiguration, hindrance: shard.raft.hindrance,
            followers: shard.isLeader
                ? shard.raft.progress.map {
                    FollowerStatus(
                        member: $0.member, matchIndex: $0.match,
                        lastHeardMilliseconds: now.boot.milliseconds(since: $0.lastHeard),
                        hindrance: $0.hindrance)
                } : [])
    }
}
