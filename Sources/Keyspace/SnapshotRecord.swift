import Primitives

/// The records of a keyspace's snapshot, in any order of the keys.
///
/// ```
/// 1  string       key, UInt32 byte count, bytes
/// 2  hash         key, UInt32 field count, and for each field its name and value, in their order
/// 3  large value  key; its parts follow once those of all large values before it have come
/// 4  bytes        UInt32 byte count, bytes: a part of the large string, or of the begun field's value
/// 5  fields       UInt32 field count, and fields: the next ones of the large hash
/// 6  begun field  name; its value follows in parts
/// 7  value end    nothing more of the large value
/// 8  end          UInt64 count of keys
/// 9  timed hash, 10 timed fields, 11 timed begun field: as 2, 5 and 6, with an Int64 in front of each
///    field's name: its deadline, the highest number for none
/// ```
///
/// A record is its kind in one byte and the above. A key is `UInt8` type, plus 0x80 if it has a
/// deadline; `UInt32` byte count and bytes; and the deadline as `Int64`, if there is one. Names and
/// values are a `UInt32` byte count and bytes. Numbers have their lowest byte first.
enum SnapshotRecord: UInt8 {
    case string = 1
    case hash = 2
    case largeValue = 3
    case bytes = 4
    case fields = 5
    case begunField = 6
    case valueEnd = 7
    case end = 8
    case timedHash = 9
    case timedFields = 10
    case timedBegunField = 11

    static let deadlineBit: UInt8 = 0x80
    /// Strings and values of fields from this size on are written in parts.
    static let largeByteCount = 16 << 10
    /// Hashes with more fields than this or more bytes are written in parts.
    static let smallFieldCount = 64
    static let smallHashByteCount = 8 << 10
    /// Bytes of one part.
    static let partByteCount = 16 << 10
}

extension Keyspace {
    /// Whether the value is too large to be written or freed at once.
    static func isLarge(_ entry: Entry) -> Bool {
        switch entry.type {
        case .string: entry.valueByteCount > SnapshotRecord.largeByteCount
        case .hash:
            // A compact hash is one block, bounded by ``CompactLimits``.
            entry.hasFieldMap
                && (fieldCount(of: entry) > SnapshotRecord.smallFieldCount
                    || fieldByteCount(of: entry) > SnapshotRecord.smallHashByteCount)
        }
    }
}

extension [UInt8] {
    mutating func append(_ record: SnapshotRecord) { append(record.rawValue) }

    mutating func append(keyOf entry: Entry) {
        let hasDeadline = entry.deadline != Entry.noDeadline
        append(entry.type.rawValue | (hasDeadline ? SnapshotRecord.deadlineBit : 0))
        append(counted: entry.key)
        if hasDeadline { append(littleEndian: entry.deadline) }
    }

    mutating func append(counted bytes: Span<UInt8>) {
        append(littleEndian: UInt32(bytes.count))
        append(copying: bytes)
    }
}
