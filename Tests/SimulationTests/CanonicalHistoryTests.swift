import Primitives
import Simulation
import Testing

@Suite struct CanonicalHistoryTests {
    private let group = GroupID(3)

    @Test("replicas that applied the same entries agree, in whatever order they are seen")
    func agreement() {
        var history = CanonicalHistory()
        for index in [UInt64(1), 2, 9, 5] {
            #expect(
                history.applied(group: group, index: LogIndex(index), hash: index * 7, node: 0)
                    == nil)
        }
        #expect(history.applied(group: group, index: LogIndex(9), hash: 63, node: 1) == nil)
        #expect(history.applied(group: group, index: LogIndex(9), hash: 63, node: 0) == nil)
        #expect(history.applied(group: group, index: LogIndex(4), hash: 1, node: 1) == nil)
        #expect(history.entryAgreementCount == 1)
    }

    @Test("different entries at one index of one group are found")
    func divergence() {
        var history = CanonicalHistory()
        #expect(history.applied(group: group, index: LogIndex(4), hash: 10, node: 0) == nil)
        #expect(history.applied(group: GroupID(2), index: LogIndex(4), hash: 11, node: 1) == nil)
        #expect(history.applied(group: group, index: LogIndex(4), hash: 11, node: 1) != nil)
    }

    @Test("a node that applies another entry than before its restart is found")
    func rewriting() {
        var history = CanonicalHistory()
        #expect(history.applied(group: group, index: LogIndex(4), hash: 10, node: 0) == nil)
        #expect(history.applied(group: group, index: LogIndex(4), hash: 11, node: 0) != nil)
    }

    @Test("equal entries with different states are found")
    func states() {
        var history = CanonicalHistory()
        #expect(history.holds(group: group, index: LogIndex(4), hash: 1, node: 0) == nil)
        #expect(history.holds(group: group, index: LogIndex(4), hash: 1, node: 2) == nil)
        #expect(history.stateAgreementCount == 1)
        #expect(history.holds(group: group, index: LogIndex(4), hash: 2, node: 1) != nil)
        #expect(history.holds(group: group, index: LogIndex(5), hash: 2, node: 1) == nil)
    }

    @Test("two leaders of one term are found, those of two terms are none")
    func leaders() {
        func claim(_ history: inout CanonicalHistory, _ replica: UInt64, _ term: UInt64) -> String?
        {
            history.leads(
                group: group, term: Term(term), replica: ReplicaID(replica), node: Int(replica))
        }
        var history = CanonicalHistory()
        #expect(claim(&history, 1, 5) == nil)
        #expect(claim(&history, 1, 5) == nil)
        #expect(claim(&history, 2, 6) == nil)
        #expect(history.leaderCount == 2)
        #expect(claim(&history, 2, 5) != nil)
    }

    @Test("an allowed loss may rewrite what was applied, but not who led")
    func rewrite() {
        var history = CanonicalHistory()
        #expect(history.applied(group: group, index: LogIndex(4), hash: 10, node: 0) == nil)
        #expect(history.holds(group: group, index: LogIndex(4), hash: 1, node: 0) == nil)
        #expect(
            history.leads(group: group, term: Term(2), replica: ReplicaID(1), node: 0) == nil)
        history.allowRewrite()
        #expect(history.applied(group: group, index: LogIndex(4), hash: 11, node: 0) == nil)
        #expect(history.holds(group: group, index: LogIndex(4), hash: 2, node: 0) == nil)
        #expect(
            history.leads(group: group, term: Term(2), replica: ReplicaID(2), node: 1) != nil)
    }
}

@Suite struct DirectoryHistoryTests {
    @Test("each epoch has one content, and no node goes back")
    func epochs() {
        var history = DirectoryHistory(nodeCount: 2)
        #expect(history.observe(epoch: 1, hash: 5, node: 0) == nil)
        #expect(history.observe(epoch: 1, hash: 5, node: 1) == nil)
        #expect(history.observe(epoch: 3, hash: 6, node: 1) == nil)
        #expect(history.agreementCount == 1)
        #expect(history.observe(epoch: 2, hash: 9, node: 1) != nil)
        #expect(history.observe(epoch: 3, hash: 7, node: 0) != nil)
    }

    @Test("a restarted node begins again from its disk")
    func restart() {
        var history = DirectoryHistory(nodeCount: 1)
        #expect(history.observe(epoch: 4, hash: 5, node: 0) == nil)
        history.restart(node: 0)
        #expect(history.observe(epoch: 2, hash: 6, node: 0) == nil)
    }
}
