import Consensus
import Gossip
import Primitives
import Topology

/// Who leads what: from this node's loops, and from the other homes.
extension HomeCore {
    mutating func take(
        _ reports: [GroupStatus], loop: Int, now: Instant, into effects: inout [HomeEffect]
    ) {
        var hasNews = false
        for status in reports {
            let known = ownReports[status.group]?.status
            let wasLeader = known?.isLeader ?? false
            ownReports[status.group] = OwnReport(status: status, loop: loop)
            if let leader = status.leader {
                _ = offer(
                    LeaderHint(group: status.group, term: status.term, leader: leader.node))
            }
            if status.isLeader {
                adopt(status, from: nodeID, now: now)
                // Whoever leads group 0 waits for a settled configuration to confirm it and go on.
                hasNews =
                    hasNews || !wasLeader || known?.configuration != status.configuration
                    || known?.isSettled != status.isSettled
            }
            if status.group == .directory {
                if !status.isLeader || !wasLeader { proposals = DirectoryProposals() }
                noteLead(of: status)
            }
        }
        if hasNews { nextReportAt = now }
    }

    /// Remembers how far the directory's log went when this node was first seen to lead it in a term.
    private mutating func noteLead(of status: GroupStatus) {
        guard status.isLeader else {
            directoryLead = nil
            return
        }
        guard directoryLead?.term != status.term else { return }
        directoryLead = DirectoryLead(term: status.term, lastIndex: status.lastIndex)
    }

    mutating func hear(
        _ reports: [GroupStatus], from node: NodeID, now: Instant,
        into effects: inout [HomeEffect]
    ) {
        var hints: [LeaderHint] = []
        for status in reports where status.isLeader {
            adopt(status, from: node, now: now)
            let hint = LeaderHint(group: status.group, term: status.term, leader: node)
            if offer(hint) { hints.append(hint) }
        }
        if !hints.isEmpty { post(toEachLoop: .leaderHints(hints), into: &effects) }
    }

    private mutating func adopt(_ status: GroupStatus, from node: NodeID, now: Instant) {
        if let known = leaderReports[status.group], known.status.term > status.term { return }
        leaderReports[status.group] = LeaderReport(status: status, leader: node, at: now)
    }

    /// What this node leads.
    var ledReports: [GroupStatus] { ownReports.values.map(\.status).filter(\.isLeader) }

    /// Tells every other node what this one leads: once a second, and at once when it leads another shard or
    /// the replicas of one have changed.
    mutating func tellReports(now: Instant, into effects: inout [HomeEffect]) {
        guard now >= nextReportAt else { return }
        nextReportAt = now.advanced(milliseconds: settings.reportMilliseconds)
        for link in links where directory.removedNodes.contains(link.node) {
            send(.removed, to: link.node, into: &effects)
        }
        nameDirectoryReplicas(into: &effects)
        let reports = ledReports
        guard !reports.isEmpty else { return }
        for link in links { send(.reports(reports), to: link.node, into: &effects) }
    }

    /// What the disk of a node keeps it from, by its own word or that of leaders that it follows.
    func hindrance(of node: NodeID, now: Instant) -> Hindrance {
        var worst = Hindrance.none
        func consider(_ hindrance: Hindrance) {
            guard hindrance != .halted else { return }
            if hindrance.rawValue > worst.rawValue { worst = hindrance }
        }
        if node == nodeID {
            for report in ownReports.values { consider(report.status.hindrance) }
            return worst
        }
        for report in leaderReports.values
        where now.milliseconds(since: report.at) < settings.staleReportMilliseconds {
            if report.leader == node { consider(report.status.hindrance) }
            for follower in report.status.followers where follower.member.node == node {
                consider(follower.hindrance)
            }
        }
        return worst
    }

    /// Whether the replica of `group` on a node is known not to apply its log any further.
    func isHalted(_ group: GroupID, on node: NodeID) -> Bool {
        guard let report = leaderReports[group] else { return false }
        if report.leader == node { return report.status.hindrance == .halted }
        return report.status.followers.contains {
            $0.member.node == node && $0.hindrance == .halted
        }
    }

    /// Who leads `group`, and in which term, as far as is known here.
    func leader(of group: GroupID) -> (node: NodeID, term: Term)? {
        var best: (node: NodeID, term: Term)?
        func consider(_ node: NodeID?, _ term: Term) {
            if let node, best.map({ $0.term <= term }) ?? true { best = (node, term) }
        }
        if let hint = gossip.hint(group) { consider(hint.leader, hint.term) }
        if let report = leaderReports[group] { consider(report.leader, report.status.term) }
        if let own = ownReports[group]?.status { consider(own.leader?.node, own.term) }
        return best
    }

    var directoryLeader: NodeID? { leader(of: .directory)?.node }
}
