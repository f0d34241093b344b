import DequeModule
import Primitives

/// What a leader keeps for one other member.
struct Progress: Sendable {
    private struct Inflight {
        var lastIndex: LogIndex
        var byteCount: Int
    }

    let member: Member
    var match = LogIndex.zero
    /// The next entry to send.
    private(set) var next: LogIndex
    private(set) var state = FollowerState.probe
    var lastHeard: Instant
    /// As the member said last.
    var hindrance = Hindrance.none
    /// The latest heartbeat round that the member answered.
    var answeredRound: UInt64 = 0
    /// A probe is under way, sent when this was the latest heartbeat round: the next waits for its
    /// answer, or that of a later heartbeat.
    var probeRound: UInt64?
    /// ``match`` at the heartbeat answered last: appends may be lost if it has not moved since.
    var matchAtHeartbeat = LogIndex.zero
    /// When to ask for a snapshot once more, in the snapshot state.
    var snapshotRetry = Instant.distantFuture
    private(set) var session: UInt32 = 0
    private(set) var nonce: UInt64 = 0
    private var inflight: Deque<Inflight> = []
    private var inflightByteCount = 0

    init(member: Member, next: LogIndex, now: Instant) {
        self.member = member
        self.next = next
        lastHeard = now
    }

    func hasRoom(_ settings: RaftSettings) -> Bool {
        inflight.count < settings.maxInflightMessageCount
            && inflightByteCount < settings.maxInflightByteCount
    }

    /// Entries up to and with `lastIndex` are on their way.
    mutating func sent(through lastIndex: LogIndex, byteCount: Int) {
        next = lastIndex.next
        inflight.append(Inflight(lastIndex: lastIndex, byteCount: byteCount))
        inflightByteCount += byteCount
    }

    /// The member has everything up to and with `index`.
    mutating func acknowledged(_ index: LogIndex) {
        match = max(match, index)
        next = max(next, match.next)
        while let first = inflight.first, first.lastIndex <= index {
            inflightByteCount -= first.byteCount
            inflight.removeFirst()
        }
    }

    mutating func becomeReplicating() {
        state = .replicate
        next = match.next
        clearInflight()
    }

    /// Starts to look for agreement again, at `next`.
    mutating func becomeProbing(next: LogIndex) {
        state = .probe
        self.next = max(next, match.next)
        probeRound = nil
        clearInflight()
    }

    mutating func becomeSnapshot(retry: Instant) {
        state = .snapshot
        snapshotRetry = retry
        clearInflight()
    }

    /// Takes back everything that the member has acknowledged: it may have lost it.
    mutating func startSession(nonce: UInt64, next: LogIndex) {
        session += 1
        self.nonce = nonce
        match = .zero
        matchAtHeartbeat = .zero
        becomeProbing(next: next)
    }

    private mutating func clearInflight() {
        inflight.removeAll(keepingCapacity: true)
        inflightByteCount = 0
    }
}
