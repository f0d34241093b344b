package import Primitives

extension RaftGroup {
    /// The `persist` effects up to and with number `sequence` are durable.
    package mutating func persisted(
        through sequence: UInt64, now: Moment, into effects: inout [RaftEffect]
    ) {
        precondition(
            sequence <= persistSequence, "write \(sequence) done of \(persistSequence)")
        if let due = durability.completed(through: sequence, into: &effects), let leader {
            effects.append(
                .send(
                    message(
                        .appendAccepted(match: due.match, session: due.session), to: leader,
                        term: term)))
        }
        if let end = amnesia?.endSequence, end <= sequence { amnesia = nil }
        countOwnVote(now: now, into: &effects)
        if role == .leader { advanceCommit(now: now, into: &effects) }
        announce(into: &effects)
    }

    mutating func nextPersistSequence() -> UInt64 {
        persistSequence += 1
        return persistSequence
    }

    /// Saves term and vote.
    mutating func persistHardState(into effects: inout [RaftEffect]) {
        isTermUnsaved = false
        let savedVote = settings.fault == .voteNotPersisted ? nil : vote
        effects.append(.persistHardState(HardState(term: term, vote: savedVote)))
        durability.wroteHardState(nextPersistSequence())
    }

    /// Saves a term that was entered without a vote.
    mutating func persistNewTerm(into effects: inout [RaftEffect]) {
        if isTermUnsaved { persistHardState(into: &effects) }
    }

    mutating func persist(_ entries: [LogEntry], into effects: inout [RaftEffect]) {
        effects.append(.persistEntries(entries))
        durability.wrote(through: log.lastIndex, nextPersistSequence())
    }

    mutating func persistTruncation(after index: LogIndex, into effects: inout [RaftEffect]) {
        log.truncate(after: index)
        durability.truncated(after: index)
        effects.append(.persistTruncation(after: index))
        _ = nextPersistSequence()
        if configurations.truncate(after: index) {
            effects.append(.configurationChanged(configuration))
        }
    }

    /// Acknowledges everything up to `match`, now or once it is durable.
    mutating func acknowledge(_ match: LogIndex, into effects: inout [RaftEffect]) {
        guard let leader else { return }
        let isDue = durability.acknowledge(match, session: leaderSession)
        guard isDue || settings.fault == .acknowledgeBeforeSync else { return }
        effects.append(
            .send(
                message(
                    .appendAccepted(match: match, session: leaderSession), to: leader, term: term)))
    }

    /// The host has received a whole snapshot and its file is durable; it replaces the applied state.
    ///
    /// - Parameters:
    ///   - snapshot: What the snapshot stands for; ``commitIndex`` is its index afterwards.
    ///   - now: The present.
    ///   - effects: Receives what must be done.
    /// - Returns: `false` when everything in the snapshot is committed here already.
    package mutating func restore(
        _ snapshot: SnapshotMetadata, now: Moment, into effects: inout [RaftEffect]
    ) -> Bool {
        guard role != .leader else { return false }
        guard snapshot.index > commitIndex else {
            // The leader doesn't know that there is no need, and waits.
            acknowledge(commitIndex, into: &effects)
            return false
        }
        let known = log.term(at: snapshot.index)
        if let known, known != snapshot.term {
            // Our entry there was never committed, so nothing from there on was.
            persistTruncation(after: snapshot.index.previous, into: &effects)
        }
        let before = configuration
        effects.append(.persistSnapshot(snapshot))
        let sequence = nextPersistSequence()
        if known == snapshot.term {
            log.forget(through: snapshot.index)
            configurations.replace(through: snapshot.index, by: snapshot.configuration)
        } else {
            durability.truncated(after: commitIndex)
            log.reset(to: snapshot)
            configurations = ConfigurationHistory(snapshot.configuration, at: snapshot.index)
        }
        durability.wrote(through: snapshot.index, sequence)
        commitIndex = snapshot.index
        matchedIndex = max(matchedIndex, snapshot.index)
        clock.observe(stamp: snapshot.stamp, of: .zero, now: now)
        if before != configuration { effects.append(.configurationChanged(configuration)) }
        acknowledge(snapshot.index, into: &effects)
        endAmnesiaIfCaughtUp(into: &effects)
        announce(into: &effects)
        return true
    }
}
