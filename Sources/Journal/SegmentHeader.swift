import Primitives

/// Where the segment before ended when this one was begun: all of it was on disk by then.
struct SegmentLink: Equatable, Sendable {
    var sequence: UInt64
    var id: UInt64
    var end: Int
}

/// The first 80 bytes of a segment. In every format version the magic, the version and the checksum
/// stay where they are.
///
/// | offset | bytes | |
/// |---|---|---|
/// | 0 | 8 | `MARTLETJ` |
/// | 8 | 4 | format version |
/// | 12 | 1 + 3 | durability mode, zeros |
/// | 16 | 8 | journal id |
/// | 24 | 8 | sequence number |
/// | 32 | 8 | segment id |
/// | 40 | 8 | byte count of the file |
/// | 48 | 24 | sequence, id and end of the segment before; zeros in the first |
/// | 72 | 4 | zeros |
/// | 76 | 4 | CRC-32C of the above |
struct SegmentHeader: Equatable, Sendable {
    static let byteCount = 80
    static let version: UInt32 = 2
    static let magic = [UInt8]("MARTLETJ".utf8)

    var durability: Durability
    var journalID: UInt64
    var sequence: UInt64
    /// Drawn at random for each segment, so that what a recycled file held before never counts.
    var id: UInt64
    var segmentByteCount: Int
    var previous: SegmentLink?

    enum Reading {
        case valid(SegmentHeader)
        case newer(UInt32)
        case invalid
    }

    func encode(into bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: Self.magic)
        bytes.append(littleEndian: Self.version)
        bytes.append(littleEndian: UInt32(durability.rawValue))
        bytes.append(littleEndian: journalID)
        bytes.append(littleEndian: sequence)
        bytes.append(littleEndian: id)
        bytes.append(littleEndian: UInt64(segmentByteCount))
        bytes.append(littleEndian: previous?.sequence ?? 0)
        bytes.append(littleEndian: previous?.id ?? 0)
        bytes.append(littleEndian: UInt64(previous?.end ?? 0))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: crc32c(bytes.span.extracting(start..<bytes.count)))
    }

    static func read(from bytes: [UInt8]) -> Reading {
        guard bytes.count >= byteCount, bytes[0..<8].elementsEqual(magic),
            load(UInt32.self, bytes, 76) == crc32c(bytes.span.extracting(0..<76))
        else { return .invalid }
        let version = load(UInt32.self, bytes, 8)
        guard version <= Self.version else { return .newer(version) }
        guard let durability = Durability(rawValue: bytes[12]),
            let segmentByteCount = Int(exactly: load(UInt64.self, bytes, 40)),
            let end = Int(exactly: load(UInt64.self, bytes, 64))
        else { return .invalid }
        let link = SegmentLink(
            sequence: load(UInt64.self, bytes, 48), id: load(UInt64.self, bytes, 56), end: end)
        return .valid(
            SegmentHeader(
                durability: durability, journalID: load(UInt64.self, bytes, 16),
                sequence: load(UInt64.self, bytes, 24), id: load(UInt64.self, bytes, 32),
                segmentByteCount: segmentByteCount, previous: link.sequence == 0 ? nil : link))
    }
}

/// The integer at `offset`, lowest byte first; the bytes must be there.
func load<Value: FixedWidthInteger>(_ type: Value.Type, _ bytes: [UInt8], _ offset: Int) -> Value {
    var value: Value = 0
    for position in (offset..<offset + MemoryLayout<Value>.size).reversed() {
        value = value << 8 | Value(truncatingIfNeeded: bytes[position])
    }
    return value
}
