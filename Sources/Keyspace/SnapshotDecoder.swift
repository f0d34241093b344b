package import Primitives

/// Makes a keyspace of a snapshot's records, as they come.
///
/// Whatever the bytes are, it takes no more memory than they account for, and either fails or holds
/// what a keyspace can hold.
package struct SnapshotDecoder: ~Copyable {
    private struct Key {
        var type: ValueType
        var name: [UInt8]
        var deadline: Int64
    }

    private var keyspace: Keyspace
    /// Large values whose end has not come, from ``firstLarge`` on.
    private var large: [Key] = []
    private var firstLarge = 0
    /// Parts of the large string, or of the begun field's value.
    private var parts: [UInt8] = []
    private var begunField: (name: [UInt8], deadline: Int64)?
    /// Whether the last record has come.
    package private(set) var isComplete = false

    /// - Parameters: As for a new keyspace.
    package init(
        hashSecret: UInt64, isWhole: Bool = false, compactLimits: CompactLimits = CompactLimits()
    ) {
        keyspace = Keyspace(hashSecret: hashSecret, isWhole: isWhole)
        keyspace.compactLimits = compactLimits
    }

    /// Takes in records.
    ///
    /// - Parameters:
    ///   - bytes: Holds them.
    ///   - range: Where whole records are.
    /// - Throws: What is wrong with them and where; the decoder can't go on.
    package mutating func decode(
        _ bytes: [UInt8], in range: Range<Int>
    ) throws(DecodingFailure) {
        var reader = ByteReader(bytes, in: range)
        while !reader.isAtEnd { try decodeRecord(&reader, bytes) }
    }

    /// Puts the decoded state in the place of what `target` holds; the decoder must be complete.
    package mutating func finish(into target: inout Keyspace) {
        precondition(isComplete, "half a snapshot is used")
        target.replaceContents(with: &keyspace)
    }

    /// Gives what has been decoded to `keyspace`, only to be freed.
    package mutating func abandon(to target: inout Keyspace) { target.bury(&keyspace) }

    private mutating func decodeRecord(
        _ reader: inout ByteReader, _ bytes: [UInt8]
    ) throws(DecodingFailure) {
        let start = reader.offset
        guard !isComplete,
            let record = SnapshotRecord(rawValue: try reader.read(UInt8.self, "record"))
        else { throw DecodingFailure(what: "record", offset: start) }
        switch record {
        case .string:
            let key = try readKey(.string, &reader, bytes)
            let value = try range(&reader, "value")
            var place = keyspace.locate(bytes.span.extracting(key.name), now: .min)
            keyspace.setString(
                bytes.span.extracting(value), of: bytes.span.extracting(key.name), at: &place,
                deadline: key.deadline)
        case .hash, .timedHash:
            let key = try readKey(.hash, &reader, bytes)
            var place = keyspace.locate(bytes.span.extracting(key.name), now: .min)
            try decodeFields(
                &reader, bytes, areTimed: record == .timedHash,
                of: bytes.span.extracting(key.name), deadline: key.deadline, at: &place)
        case .largeValue:
            let key = try readKey(nil, &reader, bytes)
            large.append(
                Key(
                    type: key.type, name: Array(bytes[key.name]), deadline: key.deadline))
        case .bytes:
            let part = try range(&reader, "part of a value")
            guard let key = currentLarge, key.type == .string || begunField != nil else {
                throw DecodingFailure(what: "part of no value", offset: start)
            }
            parts.append(contentsOf: bytes[part])
        case .fields, .timedFields:
            let key = try currentHash(at: start)
            var place = keyspace.locate(key.name.span, now: .min)
            try decodeFields(
                &reader, bytes, areTimed: record == .timedFields, of: key.name.span,
                deadline: key.deadline, at: &place)
        case .begunField, .timedBegunField:
            _ = try currentHash(at: start)
            let deadline = try fieldDeadline(&reader, record == .timedBegunField)
            begunField = (Array(bytes[try range(&reader, "field")]), deadline)
        case .valueEnd: try endValue(at: start)
        case .end:
            let count = try reader.read(UInt64.self, "count of keys")
            guard currentLarge == nil, count == UInt64(keyspace.keyCount) else {
                throw DecodingFailure(what: "count of keys", offset: start)
            }
            isComplete = true
        }
    }

    /// A key that the keyspace doesn't have.
    private func readKey(
        _ expected: ValueType?, _ reader: inout ByteReader, _ bytes: [UInt8]
    ) throws(DecodingFailure) -> (type: ValueType, name: Range<Int>, deadline: Int64) {
        let start = reader.offset
        let tag = try reader.read(UInt8.self, "type")
        guard let type = ValueType(rawValue: tag & ~SnapshotRecord.deadlineBit),
            expected == nil || expected == type
        else { throw DecodingFailure(what: "type", offset: start) }
        let name = try range(&reader, "key")
        var deadline = Keyspace.noDeadline
        if tag & SnapshotRecord.deadlineBit != 0 {
            deadline = try reader.read(Int64.self, "deadline")
            guard deadline != Keyspace.noDeadline else {
                throw DecodingFailure(what: "deadline", offset: start)
            }
        }
        guard !keyspace.locate(bytes.span.extracting(name), now: .min).isPresent else {
            throw DecodingFailure(what: "second key", offset: start)
        }
        return (type, name, deadline)
    }

    private mutating func decodeFields(
        _ reader: inout ByteReader, _ bytes: [UInt8], areTimed: Bool, of key: Span<UInt8>,
        deadline: Int64, at place: inout Place
    ) throws(DecodingFailure) {
        let start = reader.offset
        let count = try reader.read(UInt32.self, "count of fields")
        guard count > 0, !place.isPresent || place.type == .hash else {
            throw DecodingFailure(what: "count of fields", offset: start)
        }
        for _ in 0..<count {
            let fieldDeadline = try fieldDeadline(&reader, areTimed)
            let name = try range(&reader, "field")
            let value = try range(&reader, "value of a field")
            try setField(
                bytes.span.extracting(name), to: bytes.span.extracting(value),
                ending: fieldDeadline, of: key, deadline: deadline, at: &place, offset: start)
        }
    }

    private func fieldDeadline(
        _ reader: inout ByteReader, _ isTimed: Bool
    ) throws(DecodingFailure) -> Int64 {
        guard isTimed else { return Keyspace.noDeadline }
        let start = reader.offset
        let deadline = try reader.read(Int64.self, "deadline of a field")
        // Nothing is ever earlier than the time by which the decoder looks keys up.
        guard deadline > .min else {
            throw DecodingFailure(what: "deadline of a field", offset: start)
        }
        return deadline
    }

    private mutating func setField(
        _ name: Span<UInt8>, to value: Span<UInt8>, ending fieldDeadline: Int64,
        of key: Span<UInt8>, deadline: Int64, at place: inout Place, offset: Int
    ) throws(DecodingFailure) {
        let isFirst = !place.isPresent
        guard
            keyspace.setField(name, to: value, deadline: fieldDeadline, of: key, at: &place)
        else {
            throw DecodingFailure(what: "second field", offset: offset)
        }
        if isFirst, deadline != Keyspace.noDeadline {
            keyspace.setDeadline(deadline, at: &place)
        }
    }

    // MARK: Large values

    private var currentLarge: Key? { firstLarge < large.count ? large[firstLarge] : nil }

    /// The large hash whose parts come, with all of them taken in that have.
    private mutating func currentHash(at offset: Int) throws(DecodingFailure) -> Key {
        guard let key = currentLarge, key.type == .hash else {
            throw DecodingFailure(what: "fields of no hash", offset: offset)
        }
        guard let field = begunField else { return key }
        var place = keyspace.locate(key.name.span, now: .min)
        guard !place.isPresent || place.type == .hash else {
            throw DecodingFailure(what: "second key", offset: offset)
        }
        let value = takeParts()
        try setField(
            field.name.span, to: value.span, ending: field.deadline, of: key.name.span,
            deadline: key.deadline, at: &place, offset: offset)
        begunField = nil
        return key
    }

    private mutating func endValue(at offset: Int) throws(DecodingFailure) {
        guard let key = currentLarge else {
            throw DecodingFailure(what: "end of no value", offset: offset)
        }
        if key.type == .hash { _ = try currentHash(at: offset) }
        var place = keyspace.locate(key.name.span, now: .min)
        // A string comes now, a hash has come.
        guard place.isPresent == (key.type == .hash) else {
            throw DecodingFailure(what: "large value", offset: offset)
        }
        if key.type == .string {
            let value = takeParts()
            keyspace.setString(
                value.span, of: key.name.span, at: &place, deadline: key.deadline)
        }
        firstLarge += 1
        if firstLarge == large.count {
            large.removeAll()
            firstLarge = 0
        }
    }

    private mutating func takeParts() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &parts)
        return taken
    }

    private func range(
        _ reader: inout ByteReader, _ what: String
    ) throws(DecodingFailure) -> Range<Int> {
        let byteCount = try reader.read(UInt32.self, what)
        return try reader.skip(Int(byteCount), what)
    }
}
