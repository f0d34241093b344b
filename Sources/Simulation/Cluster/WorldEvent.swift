import Node
import Primitives

/// What happens in the world at some time.
enum WorldEvent: Sendable {
    case tick(NodeLife, loop: Int)
    case homeTick(NodeLife)
    case endTurn(NodeLife, loop: Int)
    case post(NodeLife, CoreMessage, from: CoreID, to: CoreID)
    case diskDone(NodeLife, disk: Int)
    case stream(StreamEvent)
    case datagram(from: Int, to: Int, [UInt8])
    /// A process tries to make a link.
    case dial(NodeLife, link: Int)
    /// Its first bytes have come to the other node.
    case handshake(NodeLife, link: Int, attempt: UInt32)
    case accept(client: Int, node: Int, ListenerKind, StreamID)
    case clientConnected(client: Int, StreamID)
    case clientRefused(client: Int, StreamID)
    case writable(NodeLife, loop: Int, ConnectionID)
    case clientWake(client: Int, token: UInt64)
    case start(node: Int)
    case fault(Int)
    case step(FaultStep)
    case errand
    case supervise
}

/// A part of a fault that comes after its beginning.
enum FaultStep: Sendable {
    case restore(paths: [Cut])
    case calm(Weather)
    case resume(node: Int)
    case speed(node: Int, DiskSpeed)
    /// The node's disks have room and do their work again.
    case mendDisks(node: Int)
    case crash(node: Int)
    case powerCut(node: Int)
    case isolate(node: Int, for: UInt64)
    case deafen(node: Int, for: UInt64)
    case split(for: UInt64)
    case hunt(GroupID, remaining: Int)
    case transfer(remaining: Int)
    case endOfBurst
    /// Disks take up writes and finish none, until every machine loses power.
    case stallDisks(for: UInt64)
    /// Every machine loses power while wall clocks go back.
    case rebootAll
    case loseMajority
    case damage(FaultKind, remaining: Int)
}

/// One cut on the path from one host to another.
struct Cut: Equatable, Sendable {
    var from: Int
    var to: Int
}
