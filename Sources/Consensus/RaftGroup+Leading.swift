package import Primitives

extension RaftGroup {
    // MARK: Hot path

    /// Appends an entry of this leader's own and sends it on.
    mutating func appendOwn(
        _ kind: EntryKind, _ payload: [UInt8], now: Moment, into effects: inout [RaftEffect]
    ) -> LogIndex {
        clock.advance(now: now)
        let entry = LogEntry(
            term: term, index: log.lastIndex.next, kind: kind, stamp: stamp(now: now),
            payload: payload)
        log.append(entry)
        uncommittedByteCount += entry.byteCount
        let entries = [entry]
        persist(entries, into: &effects)
        for position in followers.indices {
            sendAppend(to: position, fresh: entries, now: now, into: &effects)
        }
        // Nobody else to wait for, or a planted bug that doesn't wait.
        if settings.fault == .acknowledgeBeforeSync { advanceCommit(now: now, into: &effects) }
        return entry.index
    }

    /// Whether flow control lets an append go; one without entries if `isProbe`.
    private func sendable(_ position: Int, isProbe: Bool) -> Bool {
        switch followers[position].state {
        case .snapshot: false
        case .probe: followers[position].probeRound == nil
        case .replicate:
            isProbe
                || (followers[position].next <= log.lastIndex
                    && followers[position].hasRoom(settings))
        }
    }

    /// Sends a follower what it lacks, as far as flow control allows.
    ///
    /// - Parameters:
    ///   - position: The follower's place in `followers`.
    ///   - fresh: The log's newest entries, if at hand: saves copying them from the log.
    ///   - isProbe: Whether to find out what was lost, by an append that may be without entries.
    ///   - now: The present.
    ///   - effects: Receives the messages.
    mutating func sendAppend(
        to position: Int, fresh: [LogEntry] = [], isProbe: Bool = false, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        var isFirst = true
        while sendable(position, isProbe: isProbe && isFirst) {
            isFirst = false
            let next = followers[position].next
            guard let previousTerm = log.term(at: next.previous) else {
                return requestSnapshot(position, now: now, into: &effects)
            }
            var entries: [LogEntry] = []
            if followers[position].state == .probe
                ? !isProbe : followers[position].hasRoom(settings)
            {
                entries =
                    fresh.first?.index == next
                    ? fresh : log.entries(from: next, byteCount: settings.maxMessageByteCount)
            }
            let append = RaftMessage.Append(
                previousIndex: next.previous, previousTerm: previousTerm,
                commitIndex: commitIndex, clock: stamp(now: now),
                session: followers[position].session, nonce: followers[position].nonce,
                entries: entries)
            effects.append(
                .send(message(.append(append), to: followers[position].member, term: term)))
            switch followers[position].state {
            case .probe: followers[position].probeRound = reads.latest
            case .replicate:
                guard let last = entries.last else { return }
                followers[position].sent(
                    through: last.index, byteCount: entries.reduce(0) { $0 + $1.byteCount })
            case .snapshot: return
            }
        }
    }

    mutating func receiveAccepted(
        _ match: LogIndex, session: UInt32, from sender: ReplicaID, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        guard role == .leader, let position = followerPosition(sender) else { return }
        followers[position].lastHeard = now.boot
        guard session == followers[position].session else { return }
        guard match <= log.lastIndex else {
            return breach("\(sender) acknowledges \(match), the last entry is \(log.lastIndex)")
        }
        let isProgress = match > followers[position].match
        followers[position].acknowledged(match)
        switch followers[position].state {
        case .probe: followers[position].becomeReplicating()
        case .snapshot where followers[position].match >= log.boundaryIndex:
            followers[position].becomeReplicating()
        case .snapshot, .replicate: break
        }
        if isProgress { advanceCommit(now: now, into: &effects) }
        // The commit may have ended this leadership or changed the followers.
        guard role == .leader, let position = followerPosition(sender) else { return }
        sendAppend(to: position, now: now, into: &effects)
        continueTransfer(with: position, now: now, into: &effects)
    }

    /// Commits what enough voters have, if it is of this term (Raft paper §5.4.2).
    mutating func advanceCommit(now: Moment, into effects: inout [RaftEffect]) {
        let own = settings.fault == .acknowledgeBeforeSync ? log.lastIndex : durability.durableIndex
        let reached = quorum.highestReached(from: LogIndex.zero) { voter in
            if voter == replica { return own }
            return followerPosition(voter).map { followers[$0].match } ?? .zero
        }
        guard reached > commitIndex,
            log.term(at: reached) == term || settings.fault == .commitOlderTermByCounting
        else { return }
        var index = commitIndex
        while index < reached {
            index = index.next
            uncommittedByteCount -= log.entry(at: index)?.byteCount ?? 0
        }
        commitIndex = reached
        effects.append(.committed(through: reached))
        if hasCommittedOwnTerm { endAmnesia(into: &effects) }
        continueConfigurationChange(now: now, into: &effects)
    }

    func followerPosition(_ replica: ReplicaID) -> Int? {
        followers.firstIndex { $0.member.replica == replica }
    }

    // MARK: Rarely

    /// A follower lacks what an append builds on, or has lost what it had.
    mutating func receiveRejection(
        _ rejection: RaftMessage.Rejection, from sender: ReplicaID, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        guard role == .leader, let position = followerPosition(sender) else { return }
        followers[position].lastHeard = now.boot
        guard rejection.session == followers[position].session else { return }
        let agreed = log.lastAgreement(
            through: rejection.hintIndex, term: rejection.hintTerm
        ).index
        if rejection.nonce != 0 {
            guard rejection.nonce != followers[position].nonce else { return }
            followers[position].startSession(
                nonce: rejection.nonce, next: min(agreed, log.lastIndex).next)
        } else {
            let rejected = rejection.previousIndex
            switch followers[position].state {
            case .snapshot: return
            case .replicate:
                guard rejected > followers[position].match else { return }
                followers[position].becomeProbing(next: followers[position].match.next)
            case .probe:
                guard rejected == followers[position].next.previous else { return }
                followers[position].becomeProbing(next: min(rejected, agreed.next))
            }
        }
        sendAppend(to: position, now: now, into: &effects)
    }

    mutating func receiveHeartbeatResponse(
        _ round: UInt64, matched: LogIndex, from sender: ReplicaID, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        guard role == .leader, let position = followerPosition(sender) else { return }
        followers[position].lastHeard = now.boot
        if round <= reads.latest, round > followers[position].answeredRound {
            followers[position].answeredRound = round
            confirmRounds(now: now, into: &effects)
        }
        let isStuck = followers[position].match == followers[position].matchAtHeartbeat
        followers[position].matchAtHeartbeat = followers[position].match
        switch followers[position].state {
        case .snapshot: break
        case .probe:
            guard let sent = followers[position].probeRound, round > sent else { return }
            followers[position].probeRound = nil
            sendAppend(to: position, isProbe: true, now: now, into: &effects)
        case .replicate:
            let hasRestarted = matched < min(followers[position].match, commitIndex)
            guard isStuck && followers[position].match < log.lastIndex || hasRestarted else {
                return
            }
            sendAppend(to: position, isProbe: true, now: now, into: &effects)
        }
    }

    private mutating func requestSnapshot(
        _ position: Int, now: Moment, into effects: inout [RaftEffect]
    ) {
        followers[position].becomeSnapshot(
            retry: now.boot.advanced(milliseconds: settings.snapshotRetryMilliseconds))
        effects.append(.needsSnapshot(for: followers[position].member))
    }

    /// The host has sent a snapshot, or failed to.
    ///
    /// - Parameters:
    ///   - replica: Whom it was for.
    ///   - index: The snapshot's index.
    ///   - succeeded: Whether the follower has all of it.
    ///   - now: The present.
    ///   - effects: Receives what must be done.
    package mutating func snapshotSent(
        to replica: ReplicaID, index: LogIndex, succeeded: Bool, now: Moment,
        into effects: inout [RaftEffect]
    ) {
        guard role == .leader, let position = followerPosition(replica),
            followers[position].state == .snapshot
        else { return }
        guard succeeded else { return followers[position].snapshotRetry = now.boot }
        followers[position].snapshotRetry = now.boot.advanced(
            milliseconds: settings.snapshotRetryMilliseconds)
        guard index >= log.boundaryIndex else { return }
        // A follower that has restarted doesn't know of this session, and what it acknowledges doesn't
        // count. An append tells it.
        followers[position].becomeProbing(next: index.next)
        sendAppend(to: position, now: now, into: &effects)
    }

    mutating func tickLeader(
        hasStalled: Bool, now: Moment, into effects: inout [RaftEffect]
    ) {
        clock.advance(now: now)
        let window = settings.electionMilliseconds
        if hasStalled {
            // Answers that came meanwhile are not read yet.
            quorumCheckDue = now.boot.advanced(milliseconds: window)
        } else if now.boot >= quorumCheckDue {
            quorumCheckDue = now.boot.advanced(milliseconds: window)
            let isHeard = quorum.isReached { voter in
                voter == replica
                    || followerPosition(voter).map {
                        followers[$0].lastHeard.advanced(milliseconds: window) >= now.boot
                    } ?? false
            }
            guard isHeard else {
                return becomeFollower(term, leader: nil, now: now, into: &effects)
            }
        }
        if let transfer, now.boot >= transfer.deadline { self.transfer = nil }
        if now.boot >= heartbeatDue { broadcastHeartbeat(now: now, into: &effects) }
        for position in followers.indices
        where followers[position].state == .snapshot
            && now.boot >= followers[position].snapshotRetry
            && followers[position].lastHeard.advanced(milliseconds: window) >= now.boot
        {
            requestSnapshot(position, now: now, into: &effects)
        }
    }
}
