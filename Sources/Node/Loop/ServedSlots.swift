import Primitives

/// The slots that a shard serves and since which epoch, as the shard itself knows it.
///
/// Every command of an entry is checked against it when it is applied, so that a slot which has left
/// is refused alike on every replica.
struct ServedSlots: Equatable, Sendable {
    struct Range: Equatable, Sendable {
        var first: SlotID
        var last: SlotID
        var epoch: UInt64
    }

    private(set) var ranges: [Range] = []
    private var isServed = [UInt64](repeating: 0, count: SlotID.count / 64)

    init() {}

    init(ranges: [Range]) {
        self.ranges = ranges
        for range in ranges {
            for slot in range.first.rawValue...range.last.rawValue {
                isServed[Int(slot) / 64] |= 1 << (UInt64(slot) % 64)
            }
        }
    }

    func serves(_ slot: SlotID) -> Bool {
        isServed[Int(slot.rawValue) / 64] >> (UInt64(slot.rawValue) % 64) & 1 == 1
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt32(ranges.count))
        for range in ranges {
            bytes.append(littleEndian: range.first.rawValue)
            bytes.append(littleEndian: range.last.rawValue)
            bytes.append(littleEndian: range.epoch)
        }
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        var ranges: [Range] = []
        for _ in 0..<(try reader.read(UInt32.self, "slot range count")) {
            let start = reader.offset
            let first = try reader.read(UInt16.self, "first slot")
            let last = try reader.read(UInt16.self, "last slot")
            guard first <= last, last < SlotID.count else {
                throw DecodingFailure(what: "slot range", offset: start)
            }
            ranges.append(
                Range(
                    first: SlotID(first), last: SlotID(last),
                    epoch: try reader.read(UInt64.self, "slot epoch")))
        }
        self.init(ranges: ranges)
    }

    func stateHash() -> UInt64 {
        var hash: UInt64 = 0
        for range in ranges {
            hash = SplitMix64.mix(
                hash ^ UInt64(range.first.rawValue) << 32 ^ UInt64(range.last.rawValue)
                    ^ range.epoch << 48)
        }
        return hash
    }
}
