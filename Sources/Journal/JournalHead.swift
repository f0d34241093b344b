import Primitives

/// Which segment a journal had reached: written after that segment's first batch, and before anything
/// rests on it. Kept apart from the segments, so that they can't go without notice.
///
/// | offset | bytes | |
/// |---|---|---|
/// | 0 | 8 | `MARTLETH` |
/// | 8 | 4 | format version |
/// | 12 | 8 | journal id |
/// | 20 | 8 | sequence number of the segment; 0 when none has been begun |
/// | 28 | 4 | CRC-32C of the above |
package struct JournalHead: Equatable, Sendable {
    static let byteCount = 32
    static let version: UInt32 = 1
    private static let magic = [UInt8]("MARTLETH".utf8)

    var journalID: UInt64
    var sequence: UInt64

    /// That of a journal in which no segment has been begun.
    package static let beginning = JournalHead(journalID: 0, sequence: 0)

    package func encode() -> [UInt8] {
        var bytes = Self.magic
        bytes.append(littleEndian: Self.version)
        bytes.append(littleEndian: journalID)
        bytes.append(littleEndian: sequence)
        bytes.append(littleEndian: crc32c(bytes.span))
        return bytes
    }
}

extension JournalHead {
    enum Reading {
        case valid(JournalHead)
        case newer(UInt32)
        case invalid
    }

    /// In every format version the magic, the version and the checksum stay where they are.
    static func read(from bytes: [UInt8]) -> Reading {
        guard bytes.count >= byteCount, bytes[0..<8].elementsEqual(magic),
            load(UInt32.self, bytes, 28) == crc32c(bytes.span.extracting(0..<28))
        else { return .invalid }
        let version = load(UInt32.self, bytes, 8)
        guard version <= Self.version else { return .newer(version) }
        return .valid(
            JournalHead(
                journalID: load(UInt64.self, bytes, 12), sequence: load(UInt64.self, bytes, 20)))
    }
}
