/// What is held of a node. The numbers travel between nodes: append only.
///
/// Of two statuses with the same incarnation the later one here wins (SWIM paper §4.2).
package enum MemberStatus: UInt8, Comparable, Sendable {
    case alive = 1
    /// Probes fail; the node has a while to refute it.
    case suspect = 2
    /// The suspicion ran out.
    case dead = 3
    /// It said goodbye.
    case left = 4

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
