package import Primitives

/// Another node, as this one holds it.
package struct GossipMember: Equatable, Sendable {
    package var id: NodeID
    package var addresses: AdvertisedAddresses
    package var incarnation: UInt64
    package var status: MemberStatus
    /// The highest epoch of the directory that the node was heard to have applied.
    package var topologyEpoch: UInt64
    /// When ``status`` was last changed here.
    package var since: Instant
    /// `nil`: it belongs to no cluster yet.
    package var clusterID: ClusterID?

    package init(
        id: NodeID, addresses: AdvertisedAddresses, incarnation: UInt64, status: MemberStatus,
        topologyEpoch: UInt64, since: Instant, clusterID: ClusterID?
    ) {
        self.id = id
        self.addresses = addresses
        self.incarnation = incarnation
        self.status = status
        self.topologyEpoch = topologyEpoch
        self.since = since
        self.clusterID = clusterID
    }
}
