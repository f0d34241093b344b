import Consensus
import Node
import Primitives
import Runtime
import Settings

extension NodeConfiguration {
    /// What the runtime takes of the settings.
    init(_ settings: NodeSettings, log: @escaping @Sendable (LogLevel, String) -> Void) {
        self.init(
            dataDirectory: settings.dataDirectory, peerListen: settings.peerListen,
            clusterListen: settings.clusterListen,
            advertised: AdvertisedAddresses(
                peer: settings.peerAddress, cluster: settings.clusterAddress,
                plain: settings.plainAddress, admin: settings.adminAddress),
            clusterName: settings.clusterName, log: log)
        plainListen = settings.plainListen
        if settings.isPlainDatabaseZeroSharded { plainDatabaseZero = .sharded }
        secret = settings.secret.map { Array($0.utf8) }
        seeds = settings.seeds
        shardCount = settings.shardCount
        replicaCount = settings.replicaCount
        loopCount = settings.loopCount
        durability = settings.durability
        segmentByteCount = settings.segmentByteCount
        snapshotLogByteCount = settings.snapshotLogByteCount
        snapshotTransferByteCount = settings.snapshotTransferByteCount
        entryCacheByteCount = settings.entryCacheByteCount
        raft.heartbeatMilliseconds = settings.heartbeatMilliseconds
        raft.electionMilliseconds = settings.electionMilliseconds
        // Nine tenths: what clocks may differ in rate (docs/guarantees.md).
        raft.leaseMilliseconds = settings.electionMilliseconds * 9 / 10
        requestLimits.argumentCount = settings.argumentCountLimit
        requestLimits.bulkByteCount = settings.bulkByteCountLimit
        queryBufferByteCount = settings.queryBufferByteCountLimit
        maxWriteByteCount = settings.writeByteCountLimit
        outputPauseByteCount = settings.outputPauseByteCount
        outputCloseByteCount = settings.outputCloseByteCount
        outputCloseMilliseconds = settings.outputCloseMilliseconds
        stateCheckMilliseconds = settings.stateCheckMilliseconds
        allowsDebug = settings.allowsDebug
        password = settings.password.map { Array($0.utf8) }
        serverVersion = Martlet.version
    }
}
