import Primitives

/// A machine: its clock and disks, and the process on it if there is one.
struct SimulatedNode {
    let index: Int
    let address: Address
    let clientAddress: Address
    var clock: VirtualClock
    /// The journals' folders, one for each loop, and at the end the folder of the identity file.
    var disks: [VirtualDisk]
    var process: SimulatedProcess?
    /// The identity under which a process last ran here.
    var lastID: NodeID?
    /// Raised when a process starts or ends; events of an earlier life are stale.
    var life: UInt32 = 0
    var isPaused = false
    /// What came while the process was paused, oldest first.
    var deferred: [WorldEvent] = []
    /// Whether a start is scheduled.
    var isStarting = false
    /// Whether nothing starts it any more.
    var isGone = false
    /// Lost power in periodic mode and has not caught up since: the latest time up to which all
    /// that it wrote was surely on disk.
    var forgotSince: UInt64?

    static let identityFile = "identity"
    var identityDisk: Int { disks.count - 1 }
}

/// A process of a node, as events name it.
struct NodeLife: Equatable, Sendable {
    var node: Int
    var life: UInt32
}
