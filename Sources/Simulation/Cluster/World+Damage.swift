import Journal
import Node
import Primitives
import Topology

/// A replica on a node.
struct HostedReplica: Equatable, Sendable {
    var group: GroupID
    var replica: ReplicaID
    var node: NodeID
}

/// A node whose disks don't have what they had confirmed.
struct DamagedNode: Equatable, Sendable {
    var machine: Int
    /// The machine's life when the damage was done: only a later process has read what is damaged.
    var life: UInt32
    /// All that may be concerned: any record of a loop's journal may be one of any group.
    var replicas: [HostedReplica]
}

/// Disks that don't keep what they have confirmed.
///
/// A node may have to give up every replica that it has, so that damage counts as the loss of all of
/// them, until each has been found to be sound or was made anew: then a majority of each group still has
/// what it acknowledged. Nothing reads a segment while its process runs, so that damage which is done
/// when a process ends is like damage done before. The newest write of a journal is left alone: where
/// nothing later tells of it, its loss can't be told from a write that never was (docs/decisions/0002),
/// and a replica would forget what it has acknowledged without any error.
extension World {
    /// Damages what some node has on its disks, as soon as nothing else is lost.
    func damageDisks(_ kind: FaultKind, remaining: Int = 30) {
        let node = someNode()
        guard mayLose, let process = nodes[node].process, !nodes[node].isPaused,
            directory.nodes[process.nodeID] != nil
        else {
            guard remaining > 0 else { return }
            return schedule(
                .step(.damage(kind, remaining: remaining - 1)), after: .milliseconds(200))
        }
        beginBurst(for: .milliseconds(1_200))
        if kind == .bitRot, random.chance(percent: 50), rotNextSnapshot() { return }
        let damaged = DamagedNode(
            machine: node, life: nodes[node].life, replicas: replicas(on: process.nodeID))
        if random.chance(percent: 50) { crash(node) } else { cutPower(node) }
        if let what = damage(node, kind) {
            loss = .damage(damaged)
            trace.record(.fault, at: now, host: node, text: what)
        }
        scheduleStart(node, after: restartDelay())
    }

    private func replicas(on node: NodeID) -> [HostedReplica] {
        var replicas: [HostedReplica] = []
        if let record = directory.nodes[node] {
            replicas.append(
                HostedReplica(group: .directory, replica: record.directoryReplica, node: node))
        }
        for (group, shard) in directory.shards {
            guard let replica = shard.replica(on: node) else { continue }
            replicas.append(HostedReplica(group: group, replica: replica, node: node))
        }
        return replicas
    }

    /// - Returns: What was done, if anything was.
    private func damage(_ node: Int, _ kind: FaultKind) -> String? {
        let disk = random.below(plan.loopCount)
        let files = nodes[node].disks[disk].fileNames
        if kind == .bitRot {
            return rot(files.filter { Self.isJournals($0) }, node, disk)
        }
        let isMisdirected = kind == .misdirectedWrite
        let names = files.filter { isMisdirected ? Self.isSegment($0) : Self.isJournals($0) }
        guard let lost = nodes[node].disks[disk].loseWrite(in: names) else { return nil }
        let what =
            "disk \(disk): the write of \(lost.bytes.count) bytes at \(lost.offset) of "
            + "\(lost.name) is lost"
        guard isMisdirected else {
            marks.lostWrites += 1
            return what
        }
        marks.misdirectedWrites += 1
        let other = random.below(plan.loopCount)
        let victims = nodes[node].disks[other].fileNames.filter { Self.isSegment($0) }
        guard let place = nodes[node].disks[other].misplace(lost.bytes, in: victims) else {
            return what
        }
        return what + ", and lands at \(place.offset) of \(place.name) on disk \(other)"
    }

    /// Some bytes rot. With the journal's head nothing else does: what it alone proves would be lost
    /// without a trace.
    private func rot(_ names: [String], _ node: Int, _ disk: Int) -> String? {
        let others = names.filter { $0 != JournalFile.head.name }
        var places: [String] = []
        for _ in 0..<random.number(in: 1...3) {
            let choices = places.isEmpty ? names : others
            guard let place = nodes[node].disks[disk].rot(in: choices) else { break }
            marks.rottenBytes += 1
            places.append("\(place.offset) of \(place.name)")
            if place.name == JournalFile.head.name { break }
        }
        return places.isEmpty ? nil : "disk \(disk): bytes at \(places) rot"
    }

    private static func isSegment(_ name: String) -> Bool {
        if case .segment? = JournalFile(name: name) { true } else { false }
    }

    /// Whether the file is one that was made durable before anything rested on it.
    private static func isJournals(_ name: String) -> Bool {
        switch JournalFile(name: name) {
        case .segment, .snapshot, .head: true
        case .partialSnapshot, .suspect, nil: false
        }
    }

    /// Has a follower lag until it needs a snapshot, which then rots.
    private func rotNextSnapshot() -> Bool {
        guard let group = someGroup(), let leader = leaders[group],
            let follower = otherMember(of: group, than: leader.node)
        else { return false }
        rotsNextSnapshot = true
        let lag = random.time(in: .seconds(1)...(.seconds(4)))
        isolate(follower, for: lag)
        beginBurst(for: lag)
        return true
    }

    /// A byte of a snapshot rots before a part of it is read for a follower, if that is to happen now. The
    /// node is restarted later, if it isn't sooner, so that the damage is found in any case.
    func rotWhatIsRead(_ name: String, on life: NodeLife, _ disk: Int) {
        guard rotsNextSnapshot, mayLose, let process = process(life),
            directory.nodes[process.nodeID] != nil,
            let place = nodes[life.node].disks[disk].rot(in: [name])
        else { return }
        rotsNextSnapshot = false
        marks.rottenBytes += 1
        loss = .damage(
            DamagedNode(
                machine: life.node, life: life.life, replicas: replicas(on: process.nodeID)))
        trace.record(
            .fault, at: now, host: life.node,
            text: "disk \(disk): the byte at \(place.offset) of \(place.name) rots, in use")
        schedule(
            .step(.crash(node: life.node)), after: random.time(in: .seconds(2)...(.seconds(6))))
    }

    /// Ends a process that has not read yet what was damaged, so that the next one does.
    func uncoverDamage() {
        guard case .damage(let damaged)? = loss, nodes[damaged.machine].life == damaged.life
        else { return }
        crash(damaged.machine)
    }

    /// Looks whether all that may have been damaged is sound, or has been made anew.
    func mend(_ damaged: DamagedNode) {
        guard nodes[damaged.machine].life > damaged.life,
            let process = nodes[damaged.machine].process,
            process.loops.allSatisfy({ $0.core.isJournalOpen })
        else { return }
        let gone = damaged.replicas.filter { isGone($0.replica, from: $0.group, on: $0.node) }
        let isWhole = damaged.replicas.allSatisfy {
            gone.contains($0) || isBack($0.replica, of: $0.group, on: $0.node)
        }
        guard isWhole else { return }
        marks.rebuilds += gone.count
        loss = nil
    }

    // MARK: Checks

    /// Looks which replicas a process has given up when it started: only those on damaged disks.
    func checkQuarantines(
        of nodeID: NodeID, on node: Int, _ groups: [RecoveredGroup], _ host: LoopHost
    ) {
        let hosted = host.core.inspect().map(\.group)
        for found in groups where found.quarantine != nil || !hosted.contains(found.group) {
            if found.quarantine == .movedAway || found.quarantine == .lost { continue }
            let replica = HostedReplica(
                group: found.group, replica: found.replica, node: nodeID)
            guard !quarantined.contains(replica) else { continue }
            quarantined.append(replica)
            marks.quarantines += 1
            if case .damage(let damaged)? = loss, damaged.machine == node { continue }
            if spoiltGroups.contains(found.group) { continue }
            violate(
                "node \(node + 1) gives up replica \(found.replica) of group \(found.group), and its "
                    + "disks are sound: "
                    + (found.quarantine.map { "\($0)" } ?? "its snapshot can't be read"))
        }
    }
}
