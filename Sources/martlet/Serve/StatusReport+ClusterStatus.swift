import Node
import Primitives

extension StatusReport {
    /// The form in which a node's core says it, with its ids as text.
    init(_ status: ClusterStatus) {
        self.init(
            node: status.node.description,
            cluster: Cluster(
                id: status.clusterID?.description, name: status.name, epoch: status.epoch,
                formed: status.isFormed, obstacle: status.obstacle,
                founders: status.founderCount, replicas: status.replicationFactor),
            warnings: status.warnings,
            nodes: status.nodes.map { node in
                Node(
                    id: node.id.description, state: node.health.rawValue, role: node.role.rawValue,
                    disk: node.disk.diskState, cluster: node.addresses.cluster.description,
                    peer: node.addresses.peer.description,
                    admin: node.addresses.admin.description)
            },
            directory: status.directory.map(Shard.init), shards: status.shards.map(Shard.init),
            quarantined: status.quarantines.isEmpty
                ? nil
                : status.quarantines.map {
                    Quarantined(
                        node: $0.node.description, shard: $0.replica.group.rawValue,
                        replica: $0.replica.replica.rawValue, reason: $0.replica.reason)
                },
            halted: status.halts.isEmpty
                ? nil
                : status.halts.map {
                    Halted(
                        node: $0.member.node.description, shard: $0.group.rawValue,
                        replica: $0.member.replica.rawValue, entry: $0.index?.rawValue)
                },
            leaving: status.departures.isEmpty
                ? nil
                : status.departures.map {
                    Departure(
                        node: $0.node.description, successor: $0.successor?.description,
                        replicas: $0.replicaCount)
                })
    }
}

extension StatusReport.Shard {
    init(_ shard: ClusterStatus.ShardStatus) {
        self.init(
            id: shard.id.rawValue,
            slots: shard.slots.map { [Int($0.lowerBound), Int($0.upperBound)] },
            term: shard.term.rawValue, leader: shard.leader?.description,
            commit: shard.commitIndex.rawValue, applied: shard.appliedIndex.rawValue,
            keys: shard.keyCount,
            replicas: shard.replicas.map { replica in
                StatusReport.Replica(
                    node: replica.member.node.description,
                    replica: replica.member.replica.rawValue,
                    role: replica.isVoter ? "voter" : "learner", match: replica.match?.rawValue,
                    lag: replica.lag, silent: replica.silentMilliseconds)
            })
    }
}
