import Primitives

/// What is believed of others, and how news changes it.
extension GossipCore {
    /// Whether nodes of these clusters may talk: one of them has none yet, or both have the same.
    func admits(_ clusterID: ClusterID?) -> Bool {
        guard let ours = me.clusterID, let clusterID else { return true }
        return ours == clusterID
    }

    /// Alive and suspect nodes, this one included.
    var memberCount: Int { peers.values.count { $0.isReachable } + 1 }

    /// Takes in what a node said of itself in a packet that came straight from it.
    mutating func mergeSender(
        _ record: MemberRecord, now: Instant, into effects: inout [GossipEffect]
    ) {
        let wasDead = peers[record.id]?.record.status == .dead
        merge(record, accuser: nil, now: now, into: &effects)
        // It and we have lived apart: each may know what the other doesn't.
        if wasDead, peers[record.id]?.record.status == .alive {
            exchange(with: record.id, into: &effects)
        }
    }

    /// Takes in news of another node.
    mutating func merge(
        _ record: MemberRecord, accuser: NodeID?, now: Instant, into effects: inout [GossipEffect]
    ) {
        guard admits(record.clusterID) else {
            foreignCount += 1
            return
        }
        guard let index = peers.index(of: record.id) else {
            // A stranger that is dead is of no use, and would be remembered for ever in turns.
            guard record.status <= .suspect, makeRoomForMember() else { return }
            adopt(record, accuser: accuser, now: now, into: &effects)
            return noteEpoch(of: record, now: now, into: &effects)
        }
        let held = peers.values[index].record
        if record.supersedes(held) {
            adopt(record, accuser: accuser, now: now, into: &effects)
        } else if record.status == .suspect, held.status == .suspect,
            record.incarnation == held.incarnation, let accuser
        {
            confirm(record.id, accuser: accuser)
        }
        if record.topologyEpoch > held.topologyEpoch {
            peers[valueAt: index].record.topologyEpoch = record.topologyEpoch
        }
        noteEpoch(of: record, now: now, into: &effects)
    }

    /// Believes `record`, and tells others.
    mutating func adopt(
        _ record: MemberRecord, accuser: NodeID?, now: Instant, into effects: inout [GossipEffect]
    ) {
        let held = peers[record.id]
        var peer = Peer(record: record, since: now)
        if let held {
            peer.record.topologyEpoch = max(record.topologyEpoch, held.record.topologyEpoch)
            if held.record.status == record.status { peer.since = held.since }
        }
        if record.status == .suspect {
            peer.suspicion = Suspicion(
                accuser: accuser ?? me.id, memberCount: memberCount + (held == nil ? 1 : 0),
                settings: settings, now: now)
        }
        peers[record.id] = peer
        if peer.isReachable, held?.isReachable != true { insertIntoProbeOrder(record.id) }
        broadcasts.replace(member: record.id, accuser: peer.suspicion?.accusers.first)
        effects.append(.memberChanged(peer.member))
    }

    /// Counts `accuser` against a member that is suspect.
    private mutating func confirm(_ id: NodeID, accuser: NodeID) {
        guard let index = peers.index(of: id) else { return }
        guard peers[valueAt: index].suspicion?.confirm(by: accuser) == true else { return }
        broadcasts.confirm(member: id, accuser: accuser)
    }

    /// This node itself suspects `id`, which didn't answer.
    mutating func suspect(_ id: NodeID, now: Instant, into effects: inout [GossipEffect]) {
        guard let peer = peers[id] else { return }
        switch peer.record.status {
        case .alive:
            var record = peer.record
            record.status = .suspect
            adopt(record, accuser: me.id, now: now, into: &effects)
        case .suspect: confirm(id, accuser: me.id)
        case .dead, .left: break
        }
    }

    /// Takes in news of this node itself.
    ///
    /// - Returns: Whether it was refuted, by a higher incarnation.
    mutating func refute(
        _ record: MemberRecord, now: Instant, into effects: inout [GossipEffect]
    ) -> Bool {
        // The later of two processes with one id must not fight for it.
        guard me.status == .alive, duplicate?.isOursLater != true else { return false }
        let isOurs = record.process == me.process
        if !isOurs, record.status <= .suspect, record.addresses.peer != me.addresses.peer {
            checkIdentity(at: record.addresses.peer, now: now, into: &effects)
        }
        guard record.incarnation >= me.incarnation,
            record.incarnation < MemberRecord.highestIncarnation,
            !isOurs || record.incarnation > me.incarnation || record.status != .alive
        else { return false }
        me.incarnation = record.incarnation + 1
        broadcasts.replace(member: me.id, accuser: nil)
        // Whoever is suspected wrongly may be the one that is slow.
        if isOurs { worsenHealth(by: 1) }
        return true
    }

    /// Keeps `hint` if it is of a later term, and tells others.
    mutating func adopt(_ hint: LeaderHint) -> Bool {
        let held = knownHints[hint.group]
        guard held.map({ $0.term < hint.term }) ?? (knownHints.count < settings.maxHints) else {
            return false
        }
        knownHints[hint.group] = hint
        broadcasts.replace(hint: hint.group)
        return true
    }

    /// Reports an epoch above this node's own: when it is news, and each second while it lasts.
    private mutating func noteEpoch(
        of record: MemberRecord, now: Instant, into effects: inout [GossipEffect]
    ) {
        guard record.topologyEpoch > me.topologyEpoch, record.status <= .suspect else { return }
        if let reportedEpoch, record.topologyEpoch <= reportedEpoch.epoch,
            now.milliseconds(since: reportedEpoch.at) < 1_000
        {
            return
        }
        reportedEpoch = (record.topologyEpoch, now)
        effects.append(.epochSeen(record.topologyEpoch, from: record.id))
    }

    /// Makes room for one more member, at the cost of the oldest tombstone; `false` when there is none.
    private mutating func makeRoomForMember() -> Bool {
        guard peers.count >= settings.maxMembers else { return true }
        let tombstones = peers.values.filter { !$0.isReachable }
        guard let oldest = tombstones.min(by: { $0.since < $1.since }) else { return false }
        peers[oldest.record.id] = nil
        broadcasts.forget(member: oldest.record.id)
        return true
    }

    /// Up to `count` members for which `condition` holds, drawn at random.
    mutating func choosePeers(_ count: Int, where condition: (Peer) -> Bool) -> [Peer] {
        var candidates = peers.values.filter(condition)
        let chosenCount = min(count, candidates.count)
        for place in 0..<chosenCount {
            candidates.swapAt(place, place + generator.below(candidates.count - place))
        }
        return Array(candidates.prefix(chosenCount))
    }
}
