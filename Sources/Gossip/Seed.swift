import Primitives

/// An address from the configuration, and who answers there.
struct Seed: Sendable {
    var address: Address
    /// Who answered last.
    var node: NodeID?
    /// Of the last ping sent there.
    var sequence: UInt64?
    var nextAttempt: Instant
    var pauseMilliseconds: Int
}
