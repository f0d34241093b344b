package import Primitives

/// Every setting of a node, with its default. ``Setting/all`` says what each means.
package struct NodeSettings: Equatable, Sendable {
    package enum LogFormat: String, CaseIterable, Sendable {
        case text
        case json
    }

    package enum LogThreshold: String, CaseIterable, Sendable {
        case debug
        case info
        case warning
        case error
    }

    package var durabilityName = "sync"
    package var plainDatabaseZeroName = "whole"

    package var dataDirectory = "./martlet-data"
    package var loopCount = 1

    package var clusterListen = Address(host: "127.0.0.1", port: 7000)
    package var plainListen: Address? = Address(host: "127.0.0.1", port: 6379)
    package var peerListen = Address(host: "127.0.0.1", port: 17000)
    package var adminListen = Address(host: "127.0.0.1", port: 7080)

    /// As set; ``clusterAddress`` and its like fall back on the listener's own.
    package var clusterAdvertise: Address?
    package var plainAdvertise: Address?
    package var peerAdvertise: Address?
    package var adminAdvertise: Address?

    package var clusterName = "martlet"
    /// What the nodes of a cluster prove to each other; `nil` in a cluster that has no other node.
    package var secret: String?
    package var seeds: [Address] = []
    package var shardCount = 16
    package var replicaCount = 3

    package var password: String?
    package var isInsecure = false
    package var allowsDebug = false

    package var argumentCountLimit = Int(Int32.max)
    package var bulkByteCountLimit = 512 << 20
    package var queryBufferByteCountLimit = 1 << 30
    package var writeByteCountLimit = 64 << 20
    package var outputPauseByteCount = 1 << 20
    package var outputCloseByteCount = 64 << 20
    package var outputCloseMilliseconds = 60_000
    package var entryCacheByteCount = 64 << 20

    package var heartbeatMilliseconds = 50
    package var electionMilliseconds = 300

    package var segmentByteCount = 64 << 20
    package var snapshotLogByteCount = 64 << 20
    package var snapshotTransferByteCount = 64 << 20
    package var stateCheckMilliseconds = 600_000

    package var logLevelName = LogThreshold.info.rawValue
    package var logFormatName = LogFormat.text.rawValue
    /// `nil`: standard error.
    package var logFile: String?

    package init() {}

    package var durability: Durability { durabilityName == "periodic" ? .periodic : .sync }
    package var isPlainDatabaseZeroSharded: Bool { plainDatabaseZeroName == "sharded" }
    package var logFormat: LogFormat { LogFormat(rawValue: logFormatName) ?? .text }
    package var logLevel: LogThreshold { LogThreshold(rawValue: logLevelName) ?? .info }

    /// Where clients reach the cluster listener.
    package var clusterAddress: Address { clusterAdvertise ?? clusterListen }
    /// Where clients reach the plain listener; port 0 when there is none.
    package var plainAddress: Address {
        plainAdvertise ?? plainListen ?? Address(host: clusterAddress.host, port: 0)
    }
    /// Where other nodes reach this one, by TCP and UDP.
    package var peerAddress: Address { peerAdvertise ?? peerListen }
    /// Where the admin listener is reached.
    package var adminAddress: Address { adminAdvertise ?? adminListen }
}
