package import Primitives

/// Where a walk over the keys stands: a slot, and where in the order of its keys' hashes.
///
/// As a number it has the slot in bits 48…61 and the first 48 bits of the hash below, so it fits a
/// signed 64-bit integer; 0 is the beginning.
package struct ScanCursor: Equatable, Sendable {
    package let slot: SlotID
    /// The first hash not seen yet; its low 16 bits are 0.
    let hash: UInt64

    package init(slot: SlotID) { self.init(slot: slot, hash: 0) }

    package static let beginning = ScanCursor(slot: SlotID(0))

    init(slot: SlotID, hash: UInt64) {
        self.slot = slot
        self.hash = hash
    }

    /// The cursor that `number` stands for; any number is a place to go on from.
    package init(rawValue number: UInt64) {
        slot = SlotID(UInt16(truncatingIfNeeded: number >> 48 & 0x3FFF))
        hash = number << 16
    }

    package var rawValue: UInt64 { UInt64(slot.rawValue) << 48 | hash >> 16 }
}

/// Which keys a walk is to answer.
package struct ScanFilter: Sendable {
    /// Names of keys must match this pattern (Redis: `KEYS`).
    package var pattern: [UInt8]?
    package var type: ScanType

    package enum ScanType: Equatable, Sendable {
        case any
        case only(ValueType)
        /// A type that no key has.
        case nothing
    }

    package init(pattern: [UInt8]? = nil, type: ScanType = .any) {
        self.pattern = pattern
        self.type = type
    }
}

extension Keyspace {
    /// Walks keys from `cursor` on, at most to the end of `slots`.
    ///
    /// A walk through all cursors answers every key that was there throughout at least once, whatever
    /// is added or removed meanwhile, and on whatever replica each step runs. A key may come twice.
    ///
    /// - Parameters:
    ///   - cursor: Where to go on; its slot must be in `slots`.
    ///   - slots: The slots to walk.
    ///   - count: About how many keys to look at; lowered by how many were.
    ///   - filter: Which of them to answer.
    ///   - now: Keys whose deadline is not later are left out.
    ///   - keys: What is found is appended here.
    /// - Returns: Where to go on; `nil` when `slots` has been walked.
    package func scan(
        from cursor: ScanCursor, in slots: ClosedRange<SlotID>, count: inout Int,
        filter: ScanFilter, now: Int64, into keys: inout [[UInt8]]
    ) -> ScanCursor? {
        var slot = Int(max(cursor.slot, slots.lowerBound).rawValue)
        var hash = cursor.slot < slots.lowerBound ? 0 : cursor.hash
        while slot <= Int(slots.upperBound.rawValue) {
            guard count > 0 else { return ScanCursor(slot: SlotID(UInt16(slot)), hash: hash) }
            var looked = 0
            let next = tables[slot].scan(from: hash, limit: count, secret: hashSecret) { entry in
                looked += 1
                guard entry.end > now, Self.matches(entry, filter) else { return }
                keys.append([UInt8](copying: entry.key))
            }
            count -= looked
            if let next {
                return ScanCursor(slot: SlotID(UInt16(slot)), hash: next)
            }
            slot += 1
            hash = 0
        }
        return nil
    }

    /// The same through all keys.
    package func scan(
        from cursor: ScanCursor, count: inout Int, filter: ScanFilter, now: Int64,
        into keys: inout [[UInt8]]
    ) -> ScanCursor? {
        guard isWhole else {
            return scan(
                from: cursor, in: SlotID(0)...SlotID(UInt16(SlotID.count - 1)), count: &count,
                filter: filter, now: now, into: &keys)
        }
        // Wherever a cursor of the sharded keyspace points, its hash is a place here.
        let start = ScanCursor(slot: SlotID(0), hash: cursor.hash)
        return scan(
            from: start, in: SlotID(0)...SlotID(0), count: &count, filter: filter, now: now,
            into: &keys)
    }

    private static func matches(_ entry: Entry, _ filter: ScanFilter) -> Bool {
        switch filter.type {
        case .any: break
        case .only(let type): if entry.type != type { return false }
        case .nothing: return false
        }
        guard let pattern = filter.pattern else { return true }
        return GlobPattern.matches(pattern.span, entry.key)
    }
}
