package import Primitives

/// Why a journal can't be opened. None of these is ever the mark of an interrupted write.
package enum JournalError: Error, Equatable, Sendable {
    /// `byteCount` bytes from `offset` on were known to be on disk and are damaged; they may hold
    /// records of any of `groups`, which can't be trusted on this node any more.
    case corrupt(
        file: JournalFile, offset: Int, byteCount: Int, groups: [GroupID], what: String)
    /// A whole segment that a later one, or the journal's head, proves to have been there is gone.
    case segmentMissing(file: JournalFile, provenBy: JournalFile)
    /// Entries of a log are in no segment.
    case entriesMissing(group: GroupID, first: LogIndex, last: LogIndex)
    /// The file that the group's log starts from is gone.
    case snapshotMissing(file: JournalFile, group: GroupID)
    /// Intact records contradict each other: a bug, or files of different times put together.
    case inconsistent(file: JournalFile, offset: Int, group: GroupID?, what: String)
    /// The segment belongs to another journal.
    case foreignSegment(file: JournalFile, found: UInt64, expected: UInt64)
    /// A later version of Martlet wrote the file.
    case newerFormat(file: JournalFile, found: UInt32, supported: UInt32)
    case unreadable(DiskFailure)
}

extension JournalError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .corrupt(let file, let offset, let byteCount, let groups, let what):
            "\(file) is damaged: \(what) at offset \(offset); \(byteCount) bytes that were on disk "
                + "can't be trusted, and may hold records of groups \(list(groups))"
        case .segmentMissing(let file, .head):
            "\(file) is missing, which the journal had reached"
        case .segmentMissing(let file, let later):
            "\(file) is gone, although \(later) says that it was complete"
        case .entriesMissing(let group, let first, let last):
            "entries \(first)…\(last) of group \(group) are in no segment"
        case .snapshotMissing(let file, let group):
            "\(file) is gone, which the log of group \(group) starts from"
        case .inconsistent(let file, let offset, let group, let what):
            "\(file) contradicts what came before it at offset \(offset)"
                + (group.map { ", group \($0)" } ?? "") + ": \(what)"
        case .foreignSegment(let file, let found, let expected):
            "\(file) belongs to journal \(hexadecimal(found, digitCount: 16)), this is journal "
                + hexadecimal(expected, digitCount: 16)
        case .newerFormat(let file, let found, let supported):
            "\(file) has format \(found), this version of Martlet reads up to format \(supported)"
        case .unreadable(let failure):
            "\(failure.operation) failed with error \(failure.code)"
        }
    }

    private func list(_ groups: [GroupID]) -> String {
        groups.map(\.description).joined(separator: ", ")
    }
}
