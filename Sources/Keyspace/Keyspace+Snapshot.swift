package import Primitives

/// The canonical byte form of a keyspace: what a snapshot holds.
///
/// ```
/// "MKS" 1                the format's name and version
/// UInt64                 keys
/// for each key, by slot and then by its bytes:
///   UInt8                type, plus 0x80 if it has a deadline
///   UInt32, bytes        the key
///   Int64                the deadline, if it has one
///   string: UInt32, bytes
///   hash:   UInt32 fields, each UInt32, bytes, UInt32, bytes, in their order
/// UInt32                 CRC-32C of all of the above
/// ```
extension Keyspace {
    private static let header: [UInt8] = [0x4D, 0x4B, 0x53, 1]
    private static let deadlineBit: UInt8 = 0x80

    /// Everything the keyspace holds; two keyspaces with the same contents give the same bytes.
    package func encodeSnapshot() -> [UInt8] {
        var bytes = Self.header
        bytes.append(littleEndian: UInt64(keyCount))
        for index in 0..<tables.count where tables[index].count > 0 {
            for entry in Self.sorted(tables[index]) { Self.encode(entry, into: &bytes) }
        }
        bytes.append(littleEndian: crc32c(bytes.span))
        return bytes
    }

    static func sorted(_ table: EntryTable) -> [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(table.count)
        table.forEach { entries.append($0) }
        entries.sort { $0.keyPrecedes($1) }
        return entries
    }

    private static func encode(_ entry: Entry, into bytes: inout [UInt8]) {
        let hasDeadline = entry.deadline != noDeadline
        bytes.append(entry.type.rawValue | (hasDeadline ? deadlineBit : 0))
        append(entry.key, to: &bytes)
        if hasDeadline { bytes.append(littleEndian: entry.deadline) }
        switch entry.type {
        case .string: append(entry.value, to: &bytes)
        case .hash:
            bytes.append(littleEndian: UInt32(fieldCount(of: entry)))
            forEachField(of: entry) { name, value in
                append(name, to: &bytes)
                append(value, to: &bytes)
            }
        }
    }

    private static func append(_ part: Span<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt32(part.count))
        bytes.append(copying: part)
    }

    // MARK: Restoring

    /// The keyspace that `bytes` hold, all of which must be as ``encodeSnapshot()`` writes them.
    ///
    /// - Parameters:
    ///   - bytes: A snapshot.
    ///   - hashSecret: As for a new keyspace.
    /// - Returns: A keyspace with the same contents.
    /// - Throws: What is wrong with `bytes`, and where.
    package static func restore(
        from bytes: [UInt8], hashSecret: UInt64
    ) throws(DecodingFailure) -> Keyspace {
        guard bytes.count >= header.count + 12, bytes.starts(with: header) else {
            throw DecodingFailure(what: "snapshot of a keyspace, version 1", offset: 0)
        }
        let end = bytes.count - 4
        var trailer = ByteReader(bytes, in: end..<bytes.count)
        let checksum = try trailer.read(UInt32.self, "checksum")
        guard crc32c(bytes.span.extracting(0..<end)) == checksum else {
            throw DecodingFailure(what: "checksum", offset: end)
        }
        var reader = ByteReader(bytes, in: header.count..<end)
        let count = try reader.read(UInt64.self, "count of keys")
        var keyspace = Keyspace(hashSecret: hashSecret)
        var order = SnapshotOrder()
        for _ in 0..<count { try keyspace.restoreKey(&reader, bytes, &order) }
        try reader.expectEnd("end of the snapshot")
        return keyspace
    }

    private mutating func restoreKey(
        _ reader: inout ByteReader, _ bytes: [UInt8], _ order: inout SnapshotOrder
    ) throws(DecodingFailure) {
        let start = reader.offset
        let tag = try reader.read(UInt8.self, "type")
        guard let type = ValueType(rawValue: tag & ~Self.deadlineBit) else {
            throw DecodingFailure(what: "type", offset: start)
        }
        let key = try Self.range(&reader, "key")
        try order.advance(to: bytes.span.extracting(key), offset: start)
        var deadline = Self.noDeadline
        if tag & Self.deadlineBit != 0 {
            deadline = try reader.read(Int64.self, "deadline")
            guard deadline != Self.noDeadline else {
                throw DecodingFailure(what: "deadline", offset: start)
            }
        }
        var place = locate(bytes.span.extracting(key), now: .min)
        switch type {
        case .string:
            let value = try Self.range(&reader, "value")
            setString(
                bytes.span.extracting(value), of: bytes.span.extracting(key), at: &place,
                deadline: Self.noDeadline)
        case .hash:
            try restoreFields(&reader, bytes, key: key, at: &place)
        }
        if deadline != Self.noDeadline { setDeadline(deadline, at: &place) }
    }

    private mutating func restoreFields(
        _ reader: inout ByteReader, _ bytes: [UInt8], key: Range<Int>, at place: inout Place
    ) throws(DecodingFailure) {
        let start = reader.offset
        let count = try reader.read(UInt32.self, "count of fields")
        guard count > 0 else { throw DecodingFailure(what: "count of fields", offset: start) }
        for _ in 0..<count {
            let name = try Self.range(&reader, "field")
            let value = try Self.range(&reader, "value of a field")
            let isNew = setField(
                bytes.span.extracting(name), to: bytes.span.extracting(value),
                of: bytes.span.extracting(key), at: &place)
            guard isNew else { throw DecodingFailure(what: "second field", offset: start) }
        }
    }

    private static func range(
        _ reader: inout ByteReader, _ what: String
    ) throws(DecodingFailure) -> Range<Int> {
        let byteCount = try reader.read(UInt32.self, what)
        return try reader.skip(Int(byteCount), what)
    }
}

/// Checks that the keys of a snapshot come in their canonical order, each once.
private struct SnapshotOrder {
    private var slot: SlotID?
    private var key: [UInt8] = []

    mutating func advance(to next: Span<UInt8>, offset: Int) throws(DecodingFailure) {
        let nextSlot = SlotID(key: next)
        let nextKey = [UInt8](copying: next)
        if let slot {
            let isInOrder =
                slot < nextSlot || slot == nextSlot && key.lexicographicallyPrecedes(nextKey)
            guard isInOrder else { throw DecodingFailure(what: "order of keys", offset: offset) }
        }
        slot = nextSlot
        key = nextKey
    }
}
