/// The times and limits of a Raft group.
package struct RaftSettings: Sendable {
    package var heartbeatMilliseconds = 50
    /// The least time without a leader before an election; the real one is drawn up to twice as long.
    package var electionMilliseconds = 300
    /// How long a confirmed round keeps the lease, counted from when the round was sent. It must stay
    /// below ``electionMilliseconds`` by the margin within which boot clocks may differ in rate.
    package var leaseMilliseconds = 270
    /// Entries sent to one follower and not yet acknowledged.
    package var maxInflightByteCount = 8 << 20
    package var maxInflightMessageCount = 256
    /// Entries in one append; a single larger entry is still sent alone.
    package var maxMessageByteCount = 1 << 20
    /// Past this, proposals are refused until entries commit.
    package var maxUncommittedByteCount = 64 << 20
    package var snapshotRetryMilliseconds = 2000
    /// Elections in a row that a replica without room for entries leaves to others.
    package var postponedElectionLimit = 4
    /// A planted bug, for tests that must find it.
    package var fault: RaftFault?

    package init() {}
}
