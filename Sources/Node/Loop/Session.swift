import Primitives
import RESP

/// Whose requests a session carries.
enum SessionOrigin: Equatable, Sendable {
    /// A client's connection on this loop.
    case client(ListenerKind, remote: Address)
    /// A connection of another loop of this node, whose requests concern shards that live here.
    case proxy(loop: Int, connection: ConnectionID)
    /// What a plain connection of another loop or node asks of one shard that lives here.
    case stream
    /// The parts of a plain connection's command.
    case split
}

/// Why a session's next request has to wait.
enum Obstacle: Equatable, Sendable {
    /// No leader is known for the shard, or it is not ready yet.
    case leader(GroupID)
    /// The shard has as much in flight as it may have.
    case backlog(GroupID)
    /// Reads that wait for a round must be answered before the session may write.
    case round(GroupID)
    /// What the session asked for before must be answered first.
    case replies
    /// The client takes its replies too slowly.
    case output
    /// Too many replies have been promised and not come yet.
    case owed
    /// `CLIENT PAUSE` of this kind, or a wider one.
    case pause(PauseKind)
    /// Reads have had enough of this turn.
    case turn
}

/// A request that another loop sent on.
struct RelayedRequest: Sendable {
    var sequence: UInt64
    var version: RESPVersion
    var bytes: [UInt8]
}

/// What a loop knows of one connection.
struct Session: Sendable {
    let origin: SessionOrigin
    let isProxy: Bool
    /// Whether the client takes the node for one Redis, whoever leads what.
    let isPlain: Bool
    /// Raised each time the place is given to another connection.
    var generation: UInt32
    /// Redis's client id: increasing, unique in this process.
    var clientID: UInt64
    var isOpen = true
    var isClosing = false
    var isAuthenticated: Bool
    var version = RESPVersion.two
    var name: [UInt8] = []
    var libraryName: [UInt8] = []
    var libraryVersion: [UInt8] = []
    var isReadOnly = false
    /// The database that requests are for.
    var database: DatabaseID
    /// Of a session whose requests each concern one shard: the slot that says which, where keys don't. A
    /// command without keys then does the part of that shard.
    var shardSlot: SlotID?
    /// Where the requests of a split's session are done, the next one first from ``partNumber`` on.
    var partPlaces: [DatabaseSlot] = []
    var partNumber = 0
    /// Whether its requests are parts of clients' requests, which count instead of them; and how long they took
    /// on this loop.
    var isPart = false
    var partNanoseconds: UInt64 = 0
    var connectedAt: Instant
    var lastActiveAt: Instant
    /// Its row in the ``DispatchTable``; -1: none yet.
    var lastCommand = -1
    var muting = ReplyMuting()
    var isEvictionExempt = false
    /// Nothing is evicted by use, so that it makes no difference.
    var touchesNothing = false

    /// Bytes received and not yet used.
    var input: [UInt8] = []
    /// Whether ``input`` waits for the end of the turn, see ``LoopCore/useArrivals(now:)``.
    var hasArrived = false
    /// How much of the request at the start of ``input`` is known to be in order.
    var partial = PartialRequest()
    /// Requests of another loop not yet used; only for a proxy.
    var relayed: [RelayedRequest] = []
    /// Only of a plain connection.
    var plain = PlainState()
    /// Only of an incoming stream.
    var incoming: IncomingStream?
    /// Requests of the stream not yet used.
    var forwarded: [ForwardedRequest] = []
    /// Replies; the first ``sentByteCount`` bytes have left.
    var output: [UInt8] = []
    var sentByteCount = 0
    /// Whether the socket has taken bytes since the last look at it.
    var hasTakenOutput = false
    /// The last look that found something taken, or little waiting.
    var stalledSince: Instant
    var isListedForOutput = false
    var isPaused = false
    var replies = ReplyQueue()
    var obstacle: Obstacle?
    /// What was in the way last; `nil` once all input was used.
    var lastObstacle: Obstacle?
    /// When ``lastObstacle`` came up.
    var obstructedSince = Instant.zero
    var isListedAsObstructed = false
    /// Bytes of requests sent on to other loops since nothing was owed.
    var forwardedByteCount = 0
    /// For each shard of this loop, the number of this session's last write there.
    var lastWrites: [UInt64] = []
    /// Reads that wait for a round of heartbeats.
    var roundReadCount = 0

    init(origin: SessionOrigin, generation: UInt32, clientID: UInt64, now: Instant) {
        self.origin = origin
        switch origin {
        case .client(let listener, _):
            isProxy = false
            isPlain = listener == .plain
        case .proxy, .stream:
            isProxy = true
            isPlain = false
        case .split:
            isProxy = false
            isPlain = true
        }
        database = .sharded
        self.generation = generation
        self.clientID = clientID
        isPart = origin == .split
        isAuthenticated = true
        connectedAt = now
        lastActiveAt = now
        stalledSince = now
    }

    /// Bytes of replies that have not left.
    var unsentByteCount: Int { output.count - sentByteCount }

    /// Whether there is a socket.
    var hasSocket: Bool {
        if case .client = origin { true } else { false }
    }

    /// Whether every reply has been written.
    var owesNothing: Bool {
        _read { yield replies.head == replies.next }
    }

    /// How many replies have been promised and not written.
    var owedCount: Int { Int(replies.next - replies.head) }

    /// The reply to a place that was kept has come.
    mutating func answer(_ sequence: UInt64, with reply: [UInt8]) {
        replies.answer(sequence, with: muting.mutes(sequence) ? [] : reply, into: &output)
    }

    /// Takes up the place of the next part.
    mutating func beginPart() {
        database = partPlaces[partNumber].database
        shardSlot = partPlaces[partNumber].slot
    }

    mutating func noteWrite(_ number: UInt64, to shardIndex: Int) {
        while lastWrites.count <= shardIndex { lastWrites.append(0) }
        lastWrites[shardIndex] = number
    }
}

/// Names a session for as long as it lives.
struct SessionReference: Hashable, Sendable {
    var index: Int
    var generation: UInt32
}
