package import Primitives

/// Which shard serves each slot, and since which epoch.
package struct SlotTable: Sendable {
    /// Sorted, without overlaps; neighbours differ in shard or epoch. A slot in none has no shard.
    package private(set) var ranges: [SlotRange] = []
    /// For each slot, 1 + its place in ``ranges``; 0 for none. Derived from them.
    private var places = [UInt16](repeating: 0, count: SlotID.count)

    package init() {}

    /// - Complexity: O(1).
    package func range(of slot: SlotID) -> SlotRange? {
        let place = places[Int(slot.rawValue)]
        return place == 0 ? nil : ranges[Int(place) - 1]
    }

    /// Whether every slot has a shard.
    package var isComplete: Bool {
        var next = 0
        for range in ranges {
            guard Int(range.first) == next else { return false }
            next = Int(range.last) + 1
        }
        return next == SlotID.count
    }

    package func slots(of shard: GroupID) -> [ClosedRange<UInt16>] {
        var slots: [ClosedRange<UInt16>] = []
        for range in ranges where range.shard == shard {
            if let last = slots.last, last.upperBound + 1 == range.first {
                slots[slots.count - 1] = last.lowerBound...range.last
            } else {
                slots.append(range.slots)
            }
        }
        return slots
    }

    /// Gives `new`'s slots to its shard, whoever had them.
    package mutating func assign(_ new: SlotRange) {
        var kept: [SlotRange] = []
        for range in ranges {
            if range.first < new.first {
                kept.append(range.clipped(to: range.first...min(range.last, new.first - 1)))
            }
            if range.last > new.last {
                kept.append(range.clipped(to: max(range.first, new.last + 1)...range.last))
            }
        }
        kept.append(new)
        kept.sort { $0.first < $1.first }
        ranges.removeAll(keepingCapacity: true)
        for range in kept {
            if let last = ranges.last, last.last + 1 == range.first, last.shard == range.shard,
                last.epoch == range.epoch
            {
                ranges[ranges.count - 1].last = range.last
            } else {
                ranges.append(range)
            }
        }
        index()
    }

    private mutating func index() {
        for slot in places.indices { places[slot] = 0 }
        for (place, range) in ranges.enumerated() {
            for slot in range.slots { places[Int(slot)] = UInt16(place + 1) }
        }
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt16(ranges.count))
        for range in ranges {
            bytes.append(littleEndian: range.first)
            bytes.append(littleEndian: range.last)
            bytes.append(littleEndian: range.shard.rawValue)
            bytes.append(littleEndian: range.epoch)
        }
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        var next = 0
        for _ in 0..<(try reader.read(UInt16.self, "slot ranges")) {
            let offset = reader.offset
            let first = try reader.read(UInt16.self, "first slot")
            let last = try reader.read(UInt16.self, "last slot")
            guard Int(first) >= next, first <= last, Int(last) < SlotID.count else {
                throw DecodingFailure(what: "slot range", offset: offset)
            }
            next = Int(last) + 1
            let shard = GroupID(try reader.read(UInt32.self, "shard of slots"))
            let epoch = try reader.read(UInt64.self, "epoch of slots")
            ranges.append(SlotRange(first: first, last: last, shard: shard, epoch: epoch))
        }
        index()
    }
}

extension SlotTable: Equatable {
    package static func == (left: Self, right: Self) -> Bool { left.ranges == right.ranges }
}

extension SlotRange {
    fileprivate func clipped(to slots: ClosedRange<UInt16>) -> SlotRange {
        SlotRange(first: slots.lowerBound, last: slots.upperBound, shard: shard, epoch: epoch)
    }
}
