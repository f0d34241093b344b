package import Primitives

/// What a loop asks of the files of its snapshots: done in the order given, but beside the journal's
/// own requests, so that no write of the log waits for a snapshot.
package enum SnapshotRequest: Equatable, Sendable {
    /// Makes the group's ``JournalFile/partialSnapshot(_:_:)`` anew, empty.
    case begin(GroupID, LogIndex)
    /// Adds to what was begun.
    case append(GroupID, LogIndex, bytes: [UInt8])
    /// Makes what was begun durable, and then its name that of ``JournalFile/snapshot(_:_:)``.
    case finish(GroupID, LogIndex)
    /// Removes what was begun.
    case discard(GroupID, LogIndex)
    /// Keeps so much room for snapshots, more or less than before: what is added to one when there is no
    /// other room comes from it.
    case reserve(byteCount: Int)
    /// Gives up as much of what is kept as a file of so many bytes lacks, unless there isn't as much.
    case giveReserve(byteCount: Int)
    /// Reads from a finished snapshot, as much as is there.
    case read(GroupID, LogIndex, offset: Int, byteCount: Int)
}

/// How a ``SnapshotRequest`` ended.
package enum SnapshotOutcome: Equatable, Sendable {
    case done
    /// What was read; `nil` when there is no such file any more.
    case bytes([UInt8]?)
    /// How much room is kept; less than was asked for where there is no more.
    case reserved(byteCount: Int)
    /// There was no room: what was begun is gone, and what was asked for behind it is not done. `code`
    /// is the system's error number.
    case full(code: Int32, operation: String)
    /// `code` is the system's error number. It ends the process, as a failed ``DiskRequest`` does.
    case failed(code: Int32, operation: String)
}
