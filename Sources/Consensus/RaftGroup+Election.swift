import Primitives

extension RaftGroup {
    // MARK: Campaigning

    /// Asks whether an election could be won, and begins it if so (dissertation §9.6).
    ///
    /// A voter campaigns, and so does one that a configuration removes which is not committed yet:
    /// its log may be the only one long enough to win (dissertation §4.2.2). Its own vote doesn't
    /// count then.
    mutating func campaign(now: Moment, into effects: inout [RaftEffect]) {
        guard configurations.hasVote(replica, after: commitIndex) else { return }
        becomeFollower(term, leader: nil, now: now, into: &effects)
        role = .preCandidate
        ballots = [ownBallot(now)]
        requestVotes(isTransfer: false, now: now, into: &effects)
        decideElection(now: now, into: &effects)
    }

    /// Whether this replica, which would make a poor leader, lets an election pass: all of them while its
    /// own vote couldn't become durable, and some when it has no room or is halted, in which others that
    /// do better can win.
    mutating func leavesElectionToOthers() -> Bool {
        guard hindrance != .none, !isSoleVoter else { return false }
        if hindrance != .stalled, postponedElectionCount >= settings.postponedElectionLimit {
            return false
        }
        postponedElectionCount += 1
        return true
    }

    /// Begins an election in the next term (Raft paper §5.2).
    private mutating func startElection(
        isTransfer: Bool, now: Moment, into effects: inout [RaftEffect]
    ) {
        becomeFollower(term.next, leader: nil, now: now, into: &effects)
        role = .candidate
        vote = replica
        ballots = []
        resetElectionDeadline(now)
        persistHardState(into: &effects)
        selfVoteSequence = persistSequence
        requestVotes(isTransfer: isTransfer, now: now, into: &effects)
    }

    /// Counts the candidate's own vote, which is on disk now.
    mutating func countOwnVote(now: Moment, into effects: inout [RaftEffect]) {
        guard role == .candidate, selfVoteSequence <= durability.sequence,
            !ballots.contains(where: { $0.replica == replica })
        else { return }
        ballots.append(ownBallot(now))
        decideElection(now: now, into: &effects)
    }

    private func ownBallot(_ now: Moment) -> Ballot {
        Ballot(
            replica: replica, isGranted: true, isAmnesiac: isAmnesiac,
            clock: clock.report(now: now), instant: now.boot)
    }

    private mutating func requestVotes(
        isTransfer: Bool, now: Moment, into effects: inout [RaftEffect]
    ) {
        let request = RaftMessage.VoteRequest(
            lastIndex: log.lastIndex, lastTerm: log.lastTerm, isTransfer: isTransfer)
        let configuration = configuration
        for voter in configuration.members
        where voter.replica != replica && configuration.hasVote(voter.replica) {
            if role == .preCandidate {
                effects.append(.send(message(.preVote(request), to: voter, term: term.next)))
            } else {
                durability.send(
                    message(.vote(request), to: voter, term: term), into: &effects)
            }
        }
    }

    private mutating func decideElection(now: Moment, into effects: inout [RaftEffect]) {
        let ballots = ballots
        let quorum = quorum
        func has(_ voter: ReplicaID, _ condition: (Ballot) -> Bool) -> Bool {
            ballots.contains { $0.replica == voter && condition($0) }
        }
        let isWon =
            quorum.isReached { voter in has(voter) { $0.isGranted && !$0.isAmnesiac } }
            || quorum.isUnanimous { voter in has(voter) { $0.isGranted } }
        if isWon {
            if role == .preCandidate {
                startElection(isTransfer: false, now: now, into: &effects)
            } else {
                becomeLeader(now: now, into: &effects)
            }
        } else if quorum.isLost(where: { voter in has(voter) { !$0.isGranted } }) {
            becomeFollower(term, leader: nil, now: now, into: &effects)
        }
    }

    // MARK: Voting

    /// Whether an election that no leader asked for is disturbing (dissertation §4.2.3): there is a
    /// leader as far as this replica can tell, or there may be a lease that it helped to confirm
    /// before it restarted.
    private func refusesElections(now: Moment) -> Bool {
        role == .leader || (now.boot < refusalDeadline && !isSoleVoter)
    }

    private func isUpToDate(_ request: RaftMessage.VoteRequest) -> Bool {
        (request.lastTerm, request.lastIndex) >= (log.lastTerm, log.lastIndex)
    }

    private func answer(isGranted: Bool, now: Moment) -> RaftMessage.VoteResponse {
        RaftMessage.VoteResponse(
            isGranted: isGranted, isAmnesiac: isAmnesiac, clock: clock.report(now: now))
    }

    mutating func receivePreVote(
        _ request: RaftMessage.VoteRequest, from message: RaftMessage, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        if message.term > term, refusesElections(now: now) { return }
        let isGranted = message.term > term && isUpToDate(request)
        let body = RaftMessage.Body.preVoteResponse(answer(isGranted: isGranted, now: now))
        durability.send(
            self.message(body, to: message.from, term: isGranted ? message.term : term),
            into: &effects)
    }

    mutating func receiveVote(
        _ request: RaftMessage.VoteRequest, from message: RaftMessage, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        if message.term > term {
            if refusesElections(now: now), !request.isTransfer { return }
            becomeFollower(message.term, leader: nil, now: now, into: &effects)
        }
        let candidate = message.from.replica
        let isGranted =
            message.term == term && leader == nil && isUpToDate(request)
            && (vote == nil || vote == candidate)
        if isGranted, vote == nil {
            vote = candidate
            persistHardState(into: &effects)
        }
        if isGranted { resetElectionDeadline(now) }
        persistNewTerm(into: &effects)
        let body = RaftMessage.Body.voteResponse(answer(isGranted: isGranted, now: now))
        durability.send(self.message(body, to: message.from, term: term), into: &effects)
    }

    mutating func receivePreVoteResponse(
        _ response: RaftMessage.VoteResponse, from message: RaftMessage, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        if !response.isGranted, message.term > term {
            becomeFollower(message.term, leader: nil, now: now, into: &effects)
            persistNewTerm(into: &effects)
        } else if role == .preCandidate, message.term == (response.isGranted ? term.next : term) {
            count(response, from: message.from.replica, now: now, into: &effects)
        }
    }

    mutating func receiveVoteResponse(
        _ response: RaftMessage.VoteResponse, from voter: ReplicaID, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        guard role == .candidate else { return }
        count(response, from: voter, now: now, into: &effects)
    }

    private mutating func count(
        _ response: RaftMessage.VoteResponse, from voter: ReplicaID, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        guard !ballots.contains(where: { $0.replica == voter }) else { return }
        ballots.append(
            Ballot(
                replica: voter, isGranted: response.isGranted, isAmnesiac: response.isAmnesiac,
                clock: response.clock, instant: now.boot))
        decideElection(now: now, into: &effects)
    }

    /// The leader asks this replica to take over (dissertation §3.10).
    mutating func receiveTimeoutNow(now: Moment, into effects: inout [RaftEffect]) {
        guard role != .leader, configuration.hasVote(replica), !isAmnesiac, hindrance != .stalled
        else { return }
        startElection(isTransfer: true, now: now, into: &effects)
    }

    // MARK: Changing role

    /// Follows, in `newTerm`, which may be the present one. The term is made durable by
    /// ``persistNewTerm(into:)`` or with a vote.
    mutating func becomeFollower(
        _ newTerm: Term, leader newLeader: Member?, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        if role == .leader {
            clock.stopLeading(now: now)
            reads.reset()
            effects.append(.readsDropped)
            followers = []
            transfer = nil
            uncommittedByteCount = 0
            resetElectionDeadline(now)
        }
        role = .follower
        leader = newLeader
        ballots = []
        guard newTerm > term else { return }
        term = newTerm
        vote = nil
        isLeaseForfeited = false
        matchedIndex = commitIndex
        leaderSession = 0
        amnesia?.commitIndex = nil
        durability.dropHeld()
        isTermUnsaved = true
    }

    private mutating func becomeLeader(now: Moment, into effects: inout [RaftEffect]) {
        role = .leader
        leader = member
        postponedElectionCount = 0
        let reports = ballots.filter(\.isGranted).map { $0.clock(at: now.boot) }
        clock.lead(from: reports, floor: log.lastStamp, now: now)
        ballots = []
        isLeaseForfeited = false
        reads.reset()
        followers = configuration.members.filter { $0.replica != replica }.map {
            Progress(member: $0, next: log.lastIndex.next, now: now.boot)
        }
        uncommittedByteCount = 0
        var index = commitIndex.next
        while let entry = log.entry(at: index) {
            uncommittedByteCount += entry.byteCount
            index = index.next
        }
        readFloor = log.lastIndex.next
        quorumCheckDue = now.boot.advanced(milliseconds: settings.electionMilliseconds)
        effects.append(.becameLeader(term))
        _ = appendOwn(.noop, [], now: now, into: &effects)
        broadcastHeartbeat(now: now, into: &effects)
    }
}
