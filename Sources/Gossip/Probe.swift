import Primitives

/// The probe that is under way.
struct Probe: Sendable {
    var target: NodeID
    /// The target's when the probe began: a later one has shown itself to live meanwhile.
    var incarnation: UInt64
    var sequence: UInt64
    /// When others are asked to try; `nil` once they were.
    var indirectAt: Instant?
    /// When the probe has failed.
    var deadline: Instant
    var expectedNackCount = 0
    var nackCount = 0
}

/// A probe on behalf of another member.
struct Relay: Sendable {
    var origin: Address
    var originSequence: UInt64
    var target: NodeID
    /// Of the ping that this node sent.
    var sequence: UInt64
    /// When the origin is told that there is no answer yet; `nil` once it was.
    var nackAt: Instant?
    var expiresAt: Instant
}
