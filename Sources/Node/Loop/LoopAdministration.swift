import DequeModule
import Keyspace
import Primitives
import RESP

/// A loop's own state of the commands that operate a node.
struct LoopAdministration: Sendable {
    /// What the file of settings says of what parameters can change.
    let fileLimits: RequestLimits
    let fileQueryBufferByteCount: Int
    var parameters = LoopParameters()
    var lastTicket: UInt64 = 0
    /// `CONFIG SET` on their way, by ticket.
    var changes = SortedMap<UInt64, AwaitedReply>()
    /// What the counts of `INFO` were when they were last begun anew.
    var baseline = LoopStatistics()
    var errorBaseline = 0
    var lastIdleCheckAt = Instant.zero
    var pause = ClientPause()
    var slowLog = SlowLog()
    var latency = LatencyMonitor()
    var commitLatency = LatencyHistogram()
    var diskLatency = LatencyHistogram()
    /// When the disk was asked for what is not complete.
    var diskRequestsBegan = Deque<Instant>()
    /// See ``LoopCore/clientID(of:)``.
    var nodeNumber: UInt64 = 0

    /// A client that waits for its change of parameters.
    struct AwaitedReply: Sendable {
        var session: SessionReference
        var sequence: UInt64
        var version: RESPVersion
        /// The directory's once it has the change.
        var epoch: UInt64?
    }

    init(_ settings: LoopSettings) {
        fileLimits = settings.requestLimits
        fileQueryBufferByteCount = settings.queryBufferByteCount
    }
}

/// The parameters that a loop goes by, beside those in ``LoopSettings``.
struct LoopParameters: Equatable, Sendable {
    /// Seconds; 0: a client may be idle for ever.
    var idleSeconds = 0
    /// Negative: nothing is slow.
    var slowMicroseconds = 10_000
    var slowLogCount = 128
    /// 0: nothing is noted.
    var latencyMilliseconds = 0
    var tracksLatency = true
    var compactLimits = CompactLimits()
}
