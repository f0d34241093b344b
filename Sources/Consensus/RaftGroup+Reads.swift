package import Primitives

extension RaftGroup {
    /// Asks when a read that has just come in may be served.
    ///
    /// A permission in force when the read came stays good; ``hasLease(now:)`` is what must be asked
    /// again when serving is delayed.
    package mutating func requestRead(
        now: Moment, into effects: inout [RaftEffect]
    ) -> ReadPermission {
        guard role == .leader else { return .notLeader }
        guard hasCommittedOwnTerm else { return .notReady }
        if hasLease(now: now) { return .now }
        let round = reads.awaitNext()
        if reads.awaited.isEmpty { broadcastHeartbeat(now: now, into: &effects) }
        return reads.confirmed >= round ? .now : .afterRound(round)
    }

    /// Whether no other leader can have been elected at `now`.
    ///
    /// It counts from when the newest confirmed round was sent: each voter that answered it refuses
    /// its vote for an election timeout from when it came.
    package func hasLease(now: Moment) -> Bool { now.boot < leaseEnd }

    /// Sends a heartbeat to every follower, which begins a round.
    mutating func broadcastHeartbeat(now: Moment, into effects: inout [RaftEffect]) {
        heartbeatDue = now.boot.advanced(milliseconds: settings.heartbeatMilliseconds)
        let heartbeat = RaftMessage.Heartbeat(
            commitIndex: commitIndex, clock: stamp(now: now), round: reads.send(at: now.boot))
        for follower in followers {
            effects.append(
                .send(message(.heartbeat(heartbeat), to: follower.member, term: term)))
        }
        confirmRounds(now: now, into: &effects)
    }

    /// Looks which rounds enough voters have answered.
    mutating func confirmRounds(now: Moment, into effects: inout [RaftEffect]) {
        let latest = reads.latest
        let confirmed = quorum.highestReached(from: UInt64(0)) { voter in
            if voter == replica { return latest }
            return followerPosition(voter).map { followers[$0].answeredRound } ?? 0
        }
        if reads.confirm(confirmed) { effects.append(.readsConfirmed(through: confirmed)) }
        if reads.isNextAwaited, reads.awaited.isEmpty {
            broadcastHeartbeat(now: now, into: &effects)
        }
    }
}
