import Gossip
import Primitives
import Topology

/// Finding the cluster and the other nodes.
extension HomeCore {
    mutating func carryOut(
        _ steps: [FoundingEffect], now: Moment, into effects: inout [HomeEffect]
    ) {
        for step in steps {
            switch step {
            case .send(let message, let address):
                send(.founding, message.encode(), to: address, into: &effects)
            case .persist(let identity): effects.append(.persistIdentity(identity.encode()))
            case .joined(let membership): join(membership, into: &effects)
            case .registrationAsked(let node, let addresses):
                passOn(node, addresses, now: now.boot, into: &effects)
            case .note(let text): effects.append(.log(.info, text))
            case .problem(let text): effects.append(.log(.warning, text))
            case .stop(let text): effects.append(.stop(.unusable(text)))
            }
        }
    }

    private mutating func join(_ membership: Membership, into effects: inout [HomeEffect]) {
        gossip.setClusterID(membership.clusterID)
        post(toEachLoop: .cluster(membership.clusterID), into: &effects)
        let host = CoreMessage.hostDirectory(
            membership.replica, membership.foundingConfiguration)
        effects.append(.post(host, to: .loop(0)))
        if let warning = foundingWarning { effects.append(.log(.warning, warning)) }
    }

    /// Says so where the cluster was founded by too few to survive a failure.
    var foundingWarning: String? {
        guard let membership = founding.membership else { return nil }
        let count = membership.founders.count
        guard count < 3 else { return nil }
        return
            "this cluster was founded by \(count == 1 ? "one seed" : "two seeds"), and survives no "
            + "failure of a node: it needs at least three"
    }

    // MARK: Gossip

    mutating func carryOut(_ news: [GossipEffect], into effects: inout [HomeEffect]) {
        var hints: [LeaderHint] = []
        for piece in news {
            switch piece {
            case .datagram(let address, let bytes):
                send(.gossip, bytes, to: address, into: &effects)
            case .stream(let node, let bytes): send(.gossip(bytes), to: node, into: &effects)
            case .memberChanged(let member): logChange(of: member, into: &effects)
            case .hintChanged(let hint): hints.append(hint)
            case .epochSeen(let epoch, let node):
                effects.append(
                    .log(
                        .debug,
                        "node \(node) has the directory's epoch \(epoch), this one "
                            + "\(directory.epoch)"))
            case .identityConflict(let isOursLater): stopClone(isOursLater, into: &effects)
            }
        }
        if !hints.isEmpty { post(toEachLoop: .leaderHints(hints), into: &effects) }
    }

    private func logChange(of member: GossipMember, into effects: inout [HomeEffect]) {
        let name = "node \(member.id) at \(member.addresses.peer)"
        switch member.status {
        case .alive: effects.append(.log(.info, "\(name) is alive"))
        case .suspect: effects.append(.log(.info, "\(name) does not answer"))
        case .dead: effects.append(.log(.warning, "\(name) is held dead"))
        case .left: effects.append(.log(.info, "\(name) has left"))
        }
    }

    private func stopClone(_ isOursLater: Bool, into effects: inout [HomeEffect]) {
        let text =
            "another live process has this node's identity, \(nodeID): its data folder was copied. "
            + "Start the copy with an empty folder"
        effects.append(
            isOursLater ? .stop(.clonedIdentity(text)) : .log(.error, text + "; it must stop"))
    }

    /// Keeps a hint of which gossip may not know yet.
    ///
    /// - Returns: Whether it is news.
    mutating func offer(_ hint: LeaderHint) -> Bool {
        guard gossip.hint(hint.group).map({ $0.term < hint.term }) ?? true else { return false }
        gossip.offer(hint: hint)
        return true
    }

    // MARK: Links

    /// Links to every node of the directory, and, since the directory may be empty or old here, to
    /// whoever answers at the seeds or is alive in gossip: also one that was removed and has not heard of it.
    /// Gossip's addresses are the newest.
    mutating func updateLinks(into effects: inout [HomeEffect]) {
        var addresses = SortedMap<NodeID, Address>()
        for seed in founding.knownSeeds { addresses[seed.node] = seed.address }
        for (node, record) in directory.nodes { addresses[node] = record.peer }
        for member in gossip.members {
            let isReachable = member.status <= .suspect
            if isReachable || directory.nodes[member.id] != nil {
                addresses[member.id] = member.addresses.peer
            }
        }
        for node in directory.removedNodes where gossip.member(node)?.status != .alive {
            addresses[node] = nil
        }
        addresses[nodeID] = nil
        let wanted = addresses.map { PeerLink(node: $0.0, address: $0.1) }
        guard wanted != links else { return }
        links = wanted
        effects.append(.links(wanted))
    }
}
