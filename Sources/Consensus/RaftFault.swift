/// A bug that can be planted in a group, so that tests can show that they would find it.
package enum RaftFault: UInt8, CaseIterable, Sendable {
    /// A vote is sent and counted, but what is made durable is the term alone.
    case voteNotPersisted = 1
    /// A leader goes on to serve lease reads after it has sent TimeoutNow.
    case leaseKeptAfterTransfer = 2
    /// An entry of an older term commits once a majority has it (Raft paper §5.4.2, figure 8).
    case commitOlderTermByCounting = 3
    /// Decisions in a joint configuration need the incoming majority alone.
    case jointCountsOneMajority = 4
    /// Appends are acknowledged, and the leader's own counted, before they are durable.
    case acknowledgeBeforeSync = 5
}
