import Primitives

/// A ping to where another process with this node's id may be. Only its answer proves that there is one.
struct IdentityCheck: Sendable {
    var sequence: UInt64
    var address: Address
    var sentAt: Instant
}
