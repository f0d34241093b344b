package import Primitives

/// A replica as the journal has it at start-up.
package struct RecoveredGroup: Equatable, Sendable {
    package let group: GroupID
    /// ``ReplicaID/unknown`` when the record that made the group is damaged.
    package let replica: ReplicaID
    package let initialConfiguration: Configuration
    package let hardState: HardState
    /// The file ``JournalFile/snapshot(_:_:)`` of this index is there.
    package let snapshot: SnapshotMetadata?
    /// Without gaps, from the one after the snapshot on.
    package let entries: [LogEntry]
    package let clock: PersistedClock?
    /// Whether the replica may have lost what it promised, and has not caught up since (design §7).
    package let isAmnesiac: Bool
    /// When set, nothing but the ids counts, and there are no entries: the replica may have promised what
    /// is not here. It stays so at every start until ``JournalRecord/groupRemoved(_:)``.
    package let quarantine: Quarantine?
}

extension ReplicaID {
    /// Stands for the id of a replica whose first record is damaged.
    package static let unknown = ReplicaID(0)
}
