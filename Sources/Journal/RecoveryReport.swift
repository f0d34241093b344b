/// What recovery found.
package struct RecoveryReport: Equatable, Sendable {
    /// An interrupted write at the end of the journal.
    package struct Cut: Equatable, Sendable {
        package let file: JournalFile
        /// Where the journal ends now.
        package let offset: Int
        /// What the first bad thing was, and where.
        package let what: String
        package let damageOffset: Int
    }

    package internal(set) var segmentCount = 0
    package internal(set) var batchCount = 0
    package internal(set) var recordCount = 0
    package internal(set) var entryCount = 0
    package internal(set) var groupCount = 0
    package internal(set) var cut: Cut?
    /// Files that hold nothing that counts; they are reused or removed.
    package internal(set) var discarded: [JournalFile] = []

    /// The report for the log, a sentence each.
    package var lines: [String] {
        var lines = [
            "journal: \(segmentCount) segments, \(batchCount) batches, \(recordCount) records, "
                + "\(groupCount) groups with \(entryCount) entries"
        ]
        if let cut {
            lines.append(
                "journal: an interrupted write was cut from \(cut.file) at offset \(cut.offset): "
                    + "\(cut.what) at offset \(cut.damageOffset)")
        }
        if !discarded.isEmpty {
            lines.append(
                "journal: nothing counts in "
                    + discarded.map(\.name).joined(separator: ", "))
        }
        return lines
    }
}
