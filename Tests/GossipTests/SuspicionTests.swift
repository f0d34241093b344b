import Gossip
import Primitives
import Testing

@Suite("A suspicion") struct SuspicionTests {
    @Test(
        "knows logarithms in integers",
        arguments: [(1, 0), (2, 1024), (3, 1623), (8, 3072), (10, 3401), (1000, 10204)])
    func logarithms(value: Int, expected: Int) {
        #expect(logarithm(of: value) == expected)
        #expect(logarithm(of: value << 32) == expected + 32 * 1024)
    }

    @Test("lasts the shortest time where no one could confirm it", arguments: [1, 2, 3])
    func few(memberCount: Int) {
        let suspicion = Suspicion(
            accuser: NodeID(1), memberCount: memberCount, settings: GossipSettings(), now: .zero)
        #expect(suspicion.deadline == Instant.zero.advanced(milliseconds: 2000))
    }

    /// 6, then 6 - 5·log₃2, then 1 times the shortest time, which is 4 probe intervals.
    @Test("shrinks with the logarithm of those who confirm it, each counted once") func shrinks() {
        var suspicion = Suspicion(
            accuser: NodeID(1), memberCount: 10, settings: GossipSettings(), now: .zero)
        #expect(suspicion.deadline == Instant.zero.advanced(milliseconds: 12_000))
        let steps: [(accuser: UInt64, counts: Bool, milliseconds: Int)] = [
            (1, false, 12_000), (2, true, 5_691), (2, false, 5_691), (3, true, 2_000),
            (4, false, 2_000),
        ]
        for step in steps {
            let isCounted = suspicion.confirm(by: NodeID(step.accuser))
            #expect(isCounted == step.counts)
            #expect(suspicion.deadline == Instant.zero.advanced(milliseconds: step.milliseconds))
        }
    }

    @Test("lasts longer in a larger cluster") func large() {
        let suspicion = Suspicion(
            accuser: NodeID(1), memberCount: 100, settings: GossipSettings(), now: .zero)
        #expect(suspicion.deadline == Instant.zero.advanced(milliseconds: 24_000))
    }
}
