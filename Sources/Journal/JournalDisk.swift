/// A journal's folder as recovery reads it, at start-up only.
package protocol JournalDisk {
    /// The files whose names are a ``JournalFile``'s, in any order; others are not the journal's.
    func files() throws(DiskFailure) -> [JournalFile]
    /// A whole file.
    func read(_ file: JournalFile) throws(DiskFailure) -> [UInt8]
}
