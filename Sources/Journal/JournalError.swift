package import Primitives

/// Why a journal can't be opened: an operator must see to it. Damage is none of these, it quarantines
/// groups.
package enum JournalError: Error, Equatable, Sendable {
    /// Intact records contradict each other: a bug, or files of different times put together.
    case inconsistent(file: JournalFile, offset: Int, group: GroupID?, what: String)
    /// The segment belongs to another journal.
    case foreignSegment(file: JournalFile, found: UInt64, expected: UInt64)
    /// A later version of Martlet wrote the file.
    case newerFormat(file: JournalFile, found: UInt32, supported: UInt32)
    /// The folder's files can't be listed.
    case unreadable(DiskFailure)
}

extension JournalError: CustomStringConvertible {
    package var description: String {
        switch self {
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
}
