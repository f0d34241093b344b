import Primitives

/// The first 88 bytes of a batch: the records that were written in one go.
///
/// | offset | bytes | |
/// |---|---|---|
/// | 0 | 4 | `MBAT` |
/// | 4 | 4 | byte count, this header and the zeros up to a multiple of 8 included |
/// | 8 | 16 | sequence number and id of the segment |
/// | 24 | 8 | offset in the segment |
/// | 32 | 8 | batch number, one more than the last one's |
/// | 40 | 8 | how far the segment was known to be on disk |
/// | 48 | 16 | boot time in nanoseconds, wall time in milliseconds |
/// | 64 | 8 | boot id |
/// | 72 | 4 | record count |
/// | 76 | 8 | zeros |
/// | 84 | 4 | CRC-32C of the above |
struct BatchHeader: Equatable, Sendable {
    static let byteCount = 88
    static let magic: UInt32 = 0x5441_424D

    /// The whole batch.
    var batchByteCount: Int
    var sequence: UInt64
    var segmentID: UInt64
    var offset: Int
    var number: UInt64
    var syncedThrough: Int
    var moment: Moment
    var bootID: UInt64
    var recordCount: Int

    var end: Int { offset + batchByteCount }

    /// What the checksums of the batch's records start from: an intact record of another segment,
    /// or of another place, never passes for one of this batch.
    var checksumSeed: UInt32 {
        let words: InlineArray<3, UInt64> = [sequence, segmentID, UInt64(offset)]
        let bytes = InlineArray<24, UInt8> { index in
            UInt8(truncatingIfNeeded: words[index / 8] >> UInt64(8 * (index % 8)))
        }
        return crc32c(bytes.span)
    }

    func encode(into bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(littleEndian: Self.magic)
        bytes.append(littleEndian: UInt32(batchByteCount))
        bytes.append(littleEndian: sequence)
        bytes.append(littleEndian: segmentID)
        bytes.append(littleEndian: UInt64(offset))
        bytes.append(littleEndian: number)
        bytes.append(littleEndian: UInt64(syncedThrough))
        bytes.append(littleEndian: moment.boot.nanoseconds)
        bytes.append(littleEndian: moment.wallMilliseconds)
        bytes.append(littleEndian: bootID)
        bytes.append(littleEndian: UInt32(recordCount))
        bytes.append(littleEndian: UInt64(0))
        bytes.append(littleEndian: crc32c(bytes.span.extracting(start..<bytes.count)))
    }

    /// The header at `offset`, if an intact one is there that was written to that very offset.
    init?(at offset: Int, of bytes: [UInt8]) {
        guard offset >= 0, bytes.count - offset >= Self.byteCount,
            bytes[offset] == UInt8(truncatingIfNeeded: Self.magic),
            load(UInt32.self, bytes, offset) == Self.magic,
            load(UInt32.self, bytes, offset + 84)
                == crc32c(bytes.span.extracting(offset..<offset + 84)),
            load(UInt64.self, bytes, offset + 24) == UInt64(offset),
            load(UInt64.self, bytes, offset + 32) <= highestCount,
            let synced = Int(exactly: load(UInt64.self, bytes, offset + 40))
        else { return nil }
        self.init(
            batchByteCount: Int(load(UInt32.self, bytes, offset + 4)),
            sequence: load(UInt64.self, bytes, offset + 8),
            segmentID: load(UInt64.self, bytes, offset + 16), offset: offset,
            number: load(UInt64.self, bytes, offset + 32), syncedThrough: synced,
            moment: Moment(
                boot: Instant(nanoseconds: load(UInt64.self, bytes, offset + 48)),
                wallMilliseconds: load(Int64.self, bytes, offset + 56)),
            bootID: load(UInt64.self, bytes, offset + 64),
            recordCount: Int(load(UInt32.self, bytes, offset + 72)))
    }

    init(
        batchByteCount: Int, sequence: UInt64, segmentID: UInt64, offset: Int, number: UInt64,
        syncedThrough: Int, moment: Moment, bootID: UInt64, recordCount: Int
    ) {
        self.batchByteCount = batchByteCount
        self.sequence = sequence
        self.segmentID = segmentID
        self.offset = offset
        self.number = number
        self.syncedThrough = syncedThrough
        self.moment = moment
        self.bootID = bootID
        self.recordCount = recordCount
    }

    /// How many bytes a batch takes whose records take `recordByteCount`.
    static func batchByteCount(recordByteCount: Int) -> Int {
        (byteCount + recordByteCount + 7) & ~7
    }
}
