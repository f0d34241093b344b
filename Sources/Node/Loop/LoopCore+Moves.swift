import Consensus
import Primitives
import Topology

/// What the leader of a shard does to bring its voters to where the directory wants them: a coming replica
/// learns first, then takes a place in a joint change, and the leaving one goes with it. Whoever leads next
/// sees in its log how far that is, and goes on.
extension LoopCore {
    mutating func continueMoves(now: Moment) {
        guard now.boot.milliseconds(since: lastMoveAt) >= moveIntervalMilliseconds else { return }
        lastMoveAt = now.boot
        for index in shards.indices where shards[index].isLeader {
            guard let next = nextConfiguration(of: index, now: now) else { continue }
            _ = shards[index].raft.proposeConfiguration(
                voters: next.voters, learners: next.learners, now: now, into: &raftEffects)
            handleRaftEffects(of: index, now: now)
        }
    }

    /// The next step, if one can be taken.
    private func nextConfiguration(of index: Int, now: Moment) -> Configuration? {
        let raft = shards[index].raft
        guard let target = directory.shards[shards[index].group]?.target,
            !raft.isChangingConfiguration, raft.hasCommittedOwnTerm, !raft.isTransferring
        else { return nil }
        let next = configuration(after: raft, toward: target, now: now)
        return next == raft.configuration ? nil : next
    }

    private func configuration(
        after raft: RaftGroup, toward target: [Member], now: Moment
    ) -> Configuration {
        let voters = raft.configuration.voters
        let coming = target.filter { !voters.contains($0) }
        let going = voters.filter { !target.contains($0) }
        if settings.fault == .replacementRemovesFirst, !coming.isEmpty, let first = going.first {
            return Configuration(voters: voters.filter { $0 != first })
        }
        guard !coming.isEmpty else {
            guard let first = going.first else { return Configuration(voters: voters) }
            return Configuration(voters: voters.filter { $0 != first })
        }
        let ready = coming.first { member in
            raft.progress.contains { $0.member == member && isClose($0, to: raft, now: now) }
        }
        guard let ready else { return Configuration(voters: voters, learners: coming) }
        let leaving = going.first { $0.node == ready.node } ?? going.first
        return Configuration(
            voters: voters.filter { $0 != leaving } + [ready],
            learners: coming.filter { $0 != ready })
    }

    /// Whether a learner is to become a voter. One that was only just added counts as heard from, though
    /// its node may not even know of it: it must have acknowledged something.
    private func isClose(
        _ follower: FollowerProgress, to leader: RaftGroup, now: Moment
    ) -> Bool {
        follower.isLearner && follower.match > .zero
            && follower.match >= leader.firstIndex.previous
            && leader.lastIndex - follower.match <= closeEntryCount
            && now.boot.milliseconds(since: follower.lastHeard) <= closeSilenceMilliseconds
    }
}

private let moveIntervalMilliseconds = 100
/// A learner that lacks no more than so many entries, and was heard as lately as this, may vote.
private let closeEntryCount = 256
private let closeSilenceMilliseconds = 1000
