import Node
import Primitives
import Topology

/// What is lost for good and must be made anew: a replica that its node may not use any more, those of a
/// node whose disks are damaged, or a node whose disks are gone. There is one such loss at a time, as a
/// cluster of three replicas a group can bear.
enum Loss: Equatable, Sendable {
    case replica(ReplicaID, of: GroupID, on: NodeID)
    /// The node, and on which machine it was.
    case node(NodeID, machine: Int)
    /// A node that is replaced though nothing is wrong with it.
    case departure(NodeID)
    /// A replica whose state was changed behind its back.
    case spoilt(ReplicaID, of: GroupID)
    case damage(DamagedNode)
}

extension World {
    /// Whether a loss may happen now without costing a majority of any group.
    var mayLose: Bool {
        guard plan.durability == .sync, plan.lossOfMajority == nil, loss == nil, !isHealed,
            directory.isFormed, directory.departures.isEmpty,
            let voters = leaderStatuses[.directory], voters.isSettled
        else { return false }
        return voters.configuration.voters.count >= 3
            && directory.shards.values.allSatisfy { !$0.isMoving && $0.replicas.count >= 3 }
    }

    /// Makes a random replica unusable.
    func quarantineSomeReplica() {
        guard mayLose, let (node, loop, lost) = someReplica(where: { _ in true }) else { return }
        loss = .replica(lost.replica, of: lost.group, on: lost.node)
        marks.quarantines += 1
        quarantined.append(lost)
        trace.record(
            .fault, at: now, host: node,
            text: "quarantine of replica \(lost.replica) of group \(lost.group)")
        withLoop(life(of: node), loop) { core, moment in
            core.quarantine(lost.group, reason: "told so by the simulator", now: moment)
        }
    }

    /// A random replica of a random machine, with the machine and the loop: one that the directory knows, and
    /// of which `condition` holds.
    func someReplica(
        where condition: (GroupInspection) -> Bool
    ) -> (machine: Int, loop: Int, replica: HostedReplica)? {
        let node = random.below(nodes.count)
        guard let process = nodes[node].process else { return nil }
        var hosted: [(machine: Int, loop: Int, replica: HostedReplica)] = []
        for (loop, host) in process.loops.enumerated() {
            for shown in host.core.inspect()
            where condition(shown) && isMember(shown, process.nodeID) {
                let replica = HostedReplica(
                    group: shown.group, replica: shown.replica, node: process.nodeID)
                hosted.append((node, loop, replica))
            }
        }
        return hosted.isEmpty ? nil : random.choice(of: hosted)
    }

    /// Whether the replica is the one that the directory knows; else its loss may be one too many.
    func isMember(_ shown: GroupInspection, _ node: NodeID) -> Bool {
        shown.group == .directory
            ? directory.nodes[node]?.directoryReplica == shown.replica
            : directory.shards[shown.group]?.replicas.contains { $0.replica == shown.replica }
                ?? false
    }

    /// A machine comes back with empty disks, and takes the place of the node that it was.
    func wipe(_ node: Int) {
        guard mayLose, hasSeeds(besides: node), let id = nodes[node].lastID,
            directory.nodes[id] != nil
        else { return }
        loss = .node(id, machine: node)
        cutPower(node)
        for disk in nodes[node].disks.indices { nodes[node].disks[disk].wipe() }
        trace.record(.fault, at: now, host: node, text: "node \(id) lost its disks")
        scheduleStart(node, after: random.time(in: .milliseconds(100)...(.seconds(3))))
    }

    /// Whether there are seeds enough for an empty machine to find the cluster by.
    private func hasSeeds(besides node: Int) -> Bool {
        nodes[..<plan.seedNodeCount].contains { $0.index != node && !$0.isGone }
    }

    /// Has a node without shards take the place of one that has some.
    func replaceSomeNode() {
        guard mayLose else { return }
        let spare = directory.nodes.keys.first { node in
            nodes.contains { $0.process?.nodeID == node }
                && directory.shards.values.allSatisfy { $0.replica(on: node) == nil }
        }
        let others = directory.nodes.keys.filter { node in
            directory.shards.values.contains { $0.replica(on: node) != nil }
                && nodes.contains { $0.lastID == node && hasSeeds(besides: $0.index) }
        }
        guard let spare, !others.isEmpty else { return }
        let old = random.choice(of: others)
        loss = .departure(old)
        request(.replace(old, by: spare))
    }

    private func request(_ wish: ClusterWish) {
        let running = nodes.indices.filter { nodes[$0].process != nil }
        guard !running.isEmpty else { return }
        withHome(life(of: random.choice(of: running))) { core, _, effects in
            _ = core.request(wish, into: &effects)
        }
    }

    /// Looks whether what was lost is there again, and asks for what an operator would ask for.
    func mend() {
        switch loss {
        case .replica(let replica, let group, let node):
            if isGone(replica, from: group, on: node) {
                marks.rebuilds += 1
                loss = nil
            } else if isBack(replica, of: group, on: node) {
                loss = nil
            }
        case .node(let id, let machine):
            if directory.removedNodes.contains(id) {
                marks.replacements += 1
                loss = nil
            } else if let new = nodes[machine].process?.nodeID, new != id,
                directory.nodes[new] != nil, directory.departures[id] == nil
            {
                request(.replace(id, by: new))
            }
        case .departure(let id):
            if directory.removedNodes.contains(id) {
                marks.replacements += 1
                loss = nil
            } else if directory.departures[id] == nil {
                // The wish was lost on its way.
                loss = nil
            }
        case .spoilt(_, let group): if isSpoilOver(of: group) { loss = nil }
        case .damage(let damaged): mend(damaged)
        case nil: break
        }
    }

    func isGone(_ replica: ReplicaID, from group: GroupID, on node: NodeID) -> Bool {
        guard let status = leaderStatuses[group], status.isSettled,
            !status.configuration.members.contains(where: { $0.replica == replica })
        else { return false }
        if group == .directory {
            let new = directory.nodes[node]?.directoryMember
            return new.map { status.configuration.members.contains($0) } ?? true
        }
        return directory.shards[group].map { !$0.isMoving && !$0.names(replica) } ?? false
    }

    /// Whether the process ended before the quarantine was on disk: with nothing lost in truth, the replica
    /// is as good as it was.
    func isBack(_ replica: ReplicaID, of group: GroupID, on node: NodeID) -> Bool {
        nodes.contains { machine in
            machine.process?.nodeID == node
                && machine.process?.loops.contains { host in
                    host.core.inspect().contains { $0.group == group && $0.replica == replica }
                } == true
        }
    }

    /// What is on its way, and how far it is.
    var movesText: String {
        let groups = directory.shards.values.filter(\.isMoving).map {
            "shard \($0.id) from \($0.replicas) to \($0.target)"
        }
        let statuses = leaderStatuses.map { group, status in
            "\(group): \(status.configuration.voters), learners \(status.configuration.learners), "
                + (status.isSettled ? "settled" : "changing")
        }
        return
            "\(loss.map { "\($0)" } ?? "no loss is open"); leaving \(directory.departures.keys) for "
            + "\(directory.departures.values.map(\.successor)); \(groups); leaders say \(statuses)"
    }

    /// Whether anything is still on its way from one place to another.
    var isMoving: Bool {
        loss != nil || !directory.departures.isEmpty
            || directory.shards.values.contains { $0.isMoving }
    }
}
