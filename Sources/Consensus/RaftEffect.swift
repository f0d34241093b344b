package import Primitives

/// What the host must do for a group, in the order given.
///
/// Each of the `persist` effects raises the group's `persistSequence` by one; the host reports them
/// done, in that order, through `persisted(through:)`.
package enum RaftEffect: Equatable, Sendable {
    case persistHardState(HardState)
    /// They follow directly on the log as persisted so far.
    case persistEntries([LogEntry])
    /// Entries after this index no longer count.
    case persistTruncation(after: LogIndex)
    /// The snapshot stands for the log up to its index. Persisted entries after it stay.
    case persistSnapshot(SnapshotMetadata)
    /// The replica is no longer amnesiac.
    case persistCaughtUp
    /// Hand it to the network at once; it may be lost, repeated or reordered.
    case send(RaftMessage)
    case committed(through: LogIndex)
    case becameLeader(Term)
    /// The term, its known leader or this replica's role changed.
    case leaderChanged(Term, Member?)
    /// The reads that wait for this round or an earlier one may be served.
    case readsConfirmed(through: UInt64)
    /// The leadership is over: no outstanding round of it will be confirmed.
    case readsDropped
    /// The member needs a snapshot of this replica's applied state. Repeated until it has arrived.
    case needsSnapshot(for: Member)
    /// The configuration in force, which is the latest in the log, committed or not.
    case configurationChanged(Configuration)
}
