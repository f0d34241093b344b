import Node
import Primitives

extension World {
    /// Begins a fault; its end is scheduled with it.
    func begin(_ kind: FaultKind) {
        guard !isHealed else { return }
        trace.record(.fault, at: now, host: 0, UInt64(kind.rawValue), text: "\(kind)")
        beginBurst(for: .milliseconds(1_200))
        switch kind {
        case .loss, .duplicationAndReordering, .delay: changeWeather(kind)
        case .isolation: isolate(someNode(), for: outage())
        case .split: split(for: outage())
        case .oneWayCut: cutOneWay()
        case .clientCut: cutClients()
        case .crash: crashForAWhile(someNode())
        case .crashOfSeveral:
            for node in someNodes(upTo: nodes.count) { crashForAWhile(node) }
        case .pause: pause(someNode(), for: random.time(in: .milliseconds(200)...(.seconds(6))))
        case .powerCut: cutPowerForAWhile(someNode())
        case .powerCutOfSeveral:
            for node in someNodes(upTo: nodes.count) { cutPowerForAWhile(node) }
        case .powerCutOfAll: for node in nodes.indices { cutPowerForAWhile(node) }
        case .rollingCrashes: rollCrashes()
        case .leaderHunt:
            if let group = someGroup() { perform(.hunt(group, remaining: 6)) }
        case .failedSync:
            let node = someNode()
            nodes[node].disks[random.below(nodes[node].identityDisk)].failsNextSync = true
        case .slowDisk: slowDisk(someNode())
        case .wipedDisks: wipe(someNode())
        case .fullDisk: fillDisks()
        case .hungDisk: hangDisks()
        case .clockStep: stepClocks()
        case .powerCutWithWrongClocks:
            stepClocks()
            stepClocks()
            for node in nodes.indices { cutPowerForAWhile(node) }
        case .transferThenDeafness: perform(.transfer(remaining: 4))
        case .membershipThenSplit:
            changeMembers()
            schedule(
                .step(.split(for: outage())), after: random.time(in: 0...(.milliseconds(60))))
        case .lagThenPowerCut: lagThenCutPower()
        case .expiryThenReboot: expireThenReboot()
        case .bitRot, .misdirectedWrite, .lostWrite: damageDisks(kind)
        }
    }

    func perform(_ step: FaultStep) {
        switch step {
        case .restore(let cuts):
            // The end of the faults has restored everything already.
            guard !isHealed else { break }
            for cut in cuts { paths.restore(from: cut.from, to: cut.to) }
        case .calm(let weather): paths.weather = weather
        case .resume(let node): resume(node)
        case .speed(let node, let speed):
            guard !isHealed else { break }
            setSpeed(speed, of: node)
        case .mendDisks(let node): mendDisks(of: node)
        case .endOfBurst:
            if now >= burstUntil, !isHealed { workload.pace = .steady(meanPause: calmPause) }
        case .crash, .powerCut, .isolate, .deafen, .split, .hunt, .transfer, .stallDisks,
            .rebootAll, .loseMajority, .damage:
            // What would begin anew after the end of the faults is left out.
            if !isHealed { performTrouble(step) }
        }
    }

    private func performTrouble(_ step: FaultStep) {
        switch step {
        case .crash(let node): crashForAWhile(node)
        case .powerCut(let node): cutPowerForAWhile(node)
        case .isolate(let node, let time): isolate(node, for: time)
        case .deafen(let node, let time): deafen(node, for: time)
        case .split(let time): split(for: time)
        case .hunt(let group, let remaining): hunt(group, remaining)
        case .transfer(let remaining): transferThenDeafen(remaining)
        case .stallDisks(let time): stallDisks(for: time)
        case .rebootAll: rebootAll()
        case .loseMajority: loseMajority()
        case .damage(let kind, let remaining): damageDisks(kind, remaining: remaining)
        case .restore, .calm, .resume, .speed, .mendDisks, .endOfBurst:
            preconditionFailure("\(step) is no trouble")
        }
    }

    // MARK: Choices

    func outage() -> UInt64 {
        random.chance(percent: 50)
            ? random.time(in: .milliseconds(200)...(.milliseconds(1_500)))
            : random.time(in: .milliseconds(1_500)...(.seconds(5)))
    }

    /// A node; half of the time one that leads something.
    func someNode() -> Int {
        if random.chance(percent: 50), let group = someGroup(), let leader = leaders[group] {
            return leader.node
        }
        return random.below(nodes.count)
    }

    private func someNodes(upTo limit: Int) -> [Int] {
        let count = random.number(in: 2...limit)
        return Array(random.shuffle(Array(nodes.indices))[..<count])
    }

    func someGroup() -> GroupID? {
        leaders.isEmpty ? nil : random.choice(of: leaders.keys)
    }

    // MARK: Bursts of work

    var calmPause: UInt64 { .milliseconds(330) }

    /// The clients hurry, so that there is something to go wrong.
    func beginBurst(for time: UInt64) {
        if now >= readingUntil { workload.pace = .steady(meanPause: .milliseconds(50)) }
        burstUntil = max(burstUntil, now + time)
        schedule(.step(.endOfBurst), after: time)
    }

    /// The clients do nothing but read.
    private func beginReading(for time: UInt64) {
        beginBurst(for: time)
        readingUntil = now + time
        workload.pace = .reading(meanPause: .milliseconds(60))
    }

    // MARK: The network

    private func changeWeather(_ kind: FaultKind) {
        var weather = plan.weather
        if kind == .loss {
            weather.lossPercent = random.number(in: 5...30)
        } else if kind == .delay {
            weather.minimumDelay = .milliseconds(random.number(in: 1...60))
            weather.meanExtraDelay = .milliseconds(random.number(in: 1...100))
        } else {
            weather.duplicationPercent = random.number(in: 10...50)
            weather.meanExtraDelay = .milliseconds(random.number(in: 2...30))
        }
        paths.weather = weather
        schedule(.step(.calm(plan.weather)), after: outage())
    }

    private func cut(_ cuts: [Cut], for time: UInt64) {
        for cut in cuts { paths.cut(from: cut.from, to: cut.to) }
        schedule(.step(.restore(paths: cuts)), after: time)
    }

    /// Cuts a node off from the other nodes, and in some cases from the clients too.
    func isolate(_ node: Int, for time: UInt64) {
        var cuts: [Cut] = []
        for other in nodes.indices where other != node {
            cuts += [Cut(from: node, to: other), Cut(from: other, to: node)]
        }
        if random.chance(percent: 25) {
            for client in 0..<SimulationPlan.clientCount {
                let host = nodes.count + client
                cuts += [Cut(from: node, to: host), Cut(from: host, to: node)]
            }
        }
        cut(cuts, for: time)
    }

    /// The node sends and hears nothing from the other nodes.
    private func deafen(_ node: Int, for time: UInt64) {
        cut(nodes.indices.filter { $0 != node }.map { Cut(from: $0, to: node) }, for: time)
    }

    private func split(for time: UInt64) {
        let order = random.shuffle(Array(nodes.indices))
        let count = random.number(in: 1...nodes.count - 1)
        let (left, right) = (order[..<count], order[count...])
        var cuts: [Cut] = []
        for from in left {
            for to in right { cuts += [Cut(from: from, to: to), Cut(from: to, to: from)] }
        }
        cut(cuts, for: time)
    }

    private func cutOneWay() {
        let node = someNode()
        let others = nodes.indices.filter { $0 != node }
        if random.chance(percent: 50) {
            deafen(node, for: outage())
        } else if random.chance(percent: 50) {
            cut(others.map { Cut(from: node, to: $0) }, for: outage())
        } else {
            cut([Cut(from: node, to: random.choice(of: others))], for: outage())
        }
    }

    private func cutClients() {
        for id in streams.openStreams {
            guard case .client? = purpose(of: id), random.chance(percent: 60) else { continue }
            streams.abort(id, now: now) { schedule($0, at: $1) }
        }
    }

    // MARK: Processes and machines

    func restartDelay() -> UInt64 {
        random.chance(percent: 60)
            ? random.time(in: .milliseconds(20)...(.milliseconds(400)))
            : random.time(in: .milliseconds(400)...(.seconds(5)))
    }

    private func crashForAWhile(_ node: Int) {
        crash(node)
        scheduleStart(node, after: restartDelay())
    }

    private func cutPowerForAWhile(_ node: Int) {
        guard !nodes[node].isGone else { return }
        cutPower(node)
        scheduleStart(node, after: restartDelay())
    }

    private func pause(_ node: Int, for time: UInt64) {
        guard nodes[node].process != nil, !nodes[node].isPaused else { return }
        trace.record(.process, at: now, host: node, text: "pause")
        nodes[node].isPaused = true
        schedule(.step(.resume(node: node)), after: time)
    }

    /// The process goes on; what came meanwhile is there all at once.
    func resume(_ node: Int) {
        guard nodes[node].isPaused else { return }
        trace.record(.process, at: now, host: node, text: "resume")
        nodes[node].isPaused = false
        let waiting = nodes[node].deferred
        nodes[node].deferred = []
        for event in waiting { queue.schedule(event, at: now) }
    }

    private func rollCrashes() {
        var time: UInt64 = 0
        for _ in 0..<random.number(in: 4...9) {
            let node = random.below(nodes.count)
            let isPowerCut = plan.durability == .sync && random.chance(percent: 50)
            schedule(.step(isPowerCut ? .powerCut(node: node) : .crash(node: node)), after: time)
            time += random.time(in: .milliseconds(20)...(.milliseconds(500)))
        }
        beginBurst(for: time + .milliseconds(500))
    }

    /// Crashes the group's leader, and the next one soon after it began to lead.
    private func hunt(_ group: GroupID, _ remaining: Int) {
        guard remaining > 0, let leader = leaders[group] else { return }
        if nodes[leader.node].process != nil, !nodes[leader.node].isPaused {
            crash(leader.node)
            scheduleStart(
                leader.node, after: random.time(in: .milliseconds(20)...(.milliseconds(700))))
        }
        beginBurst(for: .milliseconds(900))
        schedule(
            .step(.hunt(group, remaining: remaining - 1)),
            after: random.time(in: .milliseconds(250)...(.milliseconds(1_000))))
    }

    // MARK: Disks and clocks

    private func slowDisk(_ node: Int) {
        let slow = DiskSpeed(
            syncMean: .milliseconds(random.number(in: 20...300)), stallPercent: 0)
        setSpeed(slow, of: node)
        schedule(.step(.speed(node: node, plan.diskSpeed)), after: outage())
    }

    /// Takes the room from the disks of one node, of some, or of all.
    private func fillDisks() {
        let count = random.choice(of: [1, 1, 1, 2, nodes.count])
        let time = random.time(in: .seconds(1)...(.seconds(8)))
        beginBurst(for: time)
        for node in [someNode()] + random.shuffle(Array(nodes.indices))[..<(count - 1)] {
            for disk in 0..<nodes[node].identityDisk { nodes[node].disks[disk].isFull = true }
            schedule(.step(.mendDisks(node: node)), after: time)
            // To be started on a full disk is another matter.
            if random.chance(percent: 30) { crashForAWhile(node) }
        }
    }

    private func hangDisks() {
        let count = random.choice(of: [1, 1, 1, 2])
        for node in [someNode()] + random.shuffle(Array(nodes.indices))[..<(count - 1)] {
            for disk in nodes[node].disks.indices { nodes[node].disks[disk].isHung = true }
            schedule(.step(.mendDisks(node: node)), after: outage())
        }
    }

    func mendDisks(of node: Int) {
        for disk in nodes[node].disks.indices {
            nodes[node].disks[disk].isFull = false
            nodes[node].disks[disk].isHung = false
            beginDisk(life(of: node), disk)
        }
    }

    private func setSpeed(_ speed: DiskSpeed, of node: Int) {
        for disk in nodes[node].disks.indices { nodes[node].disks[disk].speed = speed }
    }

    private func stepClocks() {
        wallStepped = true
        for node in someNodes(upTo: nodes.count) {
            let size = random.choice(of: [400, 5_000, 60_000, 3_600_000])
            let step = Int64(random.number(in: -size...size))
            trace.record(.clock, at: now, host: node, UInt64(bitPattern: step))
            nodes[node].clock.step(milliseconds: step)
        }
    }

    // MARK: Orders of trouble

    /// Hands leaderships over, and stops the old leader from hearing of it while its lease lasts.
    private func transferThenDeafen(_ remaining: Int) {
        guard remaining > 0, let group = someGroup(), let leader = leaders[group] else { return }
        if let target = otherMember(of: group, than: leader.node) {
            transfer(group, from: leader.node, to: target)
            beginBurst(for: .milliseconds(700))
            schedule(
                .step(
                    .deafen(
                        node: leader.node,
                        for: random.time(in: .milliseconds(150)...(.milliseconds(900))))),
                after: random.time(in: 0...(.milliseconds(6))))
        }
        schedule(
            .step(.transfer(remaining: remaining - 1)),
            after: random.time(in: .milliseconds(700)...(.milliseconds(1_600))))
    }

    /// Keys expire while nothing that is written becomes durable, so that no entry says so. Leases
    /// go on, and reads with them. The stall outlasts an election after the reboot, during which
    /// the shard clock runs on.
    private func expireThenReboot() {
        let lead = random.number(in: 60...200)
        let stall = random.number(in: 4_000...6_000)
        let life = lead + random.number(in: stall / 2...stall * 9 / 10)
        withWorkload { workload, now, effects in
            workload.setExpiringKeys(milliseconds: life, now: now, into: &effects)
        }
        beginReading(for: .milliseconds(lead + stall) + .seconds(5))
        schedule(.step(.stallDisks(for: .milliseconds(stall))), after: .milliseconds(lead))
    }

    private func stallDisks(for time: UInt64) {
        areDisksStalled = true
        let stalled = DiskSpeed(syncMean: .seconds(600), stallPercent: 0)
        for node in nodes.indices { setSpeed(stalled, of: node) }
        // The end of all faults may come first, and reboots too.
        schedule(.step(.rebootAll), after: time)
    }

    func rebootAll() {
        areDisksStalled = false
        wallStepped = true
        for node in nodes.indices {
            setSpeed(plan.diskSpeed, of: node)
            nodes[node].clock.step(milliseconds: -Int64(random.number(in: 8_000...20_000)))
            cutPower(node)
            scheduleStart(node, after: random.time(in: .milliseconds(20)...(.milliseconds(200))))
        }
    }

    /// The nodes of the group's replicas.
    private func members(of group: GroupID) -> [Int] {
        let ids =
            group == .directory
            ? directory.nodes.keys : directory.shards[group]?.replicas.map(\.node) ?? []
        return nodes.indices.filter { node in
            nodes[node].process.map { ids.contains($0.nodeID) } ?? false
        }
    }

    func otherMember(of group: GroupID, than node: Int) -> Int? {
        let others = members(of: group).filter { $0 != node }
        return others.isEmpty ? nil : random.choice(of: others)
    }

    func transfer(_ group: GroupID, from node: Int, to target: Int) {
        guard let process = nodes[node].process, let successor = nodes[target].process else {
            return
        }
        marks.transfers += 1
        trace.record(
            .post, at: now, host: node, UInt64(group.rawValue), UInt64(target), text: "transfer")
        for loop in process.loops.indices {
            schedule(
                .post(
                    life(of: node), .transferLeadership(group, to: successor.nodeID), from: .home,
                    to: .loop(loop)), after: .microseconds(5))
        }
    }

    /// One replica is cut off and falls behind; then another loses power, and with it what was not
    /// on disk, while the one that has everything is cut off in its turn.
    private func lagThenCutPower() {
        guard let group = someGroup(), let leader = leaders[group] else { return }
        let others = random.shuffle(members(of: group).filter { $0 != leader.node })
        guard others.count >= 2 else { return }
        let lag = random.time(in: .milliseconds(150)...(.milliseconds(1_200)))
        let lagging = others[0]
        isolate(lagging, for: lag)
        beginBurst(for: lag)
        // With five replicas a second one must lag, or a majority would know better.
        if others.count > 3 { isolate(others[2], for: lag) }
        let lead = random.time(in: 0...(.milliseconds(20)))
        schedule(.step(.powerCut(node: others[1])), after: lag - lead)
        if others.count > 3, plan.durability == .sync {
            schedule(.step(.powerCut(node: others[3])), after: lag - lead)
        }
        schedule(
            .step(
                .isolate(
                    node: leader.node,
                    for: random.time(in: .seconds(1)...(.seconds(4))))),
            after: lag - lead / 2)
    }
}
