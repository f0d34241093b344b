package import Primitives

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

    package struct QuarantinedGroup: Equatable, Sendable {
        package let group: GroupID
        package let quarantine: Quarantine
    }

    package internal(set) var segmentCount = 0
    package internal(set) var batchCount = 0
    package internal(set) var recordCount = 0
    package internal(set) var entryCount = 0
    package internal(set) var groupCount = 0
    package internal(set) var cut: Cut?
    /// Files that hold nothing that counts; they are reused or removed.
    package internal(set) var discarded: [JournalFile] = []
    /// What was known to be on disk and can't be read any more.
    package internal(set) var damages: [Quarantine] = []
    /// The groups that can't be trusted, by group.
    package internal(set) var quarantined: [QuarantinedGroup] = []
    /// See ``Journal/mayHaveLostGroups``.
    package internal(set) var mayHaveLostGroups = false

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

    /// What is damaged, and which groups that concerns, a sentence each; empty on a sound disk. Groups that
    /// were given up before are not named here.
    package var damageLines: [String] {
        var lines = damages.map { damage in
            let groups = quarantined.filter { $0.quarantine == damage }.map(\.group)
            return "journal: damage in \(damage); "
                + (groups.isEmpty
                    ? "no group needs what was there"
                    : "quarantined: \(Self.list(groups))")
        }
        if mayHaveLostGroups {
            lines.append("journal: there may have been groups of which nothing is known any more")
        }
        return lines
    }

    private static func list(_ groups: [GroupID]) -> String {
        groups.map { "group \($0)" }.joined(separator: ", ")
    }
}
