package import Primitives

/// What one replica of a group tells another.
package struct RaftMessage: Equatable, Sendable {
    package var group: GroupID
    package var from: Member
    package var to: Member
    /// The sender's term; in a pre-vote request and its grant the term that the election would have.
    package var term: Term
    package var body: Body

    package init(group: GroupID, from: Member, to: Member, term: Term, body: Body) {
        self.group = group
        self.from = from
        self.to = to
        self.term = term
        self.body = body
    }

    package enum Body: Equatable, Sendable {
        case preVote(VoteRequest)
        case preVoteResponse(VoteResponse)
        case vote(VoteRequest)
        case voteResponse(VoteResponse)
        case append(Append)
        /// The sender's log equals the leader's up to `match`, and is durable that far.
        case appendAccepted(match: LogIndex, session: UInt32)
        case appendRejected(Rejection)
        case heartbeat(Heartbeat)
        /// `matched`: how far the follower knows its log to agree with this leader's. Behind what the
        /// leader knows after a restart; an append then lets it commit again.
        case heartbeatResponse(round: UInt64, matched: LogIndex, hindrance: Hindrance)
        /// The receiver should begin an election at once (dissertation §3.10).
        case timeoutNow
    }

    package struct VoteRequest: Equatable, Sendable {
        package var lastIndex: LogIndex
        package var lastTerm: Term
        /// The leader asked for this election, so hearing from that leader is no reason to refuse.
        package var isTransfer: Bool

        package init(lastIndex: LogIndex, lastTerm: Term, isTransfer: Bool) {
            self.lastIndex = lastIndex
            self.lastTerm = lastTerm
            self.isTransfer = isTransfer
        }
    }

    package struct VoteResponse: Equatable, Sendable {
        package var isGranted: Bool
        /// The voter may have lost entries that it had acknowledged: its grant counts only if every
        /// voter grants.
        package var isAmnesiac: Bool
        package var clock: ClockReport

        package init(isGranted: Bool, isAmnesiac: Bool, clock: ClockReport) {
            self.isGranted = isGranted
            self.isAmnesiac = isAmnesiac
            self.clock = clock
        }
    }

    package struct Append: Equatable, Sendable {
        package var previousIndex: LogIndex
        package var previousTerm: Term
        package var commitIndex: LogIndex
        /// The shard clock when it was sent.
        package var clock: Int64
        /// Counts how often the leader had to forget what this follower had acknowledged.
        package var session: UInt32
        /// The number by which the follower asked for this session; 0 for the first.
        package var nonce: UInt64
        /// They follow directly on ``previousIndex``.
        package var entries: [LogEntry]

        package init(
            previousIndex: LogIndex, previousTerm: Term, commitIndex: LogIndex, clock: Int64,
            session: UInt32, nonce: UInt64, entries: [LogEntry]
        ) {
            self.previousIndex = previousIndex
            self.previousTerm = previousTerm
            self.commitIndex = commitIndex
            self.clock = clock
            self.session = session
            self.nonce = nonce
            self.entries = entries
        }
    }

    package struct Rejection: Equatable, Sendable {
        /// The `previousIndex` that the follower does not have in the leader's version.
        package var previousIndex: LogIndex
        /// The follower's best guess at the last entry that both have, and its term there.
        package var hintIndex: LogIndex
        package var hintTerm: Term
        package var session: UInt32
        /// Not 0: the follower may have lost what it acknowledged and asks for a new session.
        package var nonce: UInt64

        package init(
            previousIndex: LogIndex, hintIndex: LogIndex, hintTerm: Term, session: UInt32,
            nonce: UInt64
        ) {
            self.previousIndex = previousIndex
            self.hintIndex = hintIndex
            self.hintTerm = hintTerm
            self.session = session
            self.nonce = nonce
        }
    }

    package struct Heartbeat: Equatable, Sendable {
        package var commitIndex: LogIndex
        /// The shard clock when it was sent.
        package var clock: Int64
        /// Never used twice in a term.
        package var round: UInt64

        package init(commitIndex: LogIndex, clock: Int64, round: UInt64) {
            self.commitIndex = commitIndex
            self.clock = clock
            self.round = round
        }
    }
}
