import Gossip
package import Primitives
import Topology

/// Since when who leads and who lives has stayed the same.
struct BalanceWatch: Sendable {
    var leaders = SortedMap<GroupID, NodeID>()
    var aliveNodes: [NodeID] = []
    var calmSince: Instant?
}

/// Spreading the leaders of shards evenly, and handing them over before a stop.
extension HomeCore {
    /// Moves a few leaders, once nothing has changed for a while. Each move is a change, and begins
    /// the wait anew.
    mutating func balanceLeaders(now: Instant, into effects: inout [HomeEffect]) {
        guard directory.isFormed, drain == nil else { return }
        let leaders = freshLeaders(now: now)
        let alive = fitNodes(now: now)
        guard leaders == balance.leaders, alive == balance.aliveNodes,
            let calmSince = balance.calmSince, leaders.count == directory.shards.count
        else {
            if leaders != balance.leaders || alive != balance.aliveNodes || balance.calmSince == nil
            {
                balance = BalanceWatch(leaders: leaders, aliveNodes: alive, calmSince: now)
            }
            return
        }
        guard now.milliseconds(since: calmSince) >= settings.calmMilliseconds else { return }
        let moves = Placement.leaderMoves(
            directory: directory, leaders: leaders, aliveNodes: alive,
            limit: settings.maxMoveCount
        )
        .filter { !isHalted($0.shard, on: $0.to) }
        guard !moves.isEmpty else { return }
        balance.calmSince = now
        for move in moves {
            effects.append(
                .log(
                    .info,
                    "moving the leadership of shard \(move.shard) from node \(move.from) to "
                        + "\(move.to), to spread the load"))
            if move.from == nodeID, let report = ownReports[move.shard] {
                effects.append(
                    .post(.transferLeadership(move.shard, to: move.to), to: .loop(report.loop)))
            } else {
                send(
                    .transferLeadership(move.shard, to: move.to), to: move.from, into: &effects)
            }
        }
    }

    /// The leaders of shards that have said so lately.
    private func freshLeaders(now: Instant) -> SortedMap<GroupID, NodeID> {
        var leaders = SortedMap<GroupID, NodeID>()
        for (group, report) in leaderReports where group != .directory && isFresh(report, now) {
            leaders[group] = report.leader
        }
        return leaders
    }

    /// Nodes that live, follow closely and have a disk that does its work: fit to lead.
    private func fitNodes(now: Instant) -> [NodeID] {
        directory.nodes.keys.filter { node in
            guard node == nodeID || gossip.member(node)?.status == .alive,
                hindrance(of: node, now: now) == .none
            else { return false }
            return leaderReports.values.allSatisfy { report in
                guard isFresh(report, now) else { return true }
                return report.status.followers.allSatisfy { follower in
                    follower.member.node != node || isClose(follower, to: report.status)
                }
            }
        }
    }

    func isFresh(_ report: LeaderReport, _ now: Instant) -> Bool {
        now.milliseconds(since: report.at) < settings.staleReportMilliseconds
    }

    func isClose(_ follower: FollowerStatus, to leader: GroupStatus) -> Bool {
        follower.matchIndex > .zero
            && follower.lastHeardMilliseconds <= settings.maxMoveSilenceMilliseconds
            && leader.commitIndex - follower.matchIndex <= settings.maxMoveLag
    }

    // MARK: Stopping

    /// The node is about to stop: it says goodbye and hands over what it leads.
    struct Drain: Sendable {
        var nextAt: Instant
    }

    /// Prepares for the stop of the process. ``isDrained`` says when all that can be handed over is.
    package mutating func beginDraining(now: Moment, into effects: inout [HomeEffect]) {
        guard drain == nil else { return }
        drain = Drain(nextAt: now.boot)
        var news: [GossipEffect] = []
        gossip.leave(now: now.boot, into: &news)
        carryOut(news, into: &effects)
        continueDraining(now: now.boot, into: &effects)
    }

    /// Whether this node leads no group that another could lead.
    package var isDrained: Bool { ledReports.allSatisfy { successor(of: $0) == nil } }

    mutating func continueDraining(now: Instant, into effects: inout [HomeEffect]) {
        guard let drain, now >= drain.nextAt else { return }
        self.drain?.nextAt = now.advanced(milliseconds: settings.retryMilliseconds)
        for (group, report) in ownReports where report.status.isLeader {
            guard let successor = successor(of: report.status) else { continue }
            effects.append(
                .post(.transferLeadership(group, to: successor), to: .loop(report.loop)))
        }
    }

    /// The voter that is furthest among those heard lately, with room on its disk if there is one.
    private func successor(of status: GroupStatus) -> NodeID? {
        let candidates = status.followers.filter { follower in
            follower.hindrance != .stalled && follower.hindrance != .halted
                && follower.lastHeardMilliseconds <= settings.maxMoveSilenceMilliseconds
                && status.configuration.voters.contains(follower.member)
        }
        return candidates.max {
            let hasRoom = ($0.hindrance == .none ? 1 : 0, $1.hindrance == .none ? 1 : 0)
            return (hasRoom.0, $0.matchIndex, $1.member.replica)
                < (hasRoom.1, $1.matchIndex, $0.member.replica)
        }?.member.node
    }
}
