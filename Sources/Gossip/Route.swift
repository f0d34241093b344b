import Primitives

/// How a packet travels.
enum Route: Sendable {
    case address(Address)
    /// The peer link to a node.
    case link(NodeID)
}
