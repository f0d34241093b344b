import Primitives

/// Another node, with what this node keeps about it.
struct Peer: Sendable {
    var record: MemberRecord
    /// When the status was last changed.
    var since: Instant
    /// While the status is suspect.
    var suspicion: Suspicion?

    var isReachable: Bool { record.status <= .suspect }

    var member: GossipMember {
        GossipMember(
            id: record.id, addresses: record.addresses, incarnation: record.incarnation,
            status: record.status, topologyEpoch: record.topologyEpoch, since: since,
            clusterID: record.clusterID)
    }
}
