package import Primitives

extension RaftGroup {
    /// Begins to change who takes part, through a joint configuration if voters change
    /// (dissertation §4.3). The rest goes by itself; a leader that is no voter at the end steps down.
    ///
    /// - Parameters:
    ///   - voters: The voters at the end, at least one. New ones should be learners that have
    ///     caught up.
    ///   - learners: The learners at the end, none of them a voter.
    ///   - now: The present.
    ///   - effects: Receives what must be done.
    /// - Returns: `false` when this replica doesn't lead, has not committed an entry of its term, is
    ///   handing over, or a change is under way.
    package mutating func proposeConfiguration(
        voters: [Member], learners: [Member], now: Moment, into effects: inout [RaftEffect]
    ) -> Bool {
        precondition(!voters.isEmpty, "a configuration without voters")
        precondition(
            !learners.contains { learner in voters.contains { $0.replica == learner.replica } },
            "learners \(learners) among voters \(voters)")
        guard hasCommittedOwnTerm, transfer == nil, !isChangingConfiguration else { return false }
        let present = configuration
        var target = Configuration(voters: voters, learners: learners)
        if target == present { return true }
        if target.voters != present.voters {
            target = Configuration(voters: voters, outgoing: present.voters, learners: learners)
        }
        append(target, now: now, into: &effects)
        announce(into: &effects)
        return true
    }

    /// Appends a configuration, which is in force at once.
    private mutating func append(
        _ configuration: Configuration, now: Moment, into effects: inout [RaftEffect]
    ) {
        configurations.append(configuration, at: log.lastIndex.next)
        let members = configuration.members
        followers.removeAll { follower in !members.contains(follower.member) }
        for member in members
        where member.replica != replica && followerPosition(member.replica) == nil {
            followers.append(
                Progress(member: member, next: log.lastIndex.next, now: now.boot))
        }
        if let transfer, !configuration.hasVote(transfer.target) { self.transfer = nil }
        effects.append(.configurationChanged(configuration))
        var payload: [UInt8] = []
        configuration.encode(into: &payload)
        _ = appendOwn(.configuration, payload, now: now, into: &effects)
    }

    /// Leaves a joint configuration that is committed; steps down when removed by one that is.
    mutating func continueConfigurationChange(now: Moment, into effects: inout [RaftEffect]) {
        guard hasCommittedOwnTerm, configurations.latestIndex <= commitIndex else { return }
        let configuration = configuration
        if configuration.isJoint {
            append(
                Configuration(voters: configuration.voters, learners: configuration.learners),
                now: now, into: &effects)
        } else if !configuration.hasVote(replica) {
            leaveLeadership(now: now, into: &effects)
        }
    }

    /// Tells the others what is committed, asks the best of them to take over, and steps down.
    private mutating func leaveLeadership(now: Moment, into effects: inout [RaftEffect]) {
        broadcastHeartbeat(now: now, into: &effects)
        let heirs = followers.filter { configuration.hasVote($0.member.replica) }
        if let heir = heirs.max(by: { $0.match < $1.match }) {
            isLeaseForfeited = true
            effects.append(.send(message(.timeoutNow, to: heir.member, term: term)))
        }
        becomeFollower(term, leader: nil, now: now, into: &effects)
    }

    // MARK: Transfer

    /// Hands the leadership to a voter (dissertation §3.10): once it has the whole log it is told to
    /// campaign. Until then, or until an election timeout has passed, proposals are refused.
    ///
    /// - Parameters:
    ///   - target: The voter.
    ///   - now: The present.
    ///   - effects: Receives what must be done.
    /// - Returns: `false` when this replica doesn't lead, or `target` is no other voter, or another
    ///   transfer is under way.
    package mutating func transferLeadership(
        to target: ReplicaID, now: Moment, into effects: inout [RaftEffect]
    ) -> Bool {
        guard role == .leader, target != replica, let position = followerPosition(target),
            configuration.voters.contains(where: { $0.replica == target })
        else { return false }
        if let transfer { return transfer.target == target }
        transfer = Transfer(
            target: target,
            deadline: now.boot.advanced(milliseconds: settings.electionMilliseconds))
        sendAppend(to: position, now: now, into: &effects)
        continueTransfer(with: position, now: now, into: &effects)
        announce(into: &effects)
        return true
    }

    /// Sends TimeoutNow once the target has everything.
    mutating func continueTransfer(
        with position: Int, now: Moment, into effects: inout [RaftEffect]
    ) {
        let follower = followers[position]
        guard let transfer, transfer.target == follower.member.replica,
            !transfer.isTimeoutNowSent, follower.match == log.lastIndex
        else { return }
        self.transfer?.isTimeoutNowSent = true
        isLeaseForfeited = true
        effects.append(.send(message(.timeoutNow, to: follower.member, term: term)))
    }
}
