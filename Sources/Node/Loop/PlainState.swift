import Primitives
import RESP

/// Who gets what a plain connection asks of a shard.
enum ForwardTarget: Equatable, Sendable {
    /// The shard's replica on this loop, while it leads this term.
    case here(Term)
    /// Another loop of this node.
    case loop(Int)
    case node(NodeID)
}

/// What a plain connection asks of one shard.
struct OutgoingStream: Sendable {
    let group: GroupID
    var target: ForwardTarget
    /// See ``ForwardFrame``.
    var attempt: UInt32 = 0
    /// Whether another loop or node was sent a write.
    var hasWrittenElsewhere = false
    /// Of the attempt's next request.
    var next: UInt32 = 0
    /// Whether the attempt is over: what is not answered must be sent in another one.
    var isOver = false
    /// Not before then is a target that has refused tried again.
    var retryAt = Instant.zero
    /// The parts of a reply that have come.
    var partialReply: [UInt8] = []

    init(group: GroupID, target: ForwardTarget) {
        self.group = group
        self.target = target
    }

    /// Begins an attempt.
    mutating func begin(to target: ForwardTarget) {
        self.target = target
        attempt += 1
        next = 0
        isOver = false
        partialReply = []
    }
}

/// What the session of a plain connection has beside that of a cluster connection.
struct PlainState: Sendable {
    var requests = UnansweredRequests()
    var streams: [OutgoingStream] = []
    /// Whether requests were refused and not sent again yet; nothing new is taken meanwhile.
    var hasRefused = false

    /// The stream to `group`, if anything was asked of it.
    func stream(to group: GroupID) -> Int? { streams.firstIndex { $0.group == group } }
}

/// What another loop or node has a leader do for one of its plain connections.
struct IncomingStream: Sendable {
    let key: StreamKey
    /// Whose connection it is.
    let node: NodeID
    let loop: Int
    var attempt: UInt32
    /// The number of the next request that may come.
    var next: UInt32 = 0
    /// From this number on everything is refused.
    var refusedFrom: UInt32?
    /// The term in which the attempt's requests are done; `nil` until the first.
    var term: Term?
    var lastUsedAt: Instant
}

/// A request of an ``IncomingStream``.
struct ForwardedRequest: Sendable {
    var number: UInt32
    var target: DatabaseSlot
    var version: RESPVersion
    /// Whether it is a part of a client's request.
    var isPart: Bool
    var bytes: [UInt8]
}
