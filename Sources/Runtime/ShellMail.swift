import EventLoop
import Node
import Primitives

/// What the threads of a node tell a loop's shell.
enum ShellMail: Sendable {
    case core(CoreMessage, from: CoreID, to: CoreID)
    /// A socket that loop 0 has accepted for this loop.
    case client(descriptor: Int32, ListenerKind)
    case peer(descriptor: Int32)
    /// To loop 0: a frame for the home core, which came over another loop's link.
    case homeFrame(from: NodeID, [UInt8])
    /// Keep links to exactly these nodes.
    case links([PeerLink])
    /// To loop 0: hand over what this node leads, then end cleanly.
    case drain
    /// Answer what clients have sent, and close their connections.
    case part
    /// To loop 0: that loop has parted with its clients.
    case parted
    /// End cleanly.
    case stop
    /// End at once.
    case abandon
    /// To loop 0: call this with the state of the cluster.
    case status(@Sendable (ClusterStatus) -> Void)
    /// Call this with what the loop counts.
    case metrics(@Sendable (LoopReport) -> Void)
    /// To loop 0: call this with why it can't be, or with nothing when it is on its way.
    case request(ClusterWish, @Sendable (String?) -> Void)
    /// Take another turn.
    case wake
}
