package import Primitives

/// What the shell must do, in the order given.
package enum GossipEffect: Equatable, Sendable {
    /// Seal the bytes and send them to `to`; they may be lost, repeated or reordered.
    case datagram(to: Address, [UInt8])
    /// Send the bytes over the peer link, opening it if need be; they may be dropped.
    case stream(to: NodeID, [UInt8])
    /// A member is new, or its status, incarnation, addresses or cluster changed.
    case memberChanged(GossipMember)
    /// A hint of a later term than the one held has arrived.
    case hintChanged(LeaderHint)
    /// Another node has applied a later epoch of the directory than this one. Repeated while so.
    case epochSeen(UInt64, from: NodeID)
    /// Another live process has this node's id. The one that started later must stop.
    case identityConflict(isOursLater: Bool)
}
