import Gossip
import Journal
import Node
import Primitives
import Topology

extension World {
    // MARK: Starting

    func scheduleStart(_ node: Int, after delay: UInt64) {
        guard !nodes[node].isStarting, !nodes[node].isGone, nodes[node].process == nil else {
            return
        }
        nodes[node].isStarting = true
        schedule(.start(node: node), after: delay)
    }

    func startProcess(_ node: Int) {
        nodes[node].isStarting = false
        guard nodes[node].process == nil, !nodes[node].isGone else { return }
        nodes[node].life += 1
        let life = life(of: node)
        trace.record(.process, at: now, host: node, UInt64(life.life), 1, text: "start")
        do {
            try boot(node, life)
        } catch let failure as IdentityError {
            violate("node \(node + 1) can't use its identity file: \(failure)")
        } catch let failure as JournalError {
            violate("node \(node + 1) can't recover its journal: \(failure)")
        } catch {
            violate("node \(node + 1) can't start: \(error)")
        }
    }

    private func boot(_ node: Int, _ life: NodeLife) throws {
        let moment = moment(node)
        let identityDisk = nodes[node].disks[nodes[node].identityDisk]
        let home = HomeHost(
            try HomeCore(
                settings: homeSettings(node),
                identity: identityDisk.read(SimulatedNode.identityFile),
                newNodeID: NodeID(random.next() | 1), processSeed: random.next(),
                seed: random.next(), sealer: SimulatedSealer(secret: 0x5EC1), now: moment))
        let nodeID = home.core.nodeID
        nodes[node].lastID = nodeID
        var loops: [LoopHost] = []
        for loop in 0..<plan.loopCount {
            let folder = JournalFolder(disk: nodes[node].disks[loop])
            let settings = loopSettings(nodeID, loop)
            let recovery = try Journal.recover(
                from: folder, settings: settings.journal, bootID: nodes[node].clock.bootID,
                seed: random.next(), now: moment)
            if recovery.report.cut != nil { marks.tornTails += 1 }
            marks.amnesiacStarts += recovery.groups.count(where: \.isAmnesiac)
            checkPromises(of: nodeID, recovery.groups)
            let found = recovery.groups
            let core = try LoopCore(
                settings: settings, recovery: recovery, disk: folder,
                bootID: nodes[node].clock.bootID, seed: random.next(), now: moment)
            let host = LoopHost(core)
            checkQuarantines(of: nodeID, on: node, found, host)
            loops.append(host)
        }
        let used = loops.flatMap { $0.core.inspect() }
        promises.started(nodeID) { group, replica in
            used.contains { $0.group == group && $0.replica == replica }
        }
        nodes[node].process = SimulatedProcess(nodeID: nodeID, loops: loops, home: home)
        directories.restart(node: node)
        for loop in loops.indices {
            withLoop(life, loop) { core, moment in core.start(now: moment) }
            schedule(
                .tick(life, loop: loop), after: random.time(in: 0...(.milliseconds(10))))
        }
        withHome(life) { core, moment, effects in core.start(now: moment, into: &effects) }
        schedule(.homeTick(life), after: random.time(in: 0...(.milliseconds(50))))
    }

    private func homeSettings(_ node: Int) -> HomeSettings {
        let address = nodes[node].address
        let client = nodes[node].clientAddress
        var settings = HomeSettings(
            clusterName: "simulated",
            seeds: nodes[..<plan.seedNodeCount].map(\.address),
            addresses: AdvertisedAddresses(
                peer: address, cluster: client, plain: Address(host: client.host, port: 6379),
                admin: Address(host: client.host, port: 7080)))
        settings.shardCount = plan.shardCount
        settings.replicationFactor = plan.replicationFactor
        settings.loopCount = plan.loopCount
        return settings
    }

    private func loopSettings(_ nodeID: NodeID, _ loop: Int) -> LoopSettings {
        let journal = JournalSettings(
            segmentByteCount: plan.segmentByteCount, durability: plan.durability,
            fault: bug?.journalFault)
        var settings = LoopSettings(nodeID: nodeID, journal: journal)
        settings.loopIndex = loop
        settings.loopCount = plan.loopCount
        settings.durability = plan.durability
        settings.raft = plan.raft
        settings.cacheByteCount = plan.cacheByteCount
        settings.snapshotLogByteCount = plan.snapshotLogByteCount
        settings.snapshotChunkByteCount = plan.snapshotChunkByteCount
        settings.snapshotSliceByteCount = plan.snapshotSliceByteCount
        settings.parkMilliseconds = plan.parkMilliseconds
        settings.unknownMilliseconds = plan.unknownMilliseconds
        settings.stateCheckMilliseconds = plan.stateCheckMilliseconds
        settings.plainDatabaseZero = plan.plainDatabaseZero
        settings.tracksHistory = true
        settings.fault = bug?.nodeFault
        return settings
    }

    // MARK: Ending

    /// The process ends at once; what it has written stays in the page cache.
    func crash(_ node: Int) {
        guard endProcess(node, isSilent: false) else { return }
        marks.crashes += 1
        trace.record(.process, at: now, host: node, text: "crash")
        for disk in nodes[node].disks.indices { nodes[node].disks[disk].crashProcess(now: now) }
    }

    /// The machine loses power and boots anew when it is next started.
    func cutPower(_ node: Int) {
        if plan.durability == .periodic, plan.hasLearners,
            nodes.contains(where: { $0.forgotSince != nil && $0.index != node })
        {
            return crash(node)
        }
        allowForgetting(node)
        _ = endProcess(node, isSilent: true)
        marks.powerCuts += 1
        let loss = UnsyncedLoss.draw(from: &random)
        trace.record(.process, at: now, host: node, text: "power cut, of unsynced writes \(loss)")
        let oldest = nodes[node].disks.compactMap(\.oldestUnsyncedTime).min()
        for disk in nodes[node].disks.indices {
            nodes[node].disks[disk].losePower(loss, now: now)
        }
        nodes[node].clock.reboot(
            at: now, offset: random.time(in: .seconds(2)...(.seconds(30))), bootID: random.next())
        if plan.durability == .periodic { forget(node, since: oldest ?? now) }
        noteClockLoss(node)
    }

    /// In periodic mode a disk may forget what the node promised; it then votes as an amnesiac.
    private func allowForgetting(_ node: Int) {
        guard plan.durability == .periodic, let id = nodes[node].lastID else { return }
        promises.allowForgetting(by: id)
    }

    /// Ends the process and its connections.
    ///
    /// - Returns: Whether there was one.
    private func endProcess(_ node: Int, isSilent: Bool) -> Bool {
        nodes[node].isPaused = false
        nodes[node].deferred.removeAll()
        guard let process = nodes[node].process else { return false }
        for host in process.loops { marks.add(host.core.counters) }
        for id in streams.openStreams {
            if streams.host(id, .initiator) == node {
                close(id, from: .initiator, isSilent: isSilent)
            } else if streams.host(id, .acceptor) == node {
                close(id, from: .acceptor, isSilent: isSilent)
            }
        }
        nodes[node].process = nil
        nodes[node].life += 1
        return true
    }

    /// A core asked for its process to end.
    func stop(_ reason: StopReason, _ life: NodeLife) {
        trace.record(.process, at: now, host: life.node, text: "stop: \(reason)")
        switch reason {
        case .diskFailure:
            marks.failedSyncs += 1
            allowForgetting(life.node)
            crash(life.node)
            scheduleStart(
                life.node, after: random.time(in: .milliseconds(200)...(.seconds(3))))
        case .unusable where isRemoved(life.node):
            nodes[life.node].isGone = true
            crash(life.node)
        case .clonedIdentity(let text), .unusable(let text):
            violate("node \(life.node + 1) stopped: \(text)")
        }
    }

    private func isRemoved(_ node: Int) -> Bool {
        nodes[node].lastID.map { directory.removedNodes.contains($0) } ?? false
    }

    // MARK: What may be lost

    /// A machine that lost power in periodic mode may have lost what it wrote from `time` on. Once
    /// a majority has, acknowledged writes may be gone, and the checkers must allow for it.
    private func forget(_ node: Int, since time: UInt64) {
        nodes[node].forgotSince = min(time, nodes[node].forgotSince ?? time)
        let forgetful = nodes.filter { $0.forgotSince != nil }
        // Every group has three or more replicas: two that forget may be a majority of one.
        let majority = min(plan.replicationFactor, plan.seedNodeCount) / 2 + 1
        guard forgetful.count >= majority else { return }
        let start = forgetful.compactMap(\.forgotSince).min() ?? time
        allowedLosses.append(min(start, now)...now + .seconds(1))
        marks.allowedLosses += 1
        canonical.allowRewrite()
        stamps.allowRewrite()
        directories.allowRewrite()
    }

    /// Takes nodes that have caught up off the list of those that may have forgotten something.
    func noteRecoveries() {
        for node in nodes.indices where nodes[node].forgotSince != nil {
            guard let process = nodes[node].process else { continue }
            let isWhole = process.loops.allSatisfy { host in
                host.core.inspect().allSatisfy { !$0.isAmnesiac }
            }
            if isWhole { nodes[node].forgotSince = nil }
        }
    }

    /// After a reboot the shard clock rests on the others' boot clocks; if there are none, on wall
    /// clocks, which may have been stepped.
    private func noteClockLoss(_ node: Int) {
        guard wallStepped else { return }
        clockLosses.append(now)
    }
}
