package import Gossip
package import Primitives
import Topology

/// What the configuration tells a node's home, and its intervals.
package struct HomeSettings: Sendable {
    package var clusterName: String
    /// The list of seeds; empty for a node that is a cluster of its own.
    package var seeds: [Address]
    /// Where other machines reach this node.
    package var addresses: AdvertisedAddresses
    /// How many shards a cluster that this node founds has.
    package var shardCount = Placement.defaultShardCount
    /// How many replicas its shards have, nodes permitting.
    package var replicationFactor = Placement.defaultReplicationFactor
    /// How many loops this node has.
    package var loopCount = 1
    package var gossip = GossipSettings()

    /// How often the leader of group 0 repeats a proposal that shows no effect, and a node its wish
    /// to be registered.
    package var retryMilliseconds = 500
    /// How long a wish to be registered is kept by the leader of group 0.
    package var wishMilliseconds = 10_000
    /// How many such wishes are kept.
    package var maxWishCount = 1_024
    /// How often the nodes tell each other what they lead.
    package var reportMilliseconds = 1_000
    /// How long such a report counts.
    package var staleReportMilliseconds = 3_500
    /// How long leaders and live nodes must have stayed the same before leaders are moved.
    package var calmMilliseconds = 2_000
    /// How many leaders are moved at a time.
    package var maxMoveCount = 2
    /// A follower that is this many entries behind its leader doesn't take over.
    package var maxMoveLag = 1_024
    /// Nor does one that its leader hasn't heard for this long.
    package var maxMoveSilenceMilliseconds = 1_000

    /// How many replicas of shards are on their way to a node at a time, when it takes another's place.
    package var maxComingCount = 2
    /// How often a node says which replicas it must not use, and how long that counts, in such periods.
    package var quarantineMilliseconds = 1_000

    /// How long a client waits for its change of parameters, and how many may wait.
    package var parameterMilliseconds = 5_000
    package var maxParameterChangeCount = 64

    package init(clusterName: String, seeds: [Address], addresses: AdvertisedAddresses) {
        self.clusterName = clusterName
        self.seeds = seeds
        self.addresses = addresses
    }
}
