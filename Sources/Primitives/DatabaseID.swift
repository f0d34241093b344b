/// The sharded keyspace, or one of the whole databases. The raw values are written to the log.
package struct DatabaseID: RawRepresentable, Hashable, Comparable, Sendable {
    /// 0 for the sharded keyspace, n + 1 for whole database n.
    package let rawValue: UInt8

    /// How many whole databases there are (Redis: `databases`).
    package static let wholeCount = 16

    /// The keyspace whose keys have each their own slot.
    package static let sharded = DatabaseID(unchecked: 0)

    /// Whole database `number`, which is below ``wholeCount``.
    package static func whole(_ number: Int) -> DatabaseID {
        precondition(0..<wholeCount ~= number, "whole database \(number)")
        return DatabaseID(unchecked: UInt8(number + 1))
    }

    /// `nil` for a value that names no database.
    package init?(rawValue: UInt8) {
        guard Int(rawValue) <= Self.wholeCount else { return nil }
        self.rawValue = rawValue
    }

    private init(unchecked rawValue: UInt8) { self.rawValue = rawValue }

    package var isSharded: Bool { rawValue == 0 }

    /// Which whole database it is; `nil` for the sharded keyspace.
    package var number: Int? { isSharded ? nil : Int(rawValue) - 1 }

    /// The slot of all keys of a whole database, the same in every cluster: they are as far apart as
    /// can be, so that each has a shard of its own where there are as many shards. `nil` for the sharded
    /// keyspace.
    package var slot: SlotID? {
        number.map { SlotID(UInt16($0 * SlotID.count / Self.wholeCount)) }
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
