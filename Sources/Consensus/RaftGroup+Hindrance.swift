package import Primitives

/// Leading with disks that are full or hung, here or at followers.
extension RaftGroup {
    /// Whether new entries should be refused: this leader, or so many of the voters that can be heard
    /// that no majority is left, have no room for them.
    package func lacksRoom(now: Moment) -> Bool {
        guard role == .leader else { return false }
        if hindrance == .noRoom { return true }
        guard followers.contains(where: { $0.hindrance == .noRoom }) else { return false }
        return !quorum.isReached { voter in
            guard voter != replica, let position = followerPosition(voter) else {
                return voter == replica
            }
            return followers[position].hindrance != .noRoom
                && isHeard(followers[position], now: now)
        }
    }

    /// The voter that is best fit to take the leadership over: nothing hinders it, it was heard within
    /// an election timeout, and its log is the furthest of such.
    package func successor(now: Moment) -> Member? {
        guard role == .leader else { return nil }
        let fit = followers.filter { follower in
            follower.state == .replicate && follower.hindrance == .none
                && isHeard(follower, now: now)
                && configuration.voters.contains { $0.replica == follower.member.replica }
        }
        return fit.max { ($0.match, $1.member.replica) < ($1.match, $0.member.replica) }?.member
    }

    private func isHeard(_ follower: Progress, now: Moment) -> Bool {
        follower.lastHeard.advanced(milliseconds: settings.electionMilliseconds) >= now.boot
    }
}
