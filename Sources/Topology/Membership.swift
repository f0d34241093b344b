package import Primitives

/// A node's place in its cluster.
package struct Membership: Equatable, Sendable {
    package var clusterID: ClusterID
    /// The node's replica of group 0.
    package var replica: ReplicaID
    /// The first voters of group 0; sorted by replica.
    package var founders: [Member]

    package init(clusterID: ClusterID, replica: ReplicaID, founders: [Member]) {
        self.clusterID = clusterID
        self.replica = replica
        self.founders = founders.sorted()
    }

    /// The membership that group 0's log begins with, on every node. One that joined later is not in it.
    package var foundingConfiguration: Configuration { Configuration(voters: founders) }
}
