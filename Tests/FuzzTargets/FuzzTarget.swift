/// A decoder that is fed hostile bytes by the code that feeds it in a node, and what must hold
/// whatever the bytes are.
///
/// An input is a program for its target: its first bytes choose limits, cuts and whether checksums are
/// set right, so that damage gets past them. Every input has a meaning, and equal inputs give equal
/// runs on every machine.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// A client's requests: the parser, whole and in pieces.
    case request
    /// A client's bytes to a node of its own: sessions, commands, replies.
    case session
    /// A server's replies to the client library.
    case reply
    /// The files of a journal's folder at start-up.
    case journal
    /// The snapshot of a shard or of the directory at start-up.
    case snapshot
    /// The entries of a shard's log, as they are applied.
    case entry
    /// The entries of the directory's log, as they are applied.
    case directory
    /// The contents of the identity file.
    case identity
    /// What follows the handshake on a peer link: frames, and the messages in them.
    case frame
    /// The handshake of a peer link.
    case handshake
    /// Gossip packets, and their seals.
    case gossip
    /// Datagrams and frames to a node's home: gossip, founding, reports.
    case home

    /// Runs one input.
    ///
    /// - Parameter bytes: The input.
    /// - Throws: What does not hold. A trap is a finding too.
    public func run(_ bytes: [UInt8]) throws(Finding) {
        var input = FuzzInput(bytes)
        switch self {
        case .request: try RequestFuzz.run(&input)
        case .session: try SessionFuzz.run(&input)
        case .reply: try ReplyFuzz.run(&input)
        case .journal: try JournalFuzz.run(&input)
        case .snapshot: try SnapshotFuzz.run(&input)
        case .entry: try EntryFuzz.run(&input)
        case .directory: try DirectoryFuzz.run(&input)
        case .identity: try IdentityFuzz.run(&input)
        case .frame: try FrameFuzz.run(&input)
        case .handshake: try HandshakeFuzz.run(&input)
        case .gossip: try GossipFuzz.run(&input)
        case .home: try HomeFuzz.run(&input)
        }
    }

    /// Inputs made of real encodings, to begin from; the same at each call.
    public var seeds: [[UInt8]] {
        switch self {
        case .request: RequestFuzz.seeds
        case .session: SessionFuzz.seeds
        case .reply: ReplyFuzz.seeds
        case .journal: JournalFuzz.seeds
        case .snapshot: SnapshotFuzz.seeds
        case .entry: EntryFuzz.seeds
        case .directory: DirectoryFuzz.seeds
        case .identity: IdentityFuzz.seeds
        case .frame: FrameFuzz.seeds
        case .handshake: HandshakeFuzz.seeds
        case .gossip: GossipFuzz.seeds
        case .home: HomeFuzz.seeds
        }
    }
}

/// Something that must hold for every input, and did not for one.
public struct Finding: Error, CustomStringConvertible, Sendable {
    /// What did not hold, with the values.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Throws a ``Finding`` unless `condition` holds.
func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws(Finding) {
    guard condition else { throw Finding(what()) }
}

/// Throws a ``Finding`` unless both are the same.
func expectEqual<Value: Equatable>(
    _ left: Value, _ right: Value, _ what: @autoclosure () -> String
) throws(Finding) {
    guard left == right else { throw Finding("\(what()): \(left) and \(right)") }
}
