import Primitives

/// A leadership being handed over (dissertation §3.10).
struct Transfer: Sendable {
    var target: ReplicaID
    /// When the leader gives up and takes proposals again.
    var deadline: Instant
    var isTimeoutNowSent = false
}
