import Primitives
import Simulation
import Testing

@Suite struct MajorityHistoryTests {
    private let group = GroupID(0)

    private func members(_ numbers: [UInt64]) -> [Member] {
        numbers.map { Member(replica: ReplicaID($0), node: NodeID($0 + 10)) }
    }

    /// Replica 1, which leads term 4.
    private func leader(
        _ configuration: Configuration, at index: UInt64 = 1, commit: UInt64 = 1,
        durable: UInt64 = 99, isAmnesiac: Bool = false
    ) -> MajorityHistory.Leadership {
        MajorityHistory.Leadership(
            group: group, member: members([1])[0], term: Term(4), configuration: configuration,
            configurationIndex: LogIndex(index), commitIndex: LogIndex(commit),
            durableIndex: LogIndex(durable), isAmnesiac: isAmnesiac)
    }

    private func vote(
        _ history: inout MajorityHistory, _ voter: UInt64, term: UInt64 = 4,
        isAmnesiac: Bool = false
    ) {
        history.votes(
            group, ReplicaID(voter), for: ReplicaID(1), term: Term(term), isAmnesiac: isAmnesiac)
    }

    private func acknowledge(
        _ history: inout MajorityHistory, _ follower: UInt64, _ match: UInt64, term: UInt64 = 4
    ) {
        history.acknowledges(group, ReplicaID(follower), LogIndex(match), term: Term(term))
    }

    @Test("a leader needs the votes of a majority in its own term")
    func election() {
        let three = Configuration(voters: members([1, 2, 3]))
        var history = MajorityHistory()
        vote(&history, 2, term: 3)
        var other = history
        #expect(other.leads(leader(three)) != nil)
        vote(&history, 3)
        #expect(history.leads(leader(three)) == nil)
        #expect(history.jointElectionCount == 0)
    }

    @Test("under a joint configuration it needs a majority of both halves")
    func jointElection() {
        let joint = Configuration(voters: members([1, 2, 3]), outgoing: members([1, 4, 5]))
        var history = MajorityHistory()
        vote(&history, 2)
        vote(&history, 3)
        var other = history
        #expect(other.leads(leader(joint)) != nil)
        vote(&history, 5)
        #expect(history.leads(leader(joint)) == nil)
        #expect(history.jointElectionCount == 1)
    }

    @Test("a vote of one that may have forgotten something counts only if all agree")
    func amnesiacVotes() {
        let three = Configuration(voters: members([1, 2, 3]))
        var history = MajorityHistory()
        vote(&history, 2, isAmnesiac: true)
        var other = history
        #expect(other.leads(leader(three)) != nil)
        vote(&history, 3)
        other = history
        #expect(other.leads(leader(three)) == nil)
        #expect(history.leads(leader(three, isAmnesiac: true)) == nil)
        var own = MajorityHistory()
        vote(&own, 2)
        #expect(own.leads(leader(three, isAmnesiac: true)) != nil)
    }

    @Test("a commit needs acknowledgements of its own term from a majority of both halves")
    func commits() {
        let joint = Configuration(voters: members([1, 2, 3]), outgoing: members([1, 4, 5]))
        var history = MajorityHistory()
        for voter: UInt64 in [2, 4] { vote(&history, voter) }
        #expect(history.leads(leader(joint)) == nil)
        acknowledge(&history, 2, 7)
        acknowledge(&history, 4, 7, term: 3)
        acknowledge(&history, 5, 6)
        var other = history
        #expect(other.leads(leader(joint, commit: 7)) != nil)
        other = history
        #expect(other.leads(leader(joint, commit: 6, durable: 5)) != nil)
        #expect(history.leads(leader(joint, commit: 6)) == nil)
        acknowledge(&history, 5, 7)
        #expect(history.leads(leader(joint, commit: 7)) == nil)
        #expect(history.jointCommitCount == 2)
    }

    @Test("a joint configuration is left only once both halves have it")
    func leaving() {
        let two = Configuration(voters: members([1, 2]))
        let joint = Configuration(voters: members([1, 2, 3]), outgoing: members([1, 2]))
        let three = Configuration(voters: members([1, 2, 3]))
        var history = MajorityHistory()
        vote(&history, 2)
        #expect(history.leads(leader(two)) == nil)
        #expect(history.leads(leader(joint, at: 5)) == nil)
        acknowledge(&history, 3, 5)
        var other = history
        #expect(other.leads(leader(three, at: 6, commit: 5)) != nil)
        acknowledge(&history, 2, 5)
        #expect(history.leads(leader(three, at: 6, commit: 5)) == nil)
    }
}
