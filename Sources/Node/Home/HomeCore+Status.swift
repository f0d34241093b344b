import Gossip
package import Primitives
import Topology

extension HomeCore {
    package func status(now: Moment) -> ClusterStatus {
        let group = shardStatus(.directory, desired: directory.founders, now: now.boot)
        return ClusterStatus(
            node: nodeID, clusterID: clusterID, name: settings.clusterName,
            epoch: directory.epoch, isFormed: directory.isFormed,
            founderCount: founding.membership?.founders.count ?? 0,
            replicationFactor: directory.isCreated
                ? directory.replicationFactor : settings.replicationFactor,
            obstacle: founding.obstacle(now: now.boot),
            warnings: foundingWarning.map { [$0] } ?? [],
            nodes: nodeStatuses(directory: group.replicas, now: now.boot),
            directory: ownReports[.directory] == nil && !directory.isCreated ? nil : group,
            shards: directory.shards.values.map {
                shardStatus($0.id, desired: $0.replicas, now: now.boot)
            },
            quarantines: quarantineStatuses(now: now.boot), halts: haltStatuses(now: now.boot),
            departures: departureStatuses)
    }

    private func haltStatuses(now: Instant) -> [ClusterStatus.HaltStatus] {
        var halts: [ClusterStatus.HaltStatus] = []
        func add(_ group: GroupID, _ member: Member, _ index: LogIndex?) {
            guard !halts.contains(where: { $0.group == group && $0.member == member }) else {
                return
            }
            halts.append(ClusterStatus.HaltStatus(group: group, member: member, index: index))
        }
        for (group, own) in ownReports where own.status.hindrance == .halted {
            add(
                group, Member(replica: own.status.replica, node: nodeID),
                own.status.appliedIndex.next)
        }
        for (group, report) in leaderReports where isFresh(report, now) {
            if report.status.hindrance == .halted {
                add(
                    group, Member(replica: report.status.replica, node: report.leader),
                    report.status.appliedIndex.next)
            }
            for follower in report.status.followers where follower.hindrance == .halted {
                add(group, follower.member, nil)
            }
        }
        return halts.sorted { ($0.group, $0.member) < ($1.group, $1.member) }
    }

    private func quarantineStatuses(now: Instant) -> [ClusterStatus.QuarantineStatus] {
        quarantineReports.flatMap { node, report in
            now.milliseconds(since: report.at) < 3 * settings.quarantineMilliseconds
                ? report.replicas.map { .init(node: node, replica: $0) } : []
        }
    }

    private var departureStatuses: [ClusterStatus.DepartureStatus] {
        directory.departures.map { node, departure in
            ClusterStatus.DepartureStatus(
                node: node, successor: departure.successor,
                replicaCount: directory.shards.values.count { shard in
                    (shard.replicas + shard.target).contains { $0.node == node }
                })
        }
    }

    private func nodeStatuses(
        directory replicas: [ClusterStatus.ReplicaStatus], now: Instant
    ) -> [ClusterStatus.NodeStatus] {
        var nodes = SortedMap<NodeID, AdvertisedAddresses>()
        for member in gossip.members where member.status <= .suspect {
            nodes[member.id] = member.addresses
        }
        for (id, record) in directory.nodes { nodes[id] = record.addresses }
        nodes[nodeID] = settings.addresses
        return nodes.map { id, addresses in
            let replica = replicas.first { $0.member.node == id }
            return ClusterStatus.NodeStatus(
                id: id, addresses: addresses, health: health(of: id),
                role: replica.map { $0.isVoter ? .voter : .learner } ?? .joining,
                disk: hindrance(of: id, now: now), isSelf: id == nodeID)
        }
    }

    private func health(of node: NodeID) -> ClusterStatus.Health {
        if node == nodeID { return .alive }
        return switch gossip.member(node)?.status {
        case .alive: .alive
        case .suspect: .suspect
        case .dead: .dead
        case .left: .left
        case nil: .unknown
        }
    }

    private func shardStatus(
        _ group: GroupID, desired: [Member], now: Instant
    ) -> ClusterStatus.ShardStatus {
        let own = ownReports[group]?.status
        let fresh = leaderReports[group].flatMap {
            now.milliseconds(since: $0.at) < settings.staleReportMilliseconds ? $0.status : nil
        }
        let shown = fresh ?? own
        let configuration = shown?.configuration ?? Configuration(voters: desired)
        let leader = knownLeader(of: group, fresh: fresh, own: own)
        return ClusterStatus.ShardStatus(
            id: group, slots: directory.slots(of: group), term: shown?.term ?? .zero,
            leader: leader, commitIndex: shown?.commitIndex ?? .zero,
            appliedIndex: shown?.appliedIndex ?? .zero, keyCount: shown?.keyCount ?? 0,
            replicas: configuration.members.map {
                replicaStatus($0, configuration: configuration, leader: fresh)
            })
    }

    /// The leader by its own word, if that is fresh, or by a replica here that hears it.
    private func knownLeader(
        of group: GroupID, fresh: GroupStatus?, own: GroupStatus?
    ) -> NodeID? {
        guard let fresh else { return own?.leader?.node }
        if let own, own.term > fresh.term { return own.leader?.node }
        return leaderReports[group]?.leader
    }

    private func replicaStatus(
        _ member: Member, configuration: Configuration, leader: GroupStatus?
    ) -> ClusterStatus.ReplicaStatus {
        var status = ClusterStatus.ReplicaStatus(
            member: member, isVoter: configuration.hasVote(member.replica), match: nil, lag: nil,
            silentMilliseconds: nil)
        guard let leader else { return status }
        if leader.replica == member.replica {
            status.match = leader.lastIndex
            status.lag = 0
        } else if let follower = leader.followers.first(where: { $0.member == member }) {
            status.match = follower.matchIndex
            status.lag = UInt64(max(0, leader.lastIndex - follower.matchIndex))
            status.silentMilliseconds = follower.lastHeardMilliseconds
        }
        return status
    }
}
