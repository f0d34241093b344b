import Gossip
import Journal
import Primitives
import Topology

/// What a node said of the replicas that it must not use, and when.
struct QuarantineReport: Sendable {
    var replicas: [QuarantinedReplica]
    var at: Instant
}

/// Replicas that are rebuilt in their places, and nodes that take the places of others. The plans are in
/// the directory, so that whoever leads group 0 next goes on with them.
extension HomeCore {
    // MARK: Any node

    /// Tells all nodes, so the leader of group 0 too, which replicas here are to be rebuilt.
    mutating func reportQuarantines(now: Instant, into effects: inout [HomeEffect]) {
        guard now >= nextQuarantineReportAt else { return }
        nextQuarantineReportAt = now.advanced(milliseconds: settings.quarantineMilliseconds)
        let replicas = quarantines.flatMap { $0 }
        quarantineReports[nodeID] = nil
        guard !replicas.isEmpty else { return }
        take(replicas, from: nodeID, now: now, into: &effects)
        for link in links { send(.quarantined(replicas), to: link.node, into: &effects) }
    }

    func stopAsRemoved(into effects: inout [HomeEffect]) {
        let text =
            "node \(nodeID) was removed from the cluster; remove the data folder to start it as a new, "
            + "empty node"
        effects.append(.stop(.unusable(text)))
    }

    /// Takes an operator's wish; the directory decides again when it is applied.
    ///
    /// - Returns: Why it can't be, as far as is known here; `nil` when it is on its way.
    package mutating func request(
        _ wish: ClusterWish, into effects: inout [HomeEffect]
    ) -> String? {
        let command = wish.command
        var copy = directory
        if case .refused(let reason) = copy.apply(command) { return reason }
        guard let leader = directoryLeader else { return "no leader of the directory is known" }
        if leader == nodeID {
            propose(command, into: &effects)
        } else {
            send(.propose(command), to: leader, into: &effects)
        }
        return nil
    }

    // MARK: The leader of group 0

    /// A node has said which of its replicas it must not use.
    mutating func take(
        _ replicas: [QuarantinedReplica], from node: NodeID, now: Instant,
        into effects: inout [HomeEffect]
    ) {
        guard let record = directory.nodes[node] else { return }
        quarantineReports[node] = QuarantineReport(replicas: replicas, at: now)
        guard isDirectoryCurrent else { return }
        for lost in replicas {
            if lost.group == .directory, lost.replica < record.directoryReplica {
                tell(
                    node, .directory, record.directoryReplica, directory.foundingConfiguration,
                    into: &effects)
            } else if lost.replica == .unknown, let shard = directory.shards[lost.group],
                let replica = shard.replica(on: node)
            {
                tell(node, shard.id, replica, shard.initialConfiguration, into: &effects)
            }
        }
    }

    /// Tells every node which replica of group 0 it is to have: one whose replica was given up, and that
    /// died before it knew, hears nothing of the directory any more.
    func nameDirectoryReplicas(into effects: inout [HomeEffect]) {
        guard isDirectoryCurrent else { return }
        for link in links {
            guard let record = directory.nodes[link.node] else { continue }
            tell(
                link.node, .directory, record.directoryReplica, directory.foundingConfiguration,
                into: &effects)
        }
    }

    private func tell(
        _ node: NodeID, _ group: GroupID, _ replica: ReplicaID, _ configuration: Configuration,
        into effects: inout [HomeEffect]
    ) {
        if node == nodeID {
            learnReplica(group, replica, configuration, into: &effects)
        } else {
            send(.currentReplica(group, replica, configuration), to: node, into: &effects)
        }
    }

    func learnReplica(
        _ group: GroupID, _ replica: ReplicaID, _ configuration: Configuration,
        into effects: inout [HomeEffect]
    ) {
        let loop = Int(group.rawValue) % settings.loopCount
        effects.append(
            .post(.currentReplica(group, replica, configuration), to: .loop(loop)))
    }

    mutating func continueMoves(
        _ status: GroupStatus, now: Instant, into effects: inout [HomeEffect]
    ) {
        guard isDue(proposals.movesAt, now: now) else { return }
        let commands =
            confirmations(now: now) + rebuilds(now: now) + moves() + removals(status)
        guard !commands.isEmpty else { return }
        proposals.movesAt = now
        for command in commands { propose(command, into: &effects) }
    }

    /// Shards whose leader says that they have the voters that they were to have.
    private func confirmations(now: Instant) -> [DirectoryCommand] {
        directory.shards.values.compactMap { shard in
            guard shard.isMoving, let report = leaderReports[shard.id], isFresh(report, now),
                report.status.isSettled, report.status.configuration.voters == shard.target
            else { return nil }
            return .confirmReplicas(shard.id, shard.target.map(\.replica))
        }
    }

    /// New replicas for those that their nodes must not use. One whose group has no leader can't be built.
    private func rebuilds(now: Instant) -> [DirectoryCommand] {
        var commands: [DirectoryCommand] = []
        for (node, report) in quarantineReports
        where now.milliseconds(since: report.at) < 3 * settings.quarantineMilliseconds {
            for lost in report.replicas {
                if lost.group == .directory {
                    guard directory.nodes[node]?.directoryReplica == lost.replica else { continue }
                    commands.append(.replaceDirectoryReplica(node, leaving: lost.replica))
                } else if let shard = directory.shards[lost.group],
                    shard.target.contains(Member(replica: lost.replica, node: node)),
                    directory.departures[node] == nil,
                    let leader = leaderReports[lost.group], isFresh(leader, now)
                {
                    commands.append(.moveReplica(lost.group, leaving: lost.replica, to: node))
                }
            }
        }
        return commands
    }

    /// The next replicas of nodes that are replaced.
    private func moves() -> [DirectoryCommand] {
        var commands: [DirectoryCommand] = []
        for (node, departure) in directory.departures {
            guard let successor = departure.successor,
                successor == nodeID || gossip.member(successor)?.status == .alive
            else { continue }
            var coming = directory.shards.values.count { shard in
                shard.isMoving && shard.target.contains { $0.node == successor }
            }
            for shard in directory.shards.values where coming < settings.maxComingCount {
                guard let leaving = shard.target.first(where: { $0.node == node }) else { continue }
                commands.append(
                    .moveReplica(shard.id, leaving: leaving.replica, to: successor))
                coming += 1
            }
        }
        return commands
    }

    /// Nodes that have nothing left.
    private func removals(_ status: GroupStatus) -> [DirectoryCommand] {
        guard status.isSettled else { return [] }
        return directory.departures.keys.filter { node in
            !status.configuration.voters.contains { $0.node == node }
                && directory.shards.values.allSatisfy { $0.replica(on: node) == nil }
        }.map { .removeNode($0) }
    }
}
