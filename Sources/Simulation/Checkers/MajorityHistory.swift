package import Primitives

/// Whether leaders had the majorities that they acted on, learnt from the votes and the
/// acknowledgements that were sent to them.
///
/// A leader is elected, and commits, by a majority of the voters; under a joint configuration by a
/// majority of both halves (dissertation §4.3). A vote of one that may have forgotten entries counts
/// only where all voters agree.
package struct MajorityHistory: Sendable {
    /// A replica of a group in a term.
    private struct Key: Comparable, Sendable {
        var group: GroupID
        var term: Term
        var replica: ReplicaID

        static func < (left: Self, right: Self) -> Bool {
            (left.group, left.term, left.replica) < (right.group, right.term, right.replica)
        }
    }

    private struct Votes: Sendable {
        var whole: [ReplicaID] = []
        var amnesiac: [ReplicaID] = []
    }

    /// What a leader showed when it was last looked at.
    package struct Leadership: Sendable {
        package var group: GroupID
        package var member: Member
        package var term: Term
        /// The latest in its log, and the index that it has there.
        package var configuration: Configuration
        package var configurationIndex: LogIndex
        package var commitIndex: LogIndex
        /// Its own log is on disk up to here.
        package var durableIndex: LogIndex
        /// Whether its own vote is that of one that may have forgotten something.
        package var isAmnesiac: Bool

        package init(
            group: GroupID, member: Member, term: Term, configuration: Configuration,
            configurationIndex: LogIndex, commitIndex: LogIndex, durableIndex: LogIndex,
            isAmnesiac: Bool
        ) {
            self.group = group
            self.member = member
            self.term = term
            self.configuration = configuration
            self.configurationIndex = configurationIndex
            self.commitIndex = commitIndex
            self.durableIndex = durableIndex
            self.isAmnesiac = isAmnesiac
        }
    }

    /// By candidate.
    private var votes = SortedMap<Key, Votes>()
    /// Up to where each replica has acknowledged the log of the term's leader.
    private var matches = SortedMap<Key, LogIndex>()
    private var leaderships = SortedMap<Key, Leadership>()
    /// How many elections and commits under joint configurations were judged, so that it can be
    /// told that there were any.
    package private(set) var jointElectionCount = 0
    package private(set) var jointCommitCount = 0

    package init() {}

    /// A replica sends a vote for another one.
    package mutating func votes(
        _ group: GroupID, _ voter: ReplicaID, for candidate: ReplicaID, term: Term,
        isAmnesiac: Bool
    ) {
        let key = Key(group: group, term: term, replica: candidate)
        if isAmnesiac {
            votes[key, default: Votes()].amnesiac.append(voter)
        } else {
            votes[key, default: Votes()].whole.append(voter)
        }
    }

    /// A follower sends that it has everything up to `match` of the log of the term's leader.
    package mutating func acknowledges(
        _ group: GroupID, _ follower: ReplicaID, _ match: LogIndex, term: Term
    ) {
        let key = Key(group: group, term: term, replica: follower)
        let known = matches[key, default: .zero]
        if match > known { matches[key] = match }
    }

    /// A leader is looked at after each of its turns.
    ///
    /// - Returns: What is wrong, or `nil`.
    package mutating func leads(_ shown: Leadership) -> String? {
        let key = Key(group: shown.group, term: shown.term, replica: shown.member.replica)
        guard let place = leaderships.index(of: key) else {
            leaderships[key] = shown
            return judgeElection(of: shown, votes[key, default: Votes()])
        }
        let before = leaderships.values[place]
        guard shown.commitIndex > before.commitIndex else {
            if shown.configurationIndex != before.configurationIndex {
                leaderships[valueAt: place] = shown
            }
            return nil
        }
        leaderships[valueAt: place] = shown
        if before.configurationIndex == shown.configurationIndex {
            return judgeCommit(of: shown, through: shown.commitIndex, under: shown.configuration)
        }
        // The turn saw two configurations. A joint one was left because it was committed, by itself;
        // what was committed before or after can't be told apart.
        guard before.configuration.isJoint else { return nil }
        return judgeCommit(
            of: shown, through: before.configurationIndex, under: before.configuration)
    }

    private mutating func judgeElection(of shown: Leadership, _ votes: Votes) -> String? {
        let configuration = shown.configuration
        if configuration.isJoint { jointElectionCount += 1 }
        let own = shown.member.replica
        let isWhole = Self.hasMajorities(of: configuration) { voter in
            voter == own ? !shown.isAmnesiac : votes.whole.contains(voter)
        }
        let isUnanimous = (configuration.voters + configuration.outgoing).allSatisfy {
            $0.replica == own || votes.whole.contains($0.replica)
                || votes.amnesiac.contains($0.replica)
        }
        guard !isWhole, !isUnanimous else { return nil }
        return "group \(shown.group): replica \(own) leads term \(shown.term) with votes of "
            + "\(votes.whole) and, amnesiac, \(votes.amnesiac); it needs \(Self.text(configuration))"
    }

    private mutating func judgeCommit(
        of shown: Leadership, through index: LogIndex, under configuration: Configuration
    ) -> String? {
        if configuration.isJoint { jointCommitCount += 1 }
        let own = shown.member.replica
        let isReached = Self.hasMajorities(of: configuration) { voter in
            if voter == own { return shown.durableIndex >= index }
            let key = Key(group: shown.group, term: shown.term, replica: voter)
            return matches[key, default: .zero] >= index
        }
        guard !isReached else { return nil }
        return "group \(shown.group): replica \(own), which leads term \(shown.term), commits "
            + "index \(index), which is not on the disks of \(Self.text(configuration))"
    }

    private static func hasMajorities(
        of configuration: Configuration, where condition: (ReplicaID) -> Bool
    ) -> Bool {
        func hasMajority(_ members: [Member]) -> Bool {
            members.count(where: { condition($0.replica) }) > members.count / 2
        }
        return hasMajority(configuration.voters)
            && (!configuration.isJoint || hasMajority(configuration.outgoing))
    }

    private static func text(_ configuration: Configuration) -> String {
        let voters = "a majority of \(configuration.voters.map(\.replica))"
        return configuration.isJoint
            ? voters + " and one of \(configuration.outgoing.map(\.replica))" : voters
    }
}
