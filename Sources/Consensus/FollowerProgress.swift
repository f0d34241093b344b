package import Primitives

/// How the leader sends to one follower.
package enum FollowerState: Equatable, Sendable {
    /// One append at a time, to find where the logs agree.
    case probe
    /// Appends are pipelined.
    case replicate
    /// It needs entries that are no longer held, and waits for a snapshot.
    case snapshot
}

/// What the leader knows of one other member, for reports and placement.
package struct FollowerProgress: Equatable, Sendable {
    package var member: Member
    /// Everything up to here is durable at the member and equal to the leader's log.
    package var match: LogIndex
    package var isLearner: Bool
    package var state: FollowerState
    /// When its last message of this term came; the start of the leadership before that.
    package var lastHeard: Instant
    /// As it said last.
    package var hindrance: Hindrance
}
