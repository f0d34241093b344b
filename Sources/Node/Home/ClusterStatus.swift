package import Consensus
package import Primitives

/// What a node knows of its cluster, for people and monitoring.
package struct ClusterStatus: Equatable, Sendable {
    /// The node that was asked.
    package var node: NodeID
    /// `nil` until its place in a cluster is durable.
    package var clusterID: ClusterID?
    package var name: String
    /// The directory's, as applied by this node.
    package var epoch: UInt64
    /// Whether the shards exist.
    package var isFormed: Bool
    package var founderCount: Int
    package var replicationFactor: Int
    /// What the node waits for, while it has no cluster.
    package var obstacle: String?
    package var warnings: [String]
    /// Registered nodes, and those that gossip knows besides; sorted by id.
    package var nodes: [NodeStatus]
    /// Group 0; `nil` until this node knows of it.
    package var directory: ShardStatus?
    /// Sorted by number.
    package var shards: [ShardStatus]

    /// Replicas that their nodes must not use; sorted by node.
    package var quarantines: [QuarantineStatus]
    /// Replicas that don't apply their log any further; sorted by group.
    package var halts: [HaltStatus]
    /// Nodes that leave; sorted by id.
    package var departures: [DepartureStatus]

    package struct QuarantineStatus: Equatable, Sendable {
        package var node: NodeID
        package var replica: QuarantinedReplica
    }

    package struct HaltStatus: Equatable, Sendable {
        package var group: GroupID
        package var member: Member
        /// The entry before which it stands, where this node knows it.
        package var index: LogIndex?
    }

    package struct DepartureStatus: Equatable, Sendable {
        package var node: NodeID
        package var successor: NodeID?
        /// Replicas of shards that it still has, or is known to have.
        package var replicaCount: Int
    }

    package enum Health: String, Sendable {
        case alive, suspect, dead, left
        /// Gossip hasn't heard of it.
        case unknown
    }

    package enum Role: String, Sendable {
        case voter, learner
        /// Not in the directory's group, or not yet.
        case joining
    }

    package struct NodeStatus: Equatable, Sendable {
        package var id: NodeID
        package var addresses: AdvertisedAddresses
        package var health: Health
        /// In group 0.
        package var role: Role
        /// What its disk keeps it from, as far as is known here.
        package var disk: Hindrance
        package var isSelf: Bool
    }

    package struct ReplicaStatus: Equatable, Sendable {
        package var member: Member
        package var isVoter: Bool
        /// How far its log is known to agree with the leader's; the leader's own is its last index.
        package var match: LogIndex?
        /// Entries of the leader's log that it lacks.
        package var lag: UInt64?
        /// Since the leader heard it; `nil` of the leader itself and while that is unknown.
        package var silentMilliseconds: Int?
    }

    /// A group, as its leader says; where no leader was heard, as this node's replica or the directory
    /// says.
    package struct ShardStatus: Equatable, Sendable {
        package var id: GroupID
        package var slots: [ClosedRange<UInt16>]
        package var term: Term
        package var leader: NodeID?
        package var commitIndex: LogIndex
        package var appliedIndex: LogIndex
        package var keyCount: Int
        package var replicas: [ReplicaStatus]
    }
}
