import Consensus
import Journal
import Node
import Primitives
import Topology

/// Who leads a group, by the latest report.
struct KnownLeader: Sendable {
    var term: Term
    var node: Int
}

extension World {
    /// Looks at what a loop core did in its turn.
    func check(_ host: LoopHost, _ life: NodeLife) {
        guard let process = process(life) else { return }
        for shown in host.core.inspect() { check(shown, of: process.nodeID, life.node) }
        var touched: [GroupID] = []
        for entry in host.core.takeApplied() {
            if let fault = canonical.applied(
                group: entry.group, index: entry.index, hash: entry.hash, node: life.node)
            {
                violate(fault)
            }
            if entry.index.rawValue % 8 == 0 { touched.append(entry.group) }
        }
        for group in touched { compareState(of: group, host, life.node) }
    }

    private func check(_ shown: GroupInspection, of nodeID: NodeID, _ node: Int) {
        if let fault = stamps.shows(
            group: shown.group, index: shown.appliedIndex, stamp: shown.appliedStamp, node: node)
        {
            violate(fault)
        }
        guard shown.role == .leader else { return }
        let member = Member(replica: shown.replica, node: nodeID)
        if let fault = promises.leads(
            shown.group, member, term: shown.term, commitIndex: shown.commitIndex)
        {
            violate(fault)
        }
        let leadership = MajorityHistory.Leadership(
            group: shown.group, member: member, term: shown.term,
            configuration: shown.configuration, configurationIndex: shown.configurationIndex,
            commitIndex: shown.commitIndex, durableIndex: shown.durableIndex,
            isAmnesiac: shown.isAmnesiac)
        if let fault = majorities.leads(leadership) { violate(fault) }
    }

    /// Learns from what a node sends to another what it promises.
    func hearPromises(in frame: PeerFrame) {
        var reader = ByteReader(frame.body)
        while !reader.isAtEnd {
            guard let message = try? RaftMessage(reading: &reader) else {
                return violate("a node sends a frame of bytes that are no messages")
            }
            hear(message)
        }
    }

    private func hear(_ message: RaftMessage) {
        let (group, sender, term) = (message.group, message.from, message.term)
        var candidate: ReplicaID?
        switch message.body {
        case .preVote: return
        case .preVoteResponse(let response):
            // A grant bears the term that the election would have.
            if response.isGranted { return }
        case .vote: candidate = sender.replica
        case .voteResponse(let response):
            if response.isGranted {
                majorities.votes(
                    group, sender.replica, for: message.to.replica, term: term,
                    isAmnesiac: response.isAmnesiac)
            }
            // The vote of one that may have forgotten another one counts only if all agree.
            if response.isGranted, !response.isAmnesiac { candidate = message.to.replica }
        case .append(let append):
            if let own = append.entries.first(where: { $0.term == term }) {
                promises.appends(group, sender, ownIndex: own.index, term: term)
            }
        case .appendAccepted(let match, _):
            majorities.acknowledges(group, sender.replica, match, term: term)
            promises.acknowledges(group, sender, through: match, term: term)
        case .appendRejected, .heartbeat, .heartbeatResponse, .timeoutNow: break
        }
        if let fault = promises.speaks(group, sender, term: term) { violate(fault) }
        guard let candidate else { return }
        if let fault = promises.votes(group, sender, for: candidate, term: term) {
            violate(fault)
        }
    }

    /// Compares what a restarted process found on its disk with what it had promised.
    func checkPromises(of nodeID: NodeID, _ groups: [RecoveredGroup]) {
        for found in groups {
            if found.quarantine != nil { continue }
            let member = Member(replica: found.replica, node: nodeID)
            if let fault = promises.restarted(
                found.group, member, term: found.hardState.term, vote: found.hardState.vote,
                lastIndex: found.entries.last?.index ?? found.snapshot?.index ?? .zero)
            {
                violate(fault)
            }
        }
    }

    private func compareState(of group: GroupID, _ host: LoopHost, _ node: Int) {
        guard let shown = host.core.inspect().first(where: { $0.group == group }), shown.isReady,
            let hash = host.core.stateHash(of: group, without: Self.spoiltKey)
        else { return }
        if let fault = canonical.holds(
            group: group, index: shown.appliedIndex, hash: hash, node: node)
        {
            violate(fault)
        }
    }

    /// Learns from what a loop tells the other cores of its node.
    func hear(_ message: CoreMessage, _ life: NodeLife) {
        switch message {
        case .groupStatus(let reports):
            for report in reports {
                if report.configuration.isJoint { marks.jointConfigurations += 1 }
                guard report.isLeader else { continue }
                if let fault = canonical.leads(
                    group: report.group, term: report.term, replica: report.replica,
                    node: life.node)
                {
                    violate(fault)
                }
                if report.term >= leaderStatuses[report.group]?.term ?? .zero {
                    leaderStatuses[report.group] = report
                }
                if let fault = shrinkage(report) { violate(fault) }
                if let known = leaders[report.group], known.term >= report.term { continue }
                trace.record(
                    .leader, at: now, host: life.node, UInt64(report.group.rawValue),
                    report.term.rawValue)
                leaders[report.group] = KnownLeader(term: report.term, node: life.node)
            }
        case .directory(let state):
            if let fault = directories.observe(
                epoch: state.epoch, hash: state.stateHash(), node: life.node)
            {
                violate(fault)
            }
            if state.epoch > directory.epoch { directory = state }
            if state.isFormed {
                marks.joinedNodes = max(
                    marks.joinedNodes, state.nodes.count - state.founders.count)
            }
        case .quarantines(let replicas): checkDifferences(replicas, life.node)
        case .hostDirectory, .currentReplica, .proposeDirectory,
            .changeDirectoryMembers, .transferLeadership,
            .leaderHints, .cluster, .continueApplying, .continueInBackground, .relayed,
            .changeParameters, .parametersChanged, .parametersRefused, .formerPeers:
            break
        }
    }

    /// Whether every shard has a leader that is up.
    var isFormed: Bool {
        directory.isFormed
            && directory.shards.keys.allSatisfy { group in
                leaders[group].map { nodes[$0.node].process != nil } ?? false
            }
    }

    // MARK: At the end

    /// In what the replicas of some group differ, which must be nothing once all is quiet.
    func divergence() -> String? {
        for (group, shard) in directory.shards {
            if let found = divergence(of: group, on: shard.replicas.map(\.node)) { return found }
        }
        return divergence(of: .directory, on: directory.nodes.keys)
    }

    /// A shard never has fewer voters than it is to have, whatever moves.
    private func shrinkage(_ report: GroupStatus) -> String? {
        guard report.isSettled, let shard = directory.shards[report.group],
            report.configuration.voters.count < shard.target.count
        else { return nil }
        return
            "shard \(report.group) has the voters \(report.configuration.voters.map(\.replica)), "
            + "fewer than \(shard.target.count)"
    }

    private func divergence(of group: GroupID, on members: [NodeID]) -> String? {
        var seen: [(node: Int, index: LogIndex, hash: UInt64)] = []
        for node in nodes.indices {
            guard let process = nodes[node].process, members.contains(process.nodeID) else {
                continue
            }
            for host in process.loops {
                guard let shown = host.core.inspect().first(where: { $0.group == group }),
                    let hash = host.core.stateHash(of: group)
                else { continue }
                seen.append((node, shown.appliedIndex, hash))
            }
        }
        guard seen.count == members.count, let first = seen.first else {
            return "group \(group) is hosted by nodes \(seen.map { $0.node + 1 }) in the end, of "
                + "\(members.count) members"
        }
        guard let other = seen.first(where: { $0.index != first.index || $0.hash != first.hash })
        else { return nil }
        return "group \(group) did not converge: node \(first.node + 1) is at \(first.index), node "
            + "\(other.node + 1) at \(other.index)"
            + (other.index == first.index ? " with another state" : "")
    }

    /// Judges what the clients saw.
    ///
    /// - Returns: How many partitions' searches were given up.
    func checkHistories() -> Int {
        for fault in workload.faults { violate(fault) }
        var bound = plan.expiryBound
        bound.unboundAfter = clockLosses
        let checker = LinearizabilityChecker(model: SequentialModel(expiryBound: bound))
        var undecidedCount = 0
        for (number, partition) in workload.partitions.enumerated() {
            let history = partition.history.map(weakened)
            let initial = PartitionState(keyCount: partition.names.count)
            switch checker.judge(history, from: initial) {
            case .linearizable: break
            case .undecided: undecidedCount += 1
            case .impossible(let placedCount, let blocked):
                var lines = ["partition \(number) (\(partition.kind)) is not linearizable:"]
                lines.append("  \(placedCount) of \(history.count) attempts have an order; then:")
                for place in blocked { lines.append("  can't follow: \(history[place])") }
                lines += history.suffix(from: max(0, (blocked.min() ?? 0) - 25)).prefix(60)
                    .map { "    \($0)" }
                violate(lines.joined(separator: "\n"))
            }
        }
        return undecidedCount
    }

    /// An attempt whose effect the durability mode allowed to be lost has an unknown outcome.
    private func weakened(_ entry: HistoryEntry) -> HistoryEntry {
        guard entry.isKnown,
            allowedLosses.contains(where: {
                entry.returned >= $0.lowerBound && entry.invoked <= $0.upperBound
            })
        else { return entry }
        var weaker = entry
        weaker.reply = nil
        weaker.returned = HistoryEntry.openEnd
        return weaker
    }
}
