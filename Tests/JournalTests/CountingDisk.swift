import Journal
import Primitives

/// A disk that counts how often each file is read as a whole.
final class CountingDisk: JournalDisk {
    private let disk: MemoryDisk
    private(set) var readCounts = SortedMap<JournalFile, Int>()

    init(_ disk: MemoryDisk) { self.disk = disk }

    func files() throws(DiskFailure) -> [JournalFile] { try disk.files() }

    func read(_ file: JournalFile) throws(DiskFailure) -> [UInt8] {
        readCounts[file] = (readCounts[file] ?? 0) + 1
        return try disk.read(file)
    }

    func beginning(
        of file: JournalFile, byteCount: Int
    ) throws(DiskFailure) -> FileBeginning {
        let bytes = try disk.read(file)
        return FileBeginning(bytes: Array(bytes.prefix(byteCount)), fileByteCount: bytes.count)
    }
}
