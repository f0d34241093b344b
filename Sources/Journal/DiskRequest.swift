/// What a disk thread does for a journal, strictly in the order given.
package enum DiskRequest: Equatable, Sendable {
    /// Begins to make a zero-filled segment file; the file and its directory are synced. Done when it
    /// is begun: whether the file is there, or had no room, is told apart from the others' outcomes.
    case createSegment(UInt64, byteCount: Int)
    /// Renames a segment file and syncs the directory; its old bytes stay.
    case recycleSegment(from: UInt64, to: UInt64)
    /// Writes at `offset`; with `sync`, the file's data is synced before it counts as done.
    case write(segment: UInt64, offset: Int, bytes: [UInt8], sync: Bool)
    /// Syncs the data of a segment.
    case sync(segment: UInt64)
    /// Puts a new head in place of the old one, atomically and durably. There may be no room for it.
    case writeHead([UInt8])
    /// Removes a file. It is no error if it is not there.
    case remove(JournalFile)
}
