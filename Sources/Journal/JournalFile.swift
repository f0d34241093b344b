package import Primitives

/// A file in a journal's folder.
package enum JournalFile: Hashable, Comparable, Sendable {
    /// The segment with this sequence number.
    case segment(UInt64)
    /// A group's state after the entry at this index.
    case snapshot(GroupID, LogIndex)
    /// Left by a process whose write or sync failed: what it had written without a sync may be gone
    /// although the machine has not rebooted. It need not be synced itself.
    case suspect
    /// A ``JournalHead``.
    case head

    /// `segment-<16 digits>.log` or `snapshot-<8 digits>-<16 digits>.bin`, digits hexadecimal.
    package var name: String {
        switch self {
        case .segment(let sequence): "segment-\(hexadecimal(sequence, digitCount: 16)).log"
        case .snapshot(let group, let index):
            "snapshot-\(hexadecimal(UInt64(group.rawValue), digitCount: 8))-"
                + "\(hexadecimal(index.rawValue, digitCount: 16)).bin"
        case .suspect: "suspect"
        case .head: "head"
        }
    }

    /// The file of this name, or `nil` when the name is not a journal's.
    package init?(name: String) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        let parsed: JournalFile
        switch (parts.first, parts.count) {
        case ("segment", 2):
            guard let sequence = UInt64(parts[1].prefix(16), radix: 16) else { return nil }
            parsed = .segment(sequence)
        case ("snapshot", 3):
            guard let group = UInt32(parts[1], radix: 16),
                let index = UInt64(parts[2].prefix(16), radix: 16)
            else { return nil }
            parsed = .snapshot(GroupID(group), LogIndex(index))
        case ("suspect", 1): parsed = .suspect
        case ("head", 1): parsed = .head
        default: return nil
        }
        guard parsed.name == name else { return nil }
        self = parsed
    }

    package static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.segment(let left), .segment(let right)): left < right
        case (.snapshot(let leftGroup, let leftIndex), .snapshot(let group, let index)):
            (leftGroup, leftIndex) < (group, index)
        default: left.kind < right.kind
        }
    }

    private var kind: Int {
        switch self {
        case .segment: 0
        case .snapshot: 1
        case .suspect: 2
        case .head: 3
        }
    }
}

extension JournalFile: CustomStringConvertible {
    package var description: String { name }
}
