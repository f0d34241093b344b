/// Bounds and intervals of peer links.
enum LinkLimits {
    /// What may wait to be sent on one link; a frame past it is dropped, and Raft sends anew.
    static let queueByteCount = 64 << 20
    /// Incoming connections that haven't proven the secret yet.
    static let unprovenCount = 256
    /// From the start of a connection attempt to the end of the handshake.
    static let handshakeMilliseconds = 3000
    static let connectMilliseconds = 1500
    /// The pause after a first failure; it doubles up to the second.
    static let backoffMilliseconds = 50
    static let backoffMaxMilliseconds = 1000
    /// How long sent bytes may go unacknowledged before the connection counts as broken.
    static let unacknowledgedMilliseconds = 3000
    /// An emptied queue keeps at most this much memory.
    static let keptByteCount = 1 << 20
}
