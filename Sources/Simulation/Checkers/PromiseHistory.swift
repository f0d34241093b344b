package import Primitives

/// What each replica has promised the others, learnt from the messages that it sent.
///
/// Raft's rules, each seen as it is broken and not only once harm has come of it: a replica's term
/// never falls, it votes for one candidate in a term, what it acknowledged stays in its log, and all
/// three outlive a restart (Raft paper, figure 2: persistent state); and a leader commits an entry of an
/// older term only along with one of its own (§5.4.2). A replica that its node has given up is silent.
package struct PromiseHistory: Sendable {
    /// A replica of a group on a node; a node that lost its disks comes back under another id.
    private struct Speaker: Comparable, Sendable {
        var group: GroupID
        var member: Member

        static func < (left: Self, right: Self) -> Bool {
            left.group == right.group ? left.member < right.member : left.group < right.group
        }
    }

    private struct Promises: Sendable {
        /// The highest term that a message was sent in.
        var term = Term.zero
        /// The same, when the process last started.
        var restartTerm = Term.zero
        var voteTerm = Term.zero
        var candidate: ReplicaID?
        /// Up to where it has acknowledged the log of the leader of a term, the last one in which it has
        /// acknowledged anything.
        var acknowledgedTerm = Term.zero
        var acknowledgedIndex = LogIndex.zero
        /// Whether its node has started without it.
        var isGivenUp = false
        /// The term that the replica was last seen to lead, what it held to be committed when it
        /// began, and the first of its own entries.
        var leadTerm = Term.zero
        var commitAtFirst: LogIndex?
        var firstOwnIndex: LogIndex?
    }

    private var speakers = SortedMap<Speaker, Promises>()
    /// How many votes were seen, and how many of them were on disk after a restart, so that a
    /// test can tell that there was something to compare.
    package private(set) var voteCount = 0
    package private(set) var keptVoteCount = 0
    /// How many acknowledged logs were found whole after a restart.
    package private(set) var keptAcknowledgementCount = 0

    package init() {}

    /// A replica sends a message in a term.
    ///
    /// - Parameters:
    ///   - group: Of which group.
    ///   - member: Who sends, whether the message arrives or not.
    ///   - term: The sender's term.
    /// - Returns: What is wrong, or `nil`.
    package mutating func speaks(_ group: GroupID, _ member: Member, term: Term) -> String? {
        let speaker = Speaker(group: group, member: member)
        let known = speakers[speaker, default: Promises()]
        if known.isGivenUp {
            return
                "group \(group): replica \(member.replica) speaks, though its node has given it up"
        }
        let before = known.restartTerm
        if term < before {
            return
                "group \(group): replica \(member.replica) speaks in term \(term) after a restart, "
                + "and spoke in \(before) before"
        }
        // Messages of one moment leave in the order of their receivers, so that the term may seem
        // to fall while the process lives.
        speakers[speaker, default: Promises()].term = max(
            term, speakers[speaker, default: Promises()].term)
        return nil
    }

    /// A replica sends its vote, or asks for votes, having voted for itself.
    ///
    /// - Parameters:
    ///   - group: Of which group.
    ///   - member: Who votes.
    ///   - candidate: For whom.
    ///   - term: In which term.
    /// - Returns: What is wrong, or `nil`.
    package mutating func votes(
        _ group: GroupID, _ member: Member, for candidate: ReplicaID, term: Term
    ) -> String? {
        let speaker = Speaker(group: group, member: member)
        let known = speakers[speaker, default: Promises()]
        guard term >= known.voteTerm else { return nil }
        if term == known.voteTerm, let first = known.candidate {
            guard first != candidate else { return nil }
            return
                "group \(group): replica \(member.replica) votes for \(first) and for \(candidate) "
                + "in term \(term)"
        }
        speakers[speaker, default: Promises()].voteTerm = term
        speakers[speaker, default: Promises()].candidate = candidate
        voteCount += 1
        return nil
    }

    /// A leader sends an entry of its own term.
    package mutating func appends(
        _ group: GroupID, _ member: Member, ownIndex index: LogIndex, term: Term
    ) {
        let speaker = Speaker(group: group, member: member)
        beginLeading(speaker, term)
        let known = speakers[speaker, default: Promises()].firstOwnIndex ?? index
        speakers[speaker, default: Promises()].firstOwnIndex = min(known, index)
    }

    /// A replica tells a leader that its log is the leader's up to an index, and on its disk.
    package mutating func acknowledges(
        _ group: GroupID, _ member: Member, through index: LogIndex, term: Term
    ) {
        let speaker = Speaker(group: group, member: member)
        let known = speakers[speaker, default: Promises()]
        guard term >= known.acknowledgedTerm else { return }
        speakers[speaker, default: Promises()].acknowledgedTerm = term
        speakers[speaker, default: Promises()].acknowledgedIndex =
            term == known.acknowledgedTerm ? max(index, known.acknowledgedIndex) : index
    }

    /// A node's process starts.
    ///
    /// - Parameters:
    ///   - node: Which.
    ///   - isInUse: Whether it goes on with a replica that it had. One that promised something must be
    ///     silent else: nothing of what comes later rests on what it promised.
    package mutating func started(
        _ node: NodeID, isInUse: (GroupID, ReplicaID) -> Bool
    ) {
        for (place, speaker) in speakers.keys.enumerated()
        where speaker.member.node == node && !isInUse(speaker.group, speaker.member.replica) {
            let known = speakers.values[place]
            guard known.candidate != nil || known.acknowledgedTerm > .zero else { continue }
            speakers[valueAt: place].isGivenUp = true
        }
    }

    private mutating func beginLeading(_ speaker: Speaker, _ term: Term) {
        guard speakers[speaker, default: Promises()].leadTerm != term else { return }
        speakers[speaker, default: Promises()].leadTerm = term
        speakers[speaker, default: Promises()].commitAtFirst = nil
        speakers[speaker, default: Promises()].firstOwnIndex = nil
    }

    /// A replica leads, and holds everything up to `commitIndex` to be committed.
    ///
    /// - Parameters:
    ///   - group: Of which group.
    ///   - member: Who leads.
    ///   - term: The term that it leads.
    ///   - commitIndex: What is committed, as it thinks.
    /// - Returns: What is wrong, or `nil`.
    package mutating func leads(
        _ group: GroupID, _ member: Member, term: Term, commitIndex: LogIndex
    ) -> String? {
        let speaker = Speaker(group: group, member: member)
        beginLeading(speaker, term)
        let promises = speakers[speaker, default: Promises()]
        guard let first = promises.commitAtFirst else {
            speakers[speaker, default: Promises()].commitAtFirst = commitIndex
            return nil
        }
        guard commitIndex > first, let own = promises.firstOwnIndex, commitIndex < own else {
            return nil
        }
        return "group \(group): replica \(member.replica), which leads term \(term), commits index "
            + "\(commitIndex) of an older term before its own first entry at \(own)"
    }

    /// A replica's process starts, with what its journal holds.
    ///
    /// - Parameters:
    ///   - group: Of which group.
    ///   - member: Which replica.
    ///   - term: The term on disk.
    ///   - vote: The vote on disk.
    ///   - lastIndex: Where the log on disk ends, or its snapshot.
    /// - Returns: What is wrong, or `nil`.
    package mutating func restarted(
        _ group: GroupID, _ member: Member, term: Term, vote: ReplicaID?, lastIndex: LogIndex
    ) -> String? {
        let speaker = Speaker(group: group, member: member)
        guard let index = speakers.index(of: speaker) else { return nil }
        let known = speakers.values[index]
        speakers[valueAt: index].restartTerm = known.term
        speakers[valueAt: index].leadTerm = .zero
        if term < known.term {
            return
                "group \(group): replica \(member.replica) is back in term \(term), and spoke in "
                + "\(known.term) before"
        }
        // The leader of a later term may have cut what was acknowledged before.
        if term == known.acknowledgedTerm {
            if lastIndex < known.acknowledgedIndex {
                return
                    "group \(group): replica \(member.replica) acknowledged index "
                    + "\(known.acknowledgedIndex) in term \(term) and is back with a log that ends at "
                    + "\(lastIndex)"
            }
            keptAcknowledgementCount += 1
        }
        guard term == known.voteTerm, let candidate = known.candidate else { return nil }
        guard let vote, vote == candidate else {
            return
                "group \(group): replica \(member.replica) voted for \(candidate) in term \(term) "
                + "and is back with \(vote.map { "a vote for \($0)" } ?? "no vote")"
        }
        keptVoteCount += 1
        return nil
    }

    /// Forgets what the replicas of a node have promised, as the durability mode allows its disk to
    /// forget it too.
    package mutating func allowForgetting(by node: NodeID) {
        speakers.removeAll { speaker, _ in speaker.member.node == node }
    }
}
