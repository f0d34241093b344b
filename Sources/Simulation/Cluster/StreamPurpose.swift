import Node
import Primitives

/// What a stream carries.
enum WorldPayload: Sendable {
    case frame(PeerFrame)
    case bytes([UInt8])
}

/// What a stream is for, and who is at its ends.
enum StreamPurpose: Sendable {
    /// A process's link; frames arrive at the accepting node's loop of this index.
    case link(NodeLife, NodeID, index: Int, acceptor: NodeLife, acceptingLoop: Int)
    case client(Int, acceptor: NodeLife, acceptingLoop: Int, ConnectionID)
    /// A client's connection that no process has accepted yet.
    case dialing(Int)
}
