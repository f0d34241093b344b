/// A journal's folder as recovery reads it, at start-up only.
package protocol JournalDisk {
    /// The files whose names are a ``JournalFile``'s, in any order; others are not the journal's.
    func files() throws(DiskFailure) -> [JournalFile]
    /// A whole file.
    func read(_ file: JournalFile) throws(DiskFailure) -> [UInt8]
    /// Puts a whole file in the place of what `bytes` holds, whose memory may be used again.
    func read(_ file: JournalFile, into bytes: inout [UInt8]) throws(DiskFailure)
    /// The first bytes of a file: at most `byteCount` of them, perhaps fewer.
    func beginning(
        of file: JournalFile, byteCount: Int
    ) throws(DiskFailure) -> FileBeginning
}

/// The first bytes of a file, and how many the whole of it has.
package struct FileBeginning: Sendable {
    package var bytes: [UInt8]
    package var fileByteCount: Int

    package init(bytes: [UInt8], fileByteCount: Int) {
        self.bytes = bytes
        self.fileByteCount = fileByteCount
    }
}

/// For disks in memory, where a whole file costs nothing.
extension JournalDisk {
    package func read(_ file: JournalFile, into bytes: inout [UInt8]) throws(DiskFailure) {
        bytes = try read(file)
    }

    package func beginning(
        of file: JournalFile, byteCount: Int
    ) throws(DiskFailure) -> FileBeginning {
        let bytes = try read(file)
        return FileBeginning(bytes: Array(bytes.prefix(byteCount)), fileByteCount: bytes.count)
    }
}
