import Primitives

/// What a record is. The numbers are on disk: append only.
enum RecordKind: UInt8, Sendable {
    case groupCreated = 1
    case groupRemoved = 2
    case hardState = 3
    case entry = 4
    case truncation = 5
    case snapshot = 6
    case caughtUp = 7
    case cleanStop = 8
    /// All that is known of a group but its entries; only in the first batch of a segment.
    case checkpoint = 9
    /// A live entry of a segment that is to be reused; only in the first batch of a segment.
    case carriedEntry = 10
    case quarantined = 11
    /// Groups may have been here of which nothing is known; only at the start of a segment's first batch.
    case lostGroups = 12
    case lostGroupsSettled = 13

    /// Whether the record concerns the group that its head names.
    var namesGroup: Bool {
        switch self {
        case .groupCreated, .groupRemoved, .hardState, .entry, .truncation, .snapshot, .caughtUp,
            .checkpoint, .carriedEntry, .quarantined:
            true
        case .cleanStop, .lostGroups, .lostGroupsSettled: false
        }
    }
}

/// The first 36 bytes of a record. They have a checksum of their own, so that damage to a body
/// concerns the named group only.
///
/// | offset | bytes | |
/// |---|---|---|
/// | 0 | 4 | byte count of the body |
/// | 4 | 1 | ``RecordKind`` |
/// | 5 | 1 + 2 | detail: the entry's kind; for a snapshot, 1 when later entries stay; zeros |
/// | 8 | 4 | group |
/// | 12 | 4 | CRC-32C of the body |
/// | 16 | 8 | term |
/// | 24 | 8 | index |
/// | 32 | 4 | CRC-32C of the above |
///
/// Both checksums start from the batch's ``BatchHeader/checksumSeed``.
struct RecordHead: Equatable, Sendable {
    static let byteCount = 36

    /// A ``RecordKind`` that a later version may know.
    var kind: UInt8
    var detail: UInt8 = 0
    var group: GroupID
    var term = Term.zero
    var index = LogIndex.zero
    var bodyByteCount = 0
    var bodyChecksum: UInt32 = 0

    init(kind: RecordKind, group: GroupID) {
        self.kind = kind.rawValue
        self.group = group
    }

    /// Writes the head in front of the body that is already there.
    func store(at start: Int, of bytes: inout [UInt8], seed: UInt32) {
        let body = start + Self.byteCount..<bytes.count
        bytes.store(littleEndian: UInt32(body.count), at: start)
        bytes[start + 4] = kind
        bytes[start + 5] = detail
        bytes.store(littleEndian: group.rawValue, at: start + 8)
        bytes.store(
            littleEndian: crc32c(bytes.span.extracting(body), continuing: seed), at: start + 12)
        bytes.store(littleEndian: term.rawValue, at: start + 16)
        bytes.store(littleEndian: index.rawValue, at: start + 24)
        let head = crc32c(bytes.span.extracting(start..<start + 32), continuing: seed)
        bytes.store(littleEndian: head, at: start + 32)
    }

    /// The head at `offset`, if it is intact and its record ends before `limit`.
    init?(at offset: Int, of bytes: [UInt8], limit: Int, seed: UInt32) {
        guard limit - offset >= Self.byteCount,
            load(UInt32.self, bytes, offset + 32)
                == crc32c(bytes.span.extracting(offset..<offset + 32), continuing: seed)
        else { return nil }
        kind = bytes[offset + 4]
        detail = bytes[offset + 5]
        group = GroupID(load(UInt32.self, bytes, offset + 8))
        term = Term(load(UInt64.self, bytes, offset + 16))
        index = LogIndex(load(UInt64.self, bytes, offset + 24))
        bodyByteCount = Int(load(UInt32.self, bytes, offset))
        bodyChecksum = load(UInt32.self, bytes, offset + 12)
        guard limit - offset - Self.byteCount >= bodyByteCount else { return nil }
    }
}
