package import Consensus
package import Node
package import Primitives
package import RESP

/// All that a node is started with; nothing is read from anywhere else.
package struct NodeConfiguration: Sendable {
    /// Made if it isn't there.
    package var dataDirectory: String
    /// Where the listeners are opened. Port 0 leaves the choice to the system.
    package var peerListen: Address
    package var clusterListen: Address
    /// `nil`: this node opens none.
    package var plainListen: Address?
    /// What other nodes and clients are told. Port 0 stands for the port that was opened.
    package var advertised: AdvertisedAddresses

    package var clusterName: String
    /// `nil` in a cluster that has no other node: then no other node can prove it.
    package var secret: [UInt8]?
    package var seeds: [Address] = []
    package var shardCount = 16
    package var replicaCount = 3

    /// How many loops, and so journals, a new folder gets; an old one keeps what it has.
    package var loopCount = 1
    package var durability = Durability.sync
    /// What database 0 of plain connections is.
    package var plainDatabaseZero = DatabaseID.whole(0)
    package var segmentByteCount = 64 << 20
    package var snapshotLogByteCount = 64 << 20
    /// What the node sends of snapshots in a second, shared equally by its loops.
    package var snapshotTransferByteCount = 64 << 20
    package var entryCacheByteCount = 64 << 20
    package var raft = RaftSettings()

    package var requestLimits = RequestLimits()
    package var queryBufferByteCount = 1 << 30
    package var maxWriteByteCount = 64 << 20
    package var outputPauseByteCount = 1 << 20
    package var outputCloseByteCount = 64 << 20
    package var outputCloseMilliseconds = 60_000
    /// How often the states of a shard's replicas are compared; 0 for never.
    package var stateCheckMilliseconds = 600_000
    package var allowsDebug = false
    package var password: [UInt8]?
    package var serverVersion = "0.1.0"

    /// Whether SIGTERM and SIGINT stop the node cleanly.
    package var handlesSignals = true
    /// Called on any of the node's threads; must not block.
    package var log: @Sendable (LogLevel, String) -> Void

    package init(
        dataDirectory: String, peerListen: Address, clusterListen: Address,
        advertised: AdvertisedAddresses, clusterName: String,
        log: @escaping @Sendable (LogLevel, String) -> Void
    ) {
        self.dataDirectory = dataDirectory
        self.peerListen = peerListen
        self.clusterListen = clusterListen
        self.advertised = advertised
        self.clusterName = clusterName
        self.log = log
    }
}
