import Gossip
import Primitives
import Topology

/// A node's wish to be in the directory with certain addresses.
struct RegistrationWish: Sendable {
    var addresses: AdvertisedAddresses
    var at: Instant
    var proposedAt: Instant?
}

/// When the leader of group 0 proposed what is done once.
struct DirectoryProposals: Sendable {
    var createdAt: Instant?
    var formedAt: Instant?
    var membersAt: Instant?
    var movesAt: Instant?
}

/// Since when this node leads group 0.
struct DirectoryLead: Sendable {
    var term: Term
    /// Where the log ended, or a little later: all that was committed before is in front of it.
    var lastIndex: LogIndex
}

/// The duties of the node that leads group 0. All it proposes is checked again when it is applied, so
/// that proposing twice, or by two nodes that both think they lead, does no harm.
extension HomeCore {
    /// Group 0 as this node's replica sees it, while it leads.
    var ledDirectory: GroupStatus? {
        guard let status = ownReports[.directory]?.status, status.isLeader else { return nil }
        return status
    }

    /// Whether this node leads group 0 and has applied all that was committed before it did: what it says
    /// of replicas is then the newest.
    var isDirectoryCurrent: Bool {
        guard let status = ledDirectory, let directoryLead else { return false }
        return status.appliedIndex >= directoryLead.lastIndex
    }

    mutating func direct(now: Instant, into effects: inout [HomeEffect]) {
        guard let status = ledDirectory, let membership = founding.membership else { return }
        guard directory.isCreated else {
            guard isDue(proposals.createdAt, now: now) else { return }
            proposals.createdAt = now
            let founding = ClusterFounding(
                clusterID: membership.clusterID, name: settings.clusterName,
                hashSecret: generator.next(),
                replicationFactor: UInt8(clamping: settings.replicationFactor),
                founders: membership.founders)
            return propose(.createCluster(founding), into: &effects)
        }
        wish(nodeID, settings.addresses, now: now)
        grantWishes(now: now, into: &effects)
        formShards(now: now, into: &effects)
        continueMoves(status, now: now, into: &effects)
        adjustMembers(status, now: now, into: &effects)
        balanceLeaders(now: now, into: &effects)
    }

    func propose(_ command: DirectoryCommand, into effects: inout [HomeEffect]) {
        effects.append(.post(.proposeDirectory(command), to: .loop(0)))
    }

    /// Whether what was proposed at `last` should be proposed, or proposed again.
    func isDue(_ last: Instant?, now: Instant) -> Bool {
        last.map { now.milliseconds(since: $0) >= settings.retryMilliseconds } ?? true
    }

    // MARK: Registration

    /// Sees to it that the directory has this node with its addresses.
    mutating func registerSelf(now: Instant, into effects: inout [HomeEffect]) {
        guard founding.membership != nil, ledDirectory == nil, now >= nextRegistrationAt,
            directory.nodes[nodeID]?.addresses != settings.addresses,
            let leader = directoryLeader, leader != nodeID
        else { return }
        nextRegistrationAt = now.advanced(milliseconds: settings.retryMilliseconds)
        send(.register(nodeID, settings.addresses), to: leader, into: &effects)
    }

    /// Brings another node's wish to the leader of group 0.
    mutating func passOn(
        _ node: NodeID, _ addresses: AdvertisedAddresses, now: Instant,
        into effects: inout [HomeEffect]
    ) {
        if ledDirectory != nil {
            wish(node, addresses, now: now)
            direct(now: now, into: &effects)
        } else if let leader = directoryLeader, leader != nodeID {
            send(.register(node, addresses), to: leader, into: &effects)
        }
    }

    mutating func wish(_ node: NodeID, _ addresses: AdvertisedAddresses, now: Instant) {
        guard ledDirectory != nil, directory.nodes[node]?.addresses != addresses else { return }
        if let known = wishes[node], known.addresses == addresses {
            wishes[node]?.at = now
        } else if wishes[node] != nil || wishes.count < settings.maxWishCount {
            wishes[node] = RegistrationWish(addresses: addresses, at: now)
        }
    }

    private mutating func grantWishes(now: Instant, into effects: inout [HomeEffect]) {
        let directory = directory
        let lifetime = settings.wishMilliseconds
        wishes.removeAll { node, wish in
            directory.nodes[node]?.addresses == wish.addresses
                || now.milliseconds(since: wish.at) >= lifetime
        }
        for (node, wish) in wishes where isDue(wish.proposedAt, now: now) {
            wishes[node]?.proposedAt = now
            let isKnown = directory.nodes[node] != nil
            propose(
                isKnown
                    ? .updateAddresses(node, wish.addresses) : .registerNode(node, wish.addresses),
                into: &effects)
        }
    }

    // MARK: Shards

    /// Creates the shards once all founders are registered, or, where some will never come, once
    /// others have taken their places.
    private mutating func formShards(now: Instant, into effects: inout [HomeEffect]) {
        guard !directory.isFormed, isDue(proposals.formedAt, now: now) else { return }
        let founders = directory.founders.map(\.node)
        let registered = directory.nodes.keys
        let isWhole = founders.allSatisfy { directory.nodes[$0] != nil }
        guard isWhole || registered.count >= founders.count else { return }
        proposals.formedAt = now
        let plans = Placement.initialShards(
            on: isWhole ? founders : registered, shardCount: settings.shardCount,
            replicationFactor: directory.replicationFactor)
        propose(.createShards(plans), into: &effects)
    }

    // MARK: Group 0's members

    /// Every registered node follows group 0: whoever has no vote is a learner. A voter whose node leaves,
    /// or has another replica by now, gives its vote to the one that takes its place, once that one has
    /// caught up; one at a time.
    private mutating func adjustMembers(
        _ status: GroupStatus, now: Instant, into effects: inout [HomeEffect]
    ) {
        guard status.isSettled, isDue(proposals.membersAt, now: now) else { return }
        let configuration = status.configuration
        let voters = nextVoters(status)
        let members = directory.nodes.values.map(\.directoryMember) + removedLearners(status)
        let learners = members.filter { !voters.contains($0) }.sorted()
        guard voters != configuration.voters || learners != configuration.learners else { return }
        proposals.membersAt = now
        effects.append(
            .post(.changeDirectoryMembers(voters: voters, learners: learners), to: .loop(0)))
    }

    /// Learners on nodes that were removed and don't know it yet, as they would have stopped.
    private func removedLearners(_ status: GroupStatus) -> [Member] {
        status.configuration.learners.filter { learner in
            directory.removedNodes.contains(learner.node)
                && status.followers.contains {
                    $0.member == learner
                        && $0.lastHeardMilliseconds < settings.staleReportMilliseconds
                }
        }
    }

    private func nextVoters(_ status: GroupStatus) -> [Member] {
        let voters = status.configuration.voters
        for voter in voters {
            let record = directory.nodes[voter.node]
            let departure = directory.departures[voter.node]
            if departure == nil, record?.directoryReplica == voter.replica { continue }
            // A founder that has not registered yet.
            if record == nil, !directory.removedNodes.contains(voter.node) { continue }
            let others = voters.filter { $0 != voter }
            let heir =
                if let departure {
                    departure.successor.flatMap { directory.nodes[$0]?.directoryMember }
                } else {
                    record?.directoryMember
                }
            guard let heir, !others.contains(heir) else {
                return others.isEmpty ? voters : others
            }
            let follower = status.followers.first { $0.member == heir }
            if let follower, isClose(follower, to: status) { return (others + [heir]).sorted() }
        }
        return voters
    }
}
