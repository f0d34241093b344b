import Primitives

/// Reads a journal's segments, one after the other, into one block of memory: to touch new pages takes
/// longer than to fill old ones.
struct SegmentFiles<Disk: JournalDisk> {
    private let disk: Disk
    private let sequences: [UInt64]
    /// The segment that was loaded last.
    private(set) var bytes: [UInt8] = []
    /// The segments that could not be read as a whole, if only once.
    private(set) var failures = SortedMap<UInt64, DiskFailure>()
    /// Those that could, by ``sequences``' index.
    private var isReadable: [Bool]

    /// - Parameters:
    ///   - disk: The folder.
    ///   - names: The folder's files.
    init(_ disk: Disk, _ names: [JournalFile]) {
        self.disk = disk
        sequences = names.compactMap { name in
            if case .segment(let sequence) = name { sequence } else { nil }
        }
        isReadable = sequences.map { _ in false }
    }

    /// Loads a whole segment into ``bytes``.
    mutating func load(_ sequence: UInt64) throws(DiskFailure) {
        if let failure = failures[sequence] { throw failure }
        do throws(DiskFailure) {
            try disk.read(.segment(sequence), into: &bytes)
        } catch {
            failures[sequence] = error
            throw error
        }
        if let index = sequences.firstIndex(of: sequence) { isReadable[index] = true }
    }

    /// The first bytes of a segment; `nil` when they, or all of it, can't be read.
    func beginning(of sequence: UInt64, byteCount: Int) -> FileBeginning? {
        guard failures[sequence] == nil else { return nil }
        return try? disk.beginning(of: .segment(sequence), byteCount: byteCount)
    }

    /// Finds out which of the segments that were not loaded can't be.
    mutating func checkRest() {
        for (index, sequence) in sequences.enumerated() where !isReadable[index] {
            try? load(sequence)
        }
    }
}
