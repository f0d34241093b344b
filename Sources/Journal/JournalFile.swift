package import Primitives

/// A file in a journal's folder.
package enum JournalFile: Hashable, Comparable, Sendable {
    /// The segment with this sequence number.
    case segment(UInt64)
    /// A group's state after the entry at this index.
    case snapshot(GroupID, LogIndex)
    /// A snapshot that is being written, or was when its process ended.
    case partialSnapshot(GroupID, LogIndex)
    /// Left by a process whose write or sync failed: what it had written without a sync may be gone
    /// although the machine has not rebooted. It need not be synced itself.
    case suspect
    /// A ``JournalHead``.
    case head

    /// `segment-<16 digits>.log` or `snapshot-<8 digits>-<16 digits>.bin`, digits hexadecimal; `.part`
    /// instead of `.bin` while it is being written.
    package var name: String {
        switch self {
        case .segment(let sequence): "segment-\(hexadecimal(sequence, digitCount: 16)).log"
        case .snapshot(let group, let index): Self.name(of: group, index) + ".bin"
        case .partialSnapshot(let group, let index): Self.name(of: group, index) + ".part"
        case .suspect: "suspect"
        case .head: "head"
        }
    }

    private static func name(of group: GroupID, _ index: LogIndex) -> String {
        "snapshot-\(hexadecimal(UInt64(group.rawValue), digitCount: 8))-"
            + hexadecimal(index.rawValue, digitCount: 16)
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
            parsed =
                name.hasSuffix(".part")
                ? .partialSnapshot(GroupID(group), LogIndex(index))
                : .snapshot(GroupID(group), LogIndex(index))
        case ("suspect", 1): parsed = .suspect
        case ("head", 1): parsed = .head
        default: return nil
        }
        guard parsed.name == name else { return nil }
        self = parsed
    }

    package static func < (left: Self, right: Self) -> Bool { left.order < right.order }

    private var order: (kind: Int, group: UInt32, number: UInt64) {
        switch self {
        case .segment(let sequence): (0, 0, sequence)
        case .snapshot(let group, let index): (1, group.rawValue, index.rawValue)
        case .partialSnapshot(let group, let index): (2, group.rawValue, index.rawValue)
        case .suspect: (3, 0, 0)
        case .head: (4, 0, 0)
        }
    }
}

extension JournalFile: CustomStringConvertible {
    package var description: String { name }
}
