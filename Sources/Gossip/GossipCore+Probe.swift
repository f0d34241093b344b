import Primitives

/// Who is probed when, directly and through others (SWIM paper §3.1 and §4.3).
extension GossipCore {
    mutating func advanceProbe(now: Instant, into effects: inout [GossipEffect]) {
        if let current = probe {
            let target = peers[current.target]
            if target?.isReachable != true || target?.record.incarnation != current.incarnation {
                probe = nil
            } else if now >= current.deadline {
                fail(current, now: now, into: &effects)
            } else if let indirectAt = current.indirectAt, now >= indirectAt {
                askOthers(current, into: &effects)
            }
        }
        guard probe == nil, now >= nextProbeAt else { return }
        startProbe(now: now, into: &effects)
    }

    private mutating func startProbe(now: Instant, into effects: inout [GossipEffect]) {
        let deadline = now.advanced(milliseconds: scaled(settings.probeMilliseconds))
        nextProbeAt = deadline
        guard let target = nextProbeTarget(), let peer = peers[target] else { return }
        let sequence = generator.next()
        probe = Probe(
            target: target, incarnation: peer.record.incarnation, sequence: sequence,
            indirectAt: now.advanced(milliseconds: scaled(settings.probeTimeoutMilliseconds)),
            deadline: deadline)
        ping(peer, sequence: sequence, by: .address(peer.record.addresses.peer), into: &effects)
    }

    /// No answer yet: a few others try, and the peer link is tried, which gets through where datagrams
    /// are filtered or lost.
    private mutating func askOthers(_ current: Probe, into effects: inout [GossipEffect]) {
        guard let target = peers[current.target] else { return }
        let helpers = choosePeers(settings.indirectProbes) {
            $0.record.status == .alive && $0.record.id != current.target
        }
        probe?.indirectAt = nil
        probe?.expectedNackCount = helpers.count
        for helper in helpers {
            let request = GossipMessage.pingRequest(
                sequence: current.sequence, target: current.target,
                address: target.record.addresses.peer)
            send([request], to: .address(helper.record.addresses.peer), into: &effects)
        }
        ping(target, sequence: current.sequence, by: .link(current.target), into: &effects)
    }

    private mutating func fail(
        _ current: Probe, now: Instant, into effects: inout [GossipEffect]
    ) {
        probe = nil
        // Helpers that didn't even say that they had no answer: perhaps it's us who don't hear.
        let missing = max(0, current.expectedNackCount - current.nackCount)
        worsenHealth(by: current.expectedNackCount == 0 ? 1 : missing)
        suspect(current.target, now: now, into: &effects)
    }

    /// Pings `peer`, and tells it first of all if it is suspect, so that it can refute (Lifeguard §IV-C).
    mutating func ping(
        _ peer: Peer, sequence: UInt64, by route: Route, alsoSaying more: [GossipMessage] = [],
        into effects: inout [GossipEffect]
    ) {
        var messages = [GossipMessage.ping(sequence: sequence, target: peer.record.id)] + more
        if peer.record.status != .alive { messages.append(news(of: peer)) }
        send(messages, to: route, into: &effects)
    }

    /// An answer to some ping of this node's.
    mutating func acknowledge(
        _ sequence: UInt64, by sender: NodeID, now: Instant, into effects: inout [GossipEffect]
    ) {
        if probe?.sequence == sequence {
            probe = nil
            improveHealth()
        }
        if let index = relays.firstIndex(where: { $0.sequence == sequence && $0.target == sender })
        {
            let relay = relays.remove(at: index)
            var messages = [GossipMessage.ack(sequence: relay.originSequence)]
            if let peer = peers[sender] { messages.append(news(of: peer)) }
            send(messages, to: .address(relay.origin), into: &effects)
        }
        if let index = seeds.firstIndex(where: { $0.sequence == sequence }) {
            answered(seed: index, by: sender, now: now, into: &effects)
        }
    }

    mutating func countNack(_ sequence: UInt64) {
        guard probe?.sequence == sequence else { return }
        probe?.nackCount += 1
    }

    // MARK: On behalf of others

    /// Probes `target` for a member that gets no answer from it.
    mutating func relay(
        _ sequence: UInt64, target: NodeID, address: Address, for origin: Address, now: Instant,
        into effects: inout [GossipEffect]
    ) {
        guard relays.count < settings.maxRelays, target != me.id else { return }
        let own = generator.next()
        relays.append(
            Relay(
                origin: origin, originSequence: sequence, target: target, sequence: own,
                nackAt: now.advanced(milliseconds: settings.probeTimeoutMilliseconds),
                expiresAt: now.advanced(milliseconds: scaled(settings.probeMilliseconds))))
        send([.ping(sequence: own, target: target)], to: .address(address), into: &effects)
    }

    mutating func advanceRelays(now: Instant, into effects: inout [GossipEffect]) {
        for index in relays.indices {
            guard let nackAt = relays[index].nackAt, now >= nackAt else { continue }
            relays[index].nackAt = nil
            let nack = GossipMessage.nack(sequence: relays[index].originSequence)
            send([nack], to: .address(relays[index].origin), into: &effects)
        }
        relays.removeAll { now >= $0.expiresAt }
    }

    // MARK: Whose turn it is

    /// A newcomer is probed at a random place of the round, so that not all probe it at once.
    mutating func insertIntoProbeOrder(_ id: NodeID) {
        guard !probeOrder.contains(id) else { return }
        let place = generator.below(probeOrder.count + 1)
        probeOrder.insert(id, at: place)
        if place < probeIndex { probeIndex += 1 }
    }

    /// The next member of the round. Each round is a new random order, so that a member is probed
    /// within two rounds (SWIM paper §4.3).
    private mutating func nextProbeTarget() -> NodeID? {
        while probeIndex < probeOrder.count {
            let id = probeOrder[probeIndex]
            probeIndex += 1
            if peers[id]?.isReachable == true { return id }
        }
        probeOrder = choosePeers(peers.count, where: \.isReachable).map(\.record.id)
        probeIndex = probeOrder.isEmpty ? 0 : 1
        return probeOrder.first
    }
}
