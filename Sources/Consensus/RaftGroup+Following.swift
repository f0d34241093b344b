import Primitives

extension RaftGroup {
    /// Takes in an append or a heartbeat.
    mutating func receiveFromLeader(
        _ message: RaftMessage, now: Moment, into effects: inout [RaftEffect]
    ) {
        guard message.term >= term else {
            // A leader that was replaced learns of it (CheckQuorum alone would leave it be).
            let body = RaftMessage.Body.appendRejected(rejection(of: .zero, through: .zero, .zero))
            durability.send(self.message(body, to: message.from, term: term), into: &effects)
            return
        }
        guard message.term > term || role != .leader else {
            return breach("\(message.from) leads term \(term) too")
        }
        if message.term == term, let leader, leader.replica != message.from.replica {
            breach("\(leader) and \(message.from) lead term \(term)")
        }
        if message.term > term || role != .follower || leader != message.from {
            becomeFollower(message.term, leader: message.from, now: now, into: &effects)
            persistNewTerm(into: &effects)
        }
        resetElectionDeadline(now)
        postponedElectionCount = 0
        refusalDeadline = max(
            refusalDeadline, now.boot.advanced(milliseconds: settings.electionMilliseconds))
        switch message.body {
        case .append(let append):
            clock.observe(stamp: append.clock, of: term, now: now)
            receiveAppend(append, from: message.from, into: &effects)
        case .heartbeat(let heartbeat):
            clock.observe(stamp: heartbeat.clock, of: term, now: now)
            advanceCommit(toward: heartbeat.commitIndex, into: &effects)
            endAmnesiaIfCaughtUp(into: &effects)
            let body = RaftMessage.Body.heartbeatResponse(
                round: heartbeat.round, matched: matchedIndex, hindrance: hindrance)
            durability.send(self.message(body, to: message.from, term: term), into: &effects)
        case .preVote, .preVoteResponse, .vote, .voteResponse, .appendAccepted, .appendRejected,
            .heartbeatResponse, .timeoutNow:
            preconditionFailure("not from a leader: \(message.body)")
        }
    }

    /// Takes in what counts in the present term alone.
    mutating func receiveInTerm(
        _ message: RaftMessage, now: Moment, into effects: inout [RaftEffect]
    ) {
        if message.term > term {
            // A TimeoutNow of a leader not yet known is as good as lost.
            if message.body == .timeoutNow { return }
            becomeFollower(message.term, leader: nil, now: now, into: &effects)
            persistNewTerm(into: &effects)
            return
        }
        guard message.term == term else { return }
        let sender = message.from.replica
        switch message.body {
        case .voteResponse(let response):
            receiveVoteResponse(response, from: sender, now: now, into: &effects)
        case .timeoutNow:
            receiveTimeoutNow(now: now, into: &effects)
        case .appendAccepted(let match, let session):
            receiveAccepted(match, session: session, from: sender, now: now, into: &effects)
        case .appendRejected(let rejection):
            receiveRejection(rejection, from: sender, now: now, into: &effects)
        case .heartbeatResponse(let round, let matched, let hindrance):
            if let position = followerPosition(sender) {
                followers[position].hindrance = hindrance
            }
            receiveHeartbeatResponse(
                round, matched: matched, from: sender, now: now, into: &effects)
        case .preVote, .preVoteResponse, .vote, .append, .heartbeat:
            preconditionFailure("counts in other terms: \(message.body)")
        }
    }

    // MARK: Hot path

    /// Brings the log in line with the leader's (Raft paper §5.3).
    private mutating func receiveAppend(
        _ append: RaftMessage.Append, from sender: Member, into effects: inout [RaftEffect]
    ) {
        if let amnesia, append.nonce != amnesia.nonce {
            var refusal = rejection(of: append.previousIndex, through: log.lastIndex, log.lastTerm)
            refusal.session = append.session
            refusal.nonce = amnesia.nonce
            durability.send(
                message(.appendRejected(refusal), to: sender, term: term), into: &effects)
            return
        }
        leaderSession = max(leaderSession, append.session)
        let last = append.previousIndex + append.entries.count
        if last > commitIndex {
            guard
                append.previousIndex < commitIndex
                    || log.term(at: append.previousIndex) == append.previousTerm
            else {
                var refusal = rejection(
                    of: append.previousIndex, through: append.previousIndex, append.previousTerm)
                refusal.session = append.session
                durability.send(
                    message(.appendRejected(refusal), to: sender, term: term), into: &effects)
                return
            }
            guard takeIn(append.entries, into: &effects) else { return }
        }
        matchedIndex = max(matchedIndex, last)
        if let known = amnesia {
            amnesia?.commitIndex = max(known.commitIndex ?? .zero, append.commitIndex)
        }
        advanceCommit(toward: append.commitIndex, into: &effects)
        endAmnesiaIfCaughtUp(into: &effects)
        acknowledge(last, into: &effects)
    }

    /// Appends those of `entries` that are missing, after dropping what conflicts with them.
    ///
    /// - Returns: `false` when they contradict what is committed.
    private mutating func takeIn(
        _ entries: [LogEntry], into effects: inout [RaftEffect]
    ) -> Bool {
        guard
            let start = entries.firstIndex(where: {
                $0.index > log.boundaryIndex && log.term(at: $0.index) != $0.term
            })
        else { return true }
        let first = entries[start]
        if first.index <= log.lastIndex {
            if first.index <= matchedIndex {
                breach("entry \(first.index) of term \(first.term) replaces a matched one")
                matchedIndex = first.index.previous
            }
            guard first.index > commitIndex else { return false }
            persistTruncation(after: first.index.previous, into: &effects)
        }
        let configurationCount = configurations.count
        for position in start..<entries.count {
            log.append(entries[position])
            if entries[position].kind == .configuration {
                configurations.append(
                    Self.configuration(of: entries[position]), at: entries[position].index)
            }
        }
        persist(start == 0 ? entries : Array(entries[start...]), into: &effects)
        if configurations.count > configurationCount {
            effects.append(.configurationChanged(configuration))
        }
        return true
    }

    /// Commits what the leader has committed, as far as the logs are known to be equal.
    private mutating func advanceCommit(
        toward leaderCommit: LogIndex, into effects: inout [RaftEffect]
    ) {
        let index = min(leaderCommit, matchedIndex)
        guard index > commitIndex else { return }
        commitIndex = index
        effects.append(.committed(through: index))
    }

    // MARK: Rarely

    private func rejection(
        of previous: LogIndex, through index: LogIndex, _ term: Term
    ) -> RaftMessage.Rejection {
        let hint = log.lastAgreement(through: index, term: term)
        return RaftMessage.Rejection(
            previousIndex: previous, hintIndex: hint.index, hintTerm: hint.term, session: 0,
            nonce: 0)
    }

    /// See ``Amnesia`` for why this is enough.
    mutating func endAmnesiaIfCaughtUp(into effects: inout [RaftEffect]) {
        guard let known = amnesia?.commitIndex, amnesia?.endSequence == nil,
            commitIndex >= known, log.term(at: commitIndex) == term
        else { return }
        endAmnesia(into: &effects)
    }

    mutating func endAmnesia(into effects: inout [RaftEffect]) {
        guard amnesia != nil, amnesia?.endSequence == nil else { return }
        effects.append(.persistCaughtUp)
        let sequence = nextPersistSequence()
        amnesia?.endSequence = sequence
    }
}
