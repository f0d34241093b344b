import Consensus
import Foundation
import Primitives
import Testing

/// How many lives each test lives; more in a soak.
private let seedCount =
    ProcessInfo.processInfo.environment["MARTLET_SEEDS"].flatMap(UInt64.init) ?? 24

@Suite("Random clusters")
struct RaftFuzzTests {
    @Test("keep Raft's promises and linearizable reads", arguments: 1...seedCount)
    func keepsPromises(seed: UInt64) {
        var cluster = FuzzCluster(FuzzPlan(seed: seed))
        let report = cluster.run()
        #expect(report.violation == nil, "seed \(seed)")
        let isHealed = cluster.heal()
        #expect(isHealed, "seed \(seed) does not heal: \(cluster.description)")
    }

    @Test("keep them in periodic mode with power cuts", arguments: 1...seedCount)
    func keepsPromisesAfterPowerCuts(seed: UInt64) {
        var cluster = FuzzCluster(FuzzPlan(seed: seed, isPeriodic: true))
        let report = cluster.run()
        #expect(report.violation == nil, "seed \(seed)")
        let isHealed = cluster.heal()
        #expect(isHealed, "seed \(seed) does not heal: \(cluster.description)")
    }

    @Test("meet everything that they are meant to test")
    func meetsEverything() {
        var sum = FuzzReport()
        for seed in UInt64(100)..<112 {
            var cluster = FuzzCluster(FuzzPlan(seed: seed, isPeriodic: true))
            let report = cluster.run()
            sum.writes += report.writes
            sum.reads += report.reads
            sum.leaseReads += report.leaseReads
            sum.elections += report.elections
            sum.crashes += report.crashes
            sum.powerCuts += report.powerCuts
            sum.snapshots += report.snapshots
            sum.truncations += report.truncations
            sum.configurations += report.configurations
            sum.transfers += report.transfers
            sum.amnesiaEnds += report.amnesiaEnds
        }
        #expect(sum.writes > 500)
        #expect(sum.reads > sum.leaseReads)
        #expect(sum.leaseReads > 100)
        #expect(sum.elections > 50)
        #expect(sum.crashes > 20)
        #expect(sum.powerCuts > 5)
        #expect(sum.snapshots > 5)
        #expect(sum.truncations > 5)
        #expect(sum.configurations > 10)
        #expect(sum.transfers > 10)
        #expect(sum.amnesiaEnds > 3)
    }

    @Test("find every planted bug", arguments: RaftFault.allCases)
    func findsFault(fault: RaftFault) {
        let isFound = (UInt64(1)...400).contains { seed in
            var cluster = FuzzCluster(FuzzPlan(seed: seed, fault: fault))
            return cluster.run().violation != nil
        }
        #expect(isFound, "\(fault)")
    }

    @Test("find a restart that ignores the amnesia rule")
    func findsForgottenAmnesia() {
        let isFound = (UInt64(1)...400).contains { seed in
            var cluster = FuzzCluster(
                FuzzPlan(seed: seed, isPeriodic: true, forgetsAmnesia: true))
            return cluster.run().violation != nil
        }
        #expect(isFound)
    }
}
