import Node
import Primitives

/// A running node: its cores, and what its shell would keep for them.
final class SimulatedProcess {
    let nodeID: NodeID
    let loops: [LoopHost]
    let home: HomeHost
    var links: [LinkState] = []
    /// Until when its core's home posts and loops' posts have been handed out.
    var isStopping = false

    init(nodeID: NodeID, loops: [LoopHost], home: HomeHost) {
        self.nodeID = nodeID
        self.loops = loops
        self.home = home
    }
}

/// A loop core and its clients' connections.
final class LoopHost {
    var core: LoopCore
    /// By the index of their ids.
    var connections: [ServerConnection?] = []
    var isTurnOpen = false

    init(_ core: consuming LoopCore) { self.core = core }
}

/// The home core of a process; in a class so that it can be changed in place.
final class HomeHost {
    var core: HomeCore

    init(_ core: consuming HomeCore) { self.core = core }
}

/// A client's connection at the node's end.
struct ServerConnection {
    var id: ConnectionID
    var stream: StreamID
    /// Whether the core asked not to be given more bytes for now.
    var isPaused = false
    var held: [UInt8] = []
    /// Whether the connection ends once its output is sent.
    var isClosing = false
    /// Whether the client is known to be gone.
    var isGone = false
}

/// A link that a process keeps to another node, for one loop and one kind of frames.
struct LinkState {
    var peer: PeerLink
    /// The index of the node at the peer's address; `nil` when none has it.
    var peerIndex: Int?
    var loop: Int
    var kind: LinkKind
    var stream: StreamID?
    var isUp = false
    /// Raised with each attempt to connect, so that late answers are told apart.
    var attempt: UInt32 = 0
}
