import Primitives
import Simulation
import Testing

@Suite struct SimulationTests {
    @Test("a seed is one history: two runs of it are equal, and keep every promise")
    func determinism() {
        let first = Simulation.run(seed: 2)
        #expect(first.violations == [])
        #expect(first.undecidedCount == 0)
        #expect(first.counts.done > SimulationPlan.operationCount / 2)
        #expect(first.virtualSeconds >= 60)
        #expect(first.agreementCount > 0 && first.stateAgreementCount > 0)
        #expect(Simulation.run(seed: 2) == first)
    }

    @Test("another seed is another history")
    func difference() {
        let plans = (UInt64(1)...40).map { SimulationPlan(seed: $0, bug: nil) }
        for count in [3, 5, 7] { #expect(plans.contains { $0.nodeCount == count }) }
        #expect(plans.allSatisfy { $0.nodeCount < 7 || $0.replicationFactor == 3 })
        #expect(plans.contains { $0.loopCount == 1 } && plans.contains { $0.loopCount == 2 })
        #expect(plans.contains { $0.durability == .sync })
        #expect(plans.contains { $0.durability == .periodic })
        for plan in plans {
            #expect(plan.faults.count == 10)
            #expect(plan.kinds.count == 3)
            #expect(plan.faults.allSatisfy { $0.time < SimulationPlan.duration })
            for kind in plan.kinds { #expect(plan.faults.contains { $0.kind == kind }) }
        }
    }

    @Test("every kind of fault is drawn by some seed")
    func kinds() {
        for kind in FaultKind.allCases {
            #expect(
                (UInt64(1)...200).contains {
                    SimulationPlan(seed: $0, bug: nil).kinds.contains(kind)
                }, "\(kind)")
        }
    }

    @Test("a planted bug changes no plan, only what the nodes do")
    func planted() {
        for bug in PlantedBug.allCases {
            let plan = SimulationPlan(seed: 9, bug: bug)
            let plain = SimulationPlan(seed: 9, bug: nil)
            #expect(plan.description == plain.description)
            let faults =
                (bug.raftFault == nil ? 0 : 1) + (bug.journalFault == nil ? 0 : 1)
                + (bug.nodeFault == nil ? 0 : 1)
            #expect(faults == 1, "\(bug)")
        }
    }

    @Test(
        "a planted bug is found by a few seeds",
        arguments: [
            PlantedBug.voteNotPersisted, .voteLostOnRecycle, .commitOlderTermByCounting,
            .readBeforeOwnWrite, .snapshotWithoutClock,
        ])
    func findsBug(bug: PlantedBug) {
        let found = (UInt64(1)...12).first { seed in !Simulation.run(seed: seed, bug: bug).isGood }
        #expect(found != nil)
    }
}

@Suite struct SimulationBatchTests {
    private func report(_ seed: UInt64, digest: UInt64 = 1, violations: [String] = [])
        -> SeedReport
    {
        var report = SeedReport(seed: seed, plan: "3 nodes")
        report.counts.done = 10
        report.digest = digest
        report.violations = violations
        report.agreementCount = 1
        report.traceLines = ["0.1 host 1 crash"]
        return report
    }

    @Test("a small batch of good seeds is good")
    func good() {
        var batch = SimulationBatch()
        batch.add(report(1), second: report(1))
        #expect(batch.faults.isEmpty)
        #expect(batch.counts.done == 10)
    }

    @Test("a large batch must have reached every mark")
    func marks() {
        var batch = SimulationBatch()
        for seed in 0..<SimulationBatch.representativeCount { batch.add(report(UInt64(seed))) }
        #expect(batch.faults.contains("no seed reached: elections"))
        #expect(batch.faults.contains("no operation had an unknown outcome"))
    }

    @Test("failures and second runs that differ are faults")
    func faults() {
        var batch = SimulationBatch()
        batch.add(report(7, violations: ["two leaders"]))
        batch.add(report(8), second: report(8, digest: 2))
        #expect(
            batch.faults == ["seed 7 failed", "seed 8 took another course the second time"])
        var sum = SimulationBatch()
        sum.add(batch)
        #expect(sum.failedSeeds == [7] && sum.unsteadySeeds == [8] && sum.seedCount == 2)
    }

    @Test("a history that was too hard to judge is a fault, with its seed")
    func undecided() {
        var hard = report(7)
        hard.undecidedCount = 2
        var batch = SimulationBatch()
        batch.add(hard, second: hard)
        #expect(batch.faults == ["seed 7: 2 histories were too hard to judge"])
    }

    @Test("a failed seed shows a planted bug only if it is clean without it")
    func telling() {
        var batch = SimulationBatch(bug: .voteNotPersisted)
        batch.add(report(7, violations: ["two leaders"]), second: report(7, violations: ["x"]))
        #expect(batch.tellingSeeds == [])
        batch.add(report(8, violations: ["two leaders"]), second: report(8, digest: 3))
        #expect(batch.tellingSeeds == [8])
        #expect(batch.failedSeeds == [7, 8] && batch.unsteadySeeds == [])
    }

    @Test("a failure tells how to run it again and what was violated")
    func failureLines() {
        let lines = SimulationBatch.failureLines(
            of: report(7, violations: ["two leaders"]), bug: .voteNotPersisted)
        #expect(
            lines == [
                "0.1 host 1 crash", "seed 7: 3 nodes", "violated: two leaders",
                "replay: martlet simulate --replay 7 --bug vote-not-persisted",
            ])
    }
}
