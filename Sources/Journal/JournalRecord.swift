package import Primitives

/// What a host asks the journal to remember.
package enum JournalRecord: Equatable, Sendable {
    /// A replica of the group lives here from now on, with an empty log.
    case groupCreated(GroupID, ReplicaID, Configuration)
    /// The replica is gone, and so is all that was kept for it.
    case groupRemoved(GroupID)
    case hardState(GroupID, HardState)
    /// Takes its place in the log; whatever was there and after it is gone.
    case entry(GroupID, LogEntry)
    /// The entries after this index are gone.
    case truncation(GroupID, after: LogIndex)
    /// The snapshot's file is complete, and stands for the log up to its index.
    case snapshot(GroupID, SnapshotMetadata)
    /// The replica has caught up with a leader: it is not amnesiac any more.
    case caughtUp(GroupID)
    /// The node stops on purpose; nothing follows.
    case cleanStop
    /// The replica can't be trusted any more. Its log is dropped, and of what follows for it only its
    /// removal counts.
    case quarantined(GroupID, Quarantine)
    /// The host has seen to it that no replica which the journal may have lost is taken for a new one:
    /// ``Journal/mayHaveLostGroups`` is over.
    case lostGroupsSettled

    /// Whether the record is synced before it counts, in periodic mode too.
    var needsSync: Bool {
        switch self {
        case .entry(_, let entry): entry.kind == .configuration
        case .groupCreated, .groupRemoved, .hardState, .truncation, .snapshot, .caughtUp,
            .cleanStop, .quarantined, .lostGroupsSettled:
            true
        }
    }

    /// `nil` for a record that concerns no one group.
    var group: GroupID? {
        switch self {
        case .groupCreated(let group, _, _), .groupRemoved(let group), .hardState(let group, _),
            .entry(let group, _), .truncation(let group, _), .snapshot(let group, _),
            .caughtUp(let group), .quarantined(let group, _):
            group
        case .cleanStop, .lostGroupsSettled: nil
        }
    }
}
