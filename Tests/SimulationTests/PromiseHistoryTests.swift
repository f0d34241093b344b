import Primitives
import Simulation
import Testing

@Suite struct PromiseHistoryTests {
    private let group = GroupID(2)
    private let voter = Member(replica: ReplicaID(1), node: NodeID(10))
    private let first = ReplicaID(2)
    private let second = ReplicaID(3)

    @Test("a second vote in one term is found, also after a restart")
    func doubleVote() {
        var history = PromiseHistory()
        #expect(history.votes(group, voter, for: first, term: Term(4)) == nil)
        #expect(history.votes(group, voter, for: first, term: Term(4)) == nil)
        #expect(history.votes(GroupID(3), voter, for: second, term: Term(4)) == nil)
        #expect(
            history.restarted(
                group, voter, term: Term(4), vote: first, lastIndex: .zero) == nil)
        #expect(history.votes(group, voter, for: second, term: Term(4)) != nil)
        #expect(history.votes(group, voter, for: second, term: Term(5)) == nil)
        #expect(history.voteCount == 3)
        #expect(history.keptVoteCount == 1)
    }

    @Test("a vote that is not on disk after a restart is found")
    func lostVote() {
        var history = PromiseHistory()
        #expect(history.speaks(group, voter, term: Term(4)) == nil)
        #expect(history.votes(group, voter, for: first, term: Term(4)) == nil)
        #expect(history.restarted(group, voter, term: Term(4), vote: nil, lastIndex: .zero) != nil)
        #expect(
            history.restarted(
                group, voter, term: Term(4), vote: second, lastIndex: .zero) != nil)
        #expect(history.restarted(group, voter, term: Term(6), vote: nil, lastIndex: .zero) == nil)
    }

    @Test("a term that falls with a restart is found, on disk and in messages")
    func fallenTerm() {
        var history = PromiseHistory()
        #expect(history.speaks(group, voter, term: Term(4)) == nil)
        #expect(history.speaks(group, voter, term: Term(3)) == nil)
        #expect(history.restarted(group, voter, term: Term(3), vote: nil, lastIndex: .zero) != nil)
        #expect(history.speaks(group, voter, term: Term(3)) != nil)
        #expect(history.speaks(group, voter, term: Term(4)) == nil)
    }

    @Test("an acknowledged entry that is not on disk after a restart is found")
    func lostAcknowledgement() {
        func restarts(_ history: inout PromiseHistory, _ term: UInt64, _ last: UInt64) -> String? {
            history.restarted(
                group, voter, term: Term(term), vote: nil, lastIndex: LogIndex(last))
        }
        var history = PromiseHistory()
        history.acknowledges(group, voter, through: LogIndex(9), term: Term(3))
        history.acknowledges(group, voter, through: LogIndex(7), term: Term(4))
        history.acknowledges(group, voter, through: LogIndex(6), term: Term(4))
        history.acknowledges(group, voter, through: LogIndex(12), term: Term(3))
        #expect(restarts(&history, 4, 6) != nil)
        #expect(restarts(&history, 4, 7) == nil)
        #expect(history.keptAcknowledgementCount == 1)
        // The leader of a later term may have cut it.
        #expect(restarts(&history, 5, 3) == nil)
        history.allowForgetting(by: voter.node)
        #expect(restarts(&history, 4, 6) == nil)
        #expect(history.keptAcknowledgementCount == 1)
    }

    @Test("a replica that promised something, was given up and speaks is found")
    func givenUp() {
        let others = (7...8).map { Member(replica: ReplicaID($0), node: voter.node) }
        var history = PromiseHistory()
        #expect(history.votes(group, voter, for: first, term: Term(4)) == nil)
        history.acknowledges(group, others[0], through: LogIndex(1), term: Term(4))
        #expect(history.speaks(group, others[1], term: Term(4)) == nil)
        history.started(NodeID(11)) { _, _ in false }
        #expect(history.speaks(group, voter, term: Term(4)) == nil)
        history.started(voter.node) { $0 == group && $1 == voter.replica }
        #expect(history.speaks(group, voter, term: Term(4)) == nil)
        #expect(history.speaks(group, others[0], term: Term(4)) != nil)
        // One that has promised nothing may begin anew.
        #expect(history.speaks(group, others[1], term: Term(4)) == nil)
    }

    @Test("what a disk may forget binds no more")
    func forgetting() {
        var history = PromiseHistory()
        #expect(history.speaks(group, voter, term: Term(4)) == nil)
        #expect(history.votes(group, voter, for: first, term: Term(4)) == nil)
        history.allowForgetting(by: NodeID(11))
        #expect(history.votes(group, voter, for: second, term: Term(4)) != nil)
        history.allowForgetting(by: voter.node)
        #expect(history.restarted(group, voter, term: Term(3), vote: nil, lastIndex: .zero) == nil)
        #expect(history.votes(group, voter, for: second, term: Term(4)) == nil)
    }

    @Test("a leader that commits an older entry before one of its own is found")
    func olderEntry() {
        func leads(_ history: inout PromiseHistory, _ term: UInt64, _ commit: UInt64) -> String? {
            history.leads(group, voter, term: Term(term), commitIndex: LogIndex(commit))
        }
        var history = PromiseHistory()
        history.appends(group, voter, ownIndex: LogIndex(9), term: Term(4))
        #expect(leads(&history, 4, 5) == nil)
        #expect(leads(&history, 4, 5) == nil)
        #expect(leads(&history, 4, 8) != nil)
        #expect(leads(&history, 4, 9) == nil)
        #expect(leads(&history, 4, 12) == nil)
        history.appends(group, voter, ownIndex: LogIndex(20), term: Term(6))
        #expect(leads(&history, 6, 15) == nil)
        #expect(leads(&history, 6, 19) != nil)
    }
}

@Suite struct StampHistoryTests {
    private func shows(
        _ history: inout StampHistory, _ index: UInt64, _ stamp: Int64, node: Int = 0
    ) -> String? {
        history.shows(group: GroupID(1), index: LogIndex(index), stamp: stamp, node: node)
    }

    @Test("the clock shows the same at the same index, and never less at a later one")
    func order() {
        var history = StampHistory()
        #expect(shows(&history, 4, 100) == nil)
        #expect(shows(&history, 9, 200) == nil)
        #expect(shows(&history, 4, 100, node: 1) == nil)
        #expect(history.agreementCount == 1)
        #expect(shows(&history, 6, 150, node: 1) == nil)
        #expect(shows(&history, 9, 0, node: 1) != nil)
        #expect(shows(&history, 7, 149, node: 1) != nil)
        #expect(shows(&history, 7, 201, node: 1) != nil)
        #expect(shows(&history, 12, 199) != nil)
        #expect(history.shows(group: GroupID(2), index: LogIndex(9), stamp: 1, node: 0) == nil)
    }

    @Test("an allowed loss may rewrite the clock")
    func rewrite() {
        var history = StampHistory()
        #expect(shows(&history, 4, 100) == nil)
        history.allowRewrite()
        #expect(shows(&history, 4, 90) == nil)
    }
}
