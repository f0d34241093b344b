import Primitives

/// Runs a seed: a whole life of a cluster, from empty folders to the end of its troubles.
package enum Simulation {
    /// How long the founding may take.
    static let foundingBound: UInt64 = .seconds(40)
    /// How long after the last fault every operation must succeed again, at most.
    static let healingBound: UInt64 = .seconds(8)
    /// Within which replicas that are on their way must have arrived.
    static let movingBound: UInt64 = .seconds(40)
    /// How long replicas may differ once nothing is written any more.
    static let convergenceBound: UInt64 = .seconds(8)
    /// How long an operation may take from then on.
    static let operationBound: UInt64 = .seconds(3)

    /// Runs one seed.
    ///
    /// - Parameters:
    ///   - seed: Everything random comes from it.
    ///   - bug: Planted in every node.
    ///   - traceLineCount: How many of the last things that happened are reported if it fails.
    ///   - observer: Gets what happens, line by line, while it happens.
    /// - Returns: What came of it.
    package static func run(
        seed: UInt64, bug: PlantedBug? = nil, traceLineCount: Int = 60,
        observer: ((String) -> Void)? = nil
    ) -> SeedReport {
        let plan = SimulationPlan(seed: seed, bug: bug)
        let world = World(plan: plan, bug: bug, traceCapacity: max(4_000, traceLineCount))
        if let observer { world.trace.observer = { observer($0.description) } }
        world.trace.record(.fault, at: 0, host: 0, text: "plan: \(plan)")
        var undecidedCount = 0
        live(in: world)
        if world.violations.isEmpty { undecidedCount = world.checkHistories() }
        for node in world.nodes {
            for host in node.process?.loops ?? [] { world.marks.add(host.core.counters) }
        }
        world.checkDifferences()
        world.marks.votesKept = world.promises.keptVoteCount
        world.marks.acknowledgementsKept = world.promises.keptAcknowledgementCount
        world.marks.largeClusters = plan.nodeCount == 7 ? 1 : 0
        world.marks.equalStamps = world.stamps.agreementCount
        world.marks.jointElections = world.majorities.jointElectionCount
        world.marks.jointCommits = world.majorities.jointCommitCount
        var report = SeedReport(seed: seed, plan: plan.description)
        report.counts = world.workload.counts
        report.marks = world.marks
        report.digest = world.trace.digest
        report.eventCount = world.trace.count
        report.virtualSeconds = Int(world.now / .seconds(1))
        report.violations = world.violations
        report.undecidedCount = undecidedCount
        report.agreementCount = world.canonical.entryAgreementCount
        report.stateAgreementCount = world.canonical.stateAgreementCount
        if !world.violations.isEmpty {
            report.traceLines = world.trace.last(traceLineCount, where: \.isTelling)
        }
        return report
    }

    private static func live(in world: World) {
        found(world)
        guard let formedAt = world.formedAt, world.violations.isEmpty else { return }
        world.beginWork()
        var end = formedAt + SimulationPlan.duration
        while true {
            world.run(until: end)
            guard world.violations.isEmpty else { return }
            let isLost = world.plan.lossOfMajority != nil
            if isLost || world.workload.counts.total >= SimulationPlan.operationCount { break }
            end += .seconds(2)
            if end > formedAt + 4 * SimulationPlan.duration {
                return world.violate(
                    "only \(world.workload.counts.total) operations came to an end")
            }
        }
        world.heal()
        if world.plan.lossOfMajority != nil {
            world.workload.pace = .quiet
            world.run(until: world.now + .seconds(4))
            return
        }
        world.run(until: world.now + healingBound)
        let limit = world.now + movingBound
        while world.isMoving, world.violations.isEmpty {
            guard world.now < limit else {
                return world.violate(
                    "long after the last fault, replicas are still on their way: "
                        + world.movesText)
            }
            world.run(until: world.now + .milliseconds(100))
        }
        finish(world)
    }

    private static func found(_ world: World) {
        world.schedule(.supervise, after: .milliseconds(100))
        world.startAll()
        let bound = foundingBound + (world.plan.troublesFounding ? .seconds(20) : 0)
        while world.formedAt == nil, world.now < bound, world.violations.isEmpty {
            world.run(until: world.now + .milliseconds(100))
        }
        if world.formedAt == nil, world.violations.isEmpty {
            world.violate("the cluster was not formed within \(bound / .seconds(1)) seconds")
        }
    }

    /// From here on nothing goes wrong any more, and every operation must succeed.
    private static func finish(_ world: World) {
        guard waitForIdle(world) else { return }
        let before = world.workload.counts
        world.workload.resetLongestAction()
        world.withWorkload { workload, now, effects in
            workload.pace = .steady(meanPause: .milliseconds(100))
            workload.start(now: now, into: &effects)
        }
        world.run(until: world.now + .seconds(2))
        guard waitForIdle(world) else { return }
        world.withWorkload { workload, now, effects in
            workload.readEverything(patience: operationBound, now: now, into: &effects)
        }
        guard waitForIdle(world) else { return }
        let after = world.workload.counts
        if after.refused > before.refused || after.unknown > before.unknown {
            return world.violate(
                "long after the last fault, \(after.refused - before.refused) operations were "
                    + "refused and \(after.unknown - before.unknown) had an unknown outcome")
        }
        if after.done == before.done {
            return world.violate("no operation was done after the last fault")
        }
        // Keys still expire, so that there may always be an entry on its way.
        let limit = world.now + convergenceBound
        while let divergence = world.divergence(), world.violations.isEmpty {
            if world.now > limit { return world.violate(divergence) }
            world.run(until: world.now + .milliseconds(50))
        }
    }

    private static func waitForIdle(_ world: World) -> Bool {
        world.workload.pace = .quiet
        let limit = world.now + .seconds(20)
        while !world.workload.isIdle, world.violations.isEmpty {
            guard world.now < limit else {
                world.violate("clients wait for replies 20 seconds after the last fault")
                return false
            }
            world.run(until: world.now + .milliseconds(100))
        }
        return world.violations.isEmpty
    }
}

extension World {
    /// Starts the machines, some later than others; some crash half way while they found the
    /// cluster.
    func startAll() {
        for node in nodes.indices {
            let delay =
                random.chance(percent: 70)
                ? random.time(in: 0...(.milliseconds(300)))
                : random.time(in: 0...(.seconds(4)))
            scheduleStart(node, after: delay)
        }
        guard plan.troublesFounding else { return }
        for _ in 0..<random.number(in: 1...5) {
            let node = random.below(nodes.count)
            let time = random.time(in: .milliseconds(50)...(.seconds(3)))
            let isPowerCut = plan.durability == .sync && random.chance(percent: 50)
            let step: FaultStep
            switch random.below(3) {
            case 0: step = .split(for: random.time(in: .milliseconds(200)...(.seconds(2))))
            default: step = isPowerCut ? .powerCut(node: node) : .crash(node: node)
            }
            schedule(.step(step), after: time)
        }
    }

    /// The cluster is formed: the clients begin, and so does the trouble.
    func beginWork() {
        for (number, fault) in plan.faults.enumerated() {
            schedule(.fault(number), after: fault.time)
        }
        schedule(.errand, after: .milliseconds(500))
        if let time = plan.lossOfMajority { schedule(.step(.loseMajority), after: time) }
        withWorkload { workload, now, effects in
            workload.pace = .steady(meanPause: calmPause)
            workload.start(now: now, into: &effects)
        }
    }

    /// Ends all trouble: paths are whole, machines run, and clocks and disks are as planned.
    func heal() {
        trace.record(.fault, at: now, host: 0, text: "heal")
        isHealed = true
        if areDisksStalled { rebootAll() }
        uncoverDamage()
        var calmSpeed = plan.diskSpeed
        calmSpeed.stallPercent = 0
        paths.weather = plan.weather
        paths.restoreAll()
        workload.pace = .steady(meanPause: calmPause)
        for node in nodes.indices {
            for disk in nodes[node].disks.indices {
                nodes[node].disks[disk].speed = calmSpeed
                nodes[node].disks[disk].failsNextSync = false
            }
            mendDisks(of: node)
            resume(node)
            scheduleStart(node, after: .milliseconds(100))
        }
    }

    /// A majority of the machines loses its disks for good. Some come back empty, as new nodes.
    func loseMajority() {
        let lost = random.shuffle(Array(nodes.indices))[...(nodes.count / 2)]
        for node in lost {
            cutPower(node)
            for disk in nodes[node].disks.indices { nodes[node].disks[disk].wipe() }
            nodes[node].forgotSince = nil
            if random.chance(percent: 50) {
                scheduleStart(node, after: random.time(in: .seconds(1)...(.seconds(4))))
            } else {
                nodes[node].isGone = true
            }
        }
        trace.record(
            .fault, at: now, host: 0, text: "nodes \(lost.map { $0 + 1 }) lost their disks")
    }
}
