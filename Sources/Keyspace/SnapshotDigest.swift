package import Primitives

/// A hash of the state that a snapshot holds, made of its records as they come.
///
/// A walk among changing keys has its own order of records on each replica. The hash does not depend on
/// it, nor on the hash secret: equal states have equal hashes, on every platform.
package struct SnapshotDigest: Sendable {
    private var sum: UInt64
    /// Of the large values whose end has not come, in the order in which their parts come; those before
    /// ``firstLarge`` have ended.
    private var large: [UInt64] = []
    private var firstLarge = 0
    /// Whether the last record has come.
    package private(set) var isComplete = false

    /// - Parameter seed: A hash of what belongs to the state and is not in the keyspace.
    package init(seed: UInt64) { sum = seed }

    /// The hash, once ``isComplete``.
    package var value: UInt64 { mixed(sum) }

    /// Takes in records.
    ///
    /// - Parameters:
    ///   - bytes: Holds them.
    ///   - range: Where whole records are; `nil` for all of them.
    /// - Throws: What is wrong with them and where; the digest can't go on.
    package mutating func take(
        _ bytes: [UInt8], in range: Range<Int>? = nil
    ) throws(DecodingFailure) {
        var reader = ByteReader(bytes, in: range ?? 0..<bytes.count)
        while !reader.isAtEnd { try takeRecord(&reader, bytes.span) }
    }

    private mutating func takeRecord(
        _ reader: inout ByteReader, _ bytes: Span<UInt8>
    ) throws(DecodingFailure) {
        let start = reader.offset
        guard !isComplete,
            let record = SnapshotRecord(rawValue: try reader.read(UInt8.self, "record"))
        else { throw DecodingFailure(what: "record", offset: start) }
        switch record {
        case .string:
            let key = try hashKey(&reader, bytes)
            sum &+= mixed(try hash(of: "value", from: key, &reader, bytes))
        case .hash, .timedHash:
            let key = try hashKey(&reader, bytes)
            sum &+= mixed(
                try hashFields(from: key, areTimed: record == .timedHash, &reader, bytes))
        case .largeValue: large.append(try hashKey(&reader, bytes))
        case .bytes:
            let place = try currentLarge(start)
            large[place] = try hash(of: "part of a value", from: large[place], &reader, bytes)
        case .fields, .timedFields:
            let place = try currentLarge(start)
            large[place] = try hashFields(
                from: large[place], areTimed: record == .timedFields, &reader, bytes)
        case .begunField, .timedBegunField:
            let place = try currentLarge(start)
            if record == .timedBegunField { try takeDeadline(into: &large[place], &reader) }
            large[place] = try hash(of: "field", from: large[place], &reader, bytes)
        case .valueEnd:
            sum &+= mixed(large[try currentLarge(start)])
            firstLarge += 1
            if firstLarge == large.count {
                large.removeAll()
                firstLarge = 0
            }
        case .end:
            sum &+= try reader.read(UInt64.self, "count of keys")
            guard large.isEmpty else {
                throw DecodingFailure(what: "end of a large value", offset: start)
            }
            isComplete = true
        }
    }

    /// The place in ``large`` of the value whose parts come.
    private func currentLarge(_ offset: Int) throws(DecodingFailure) -> Int {
        guard firstLarge < large.count else {
            throw DecodingFailure(what: "part of no value", offset: offset)
        }
        return firstLarge
    }

    private func hashKey(
        _ reader: inout ByteReader, _ bytes: Span<UInt8>
    ) throws(DecodingFailure) -> UInt64 {
        let tag = try reader.read(UInt8.self, "type")
        let key = try hash(of: "key", from: UInt64(tag), &reader, bytes)
        guard tag & SnapshotRecord.deadlineBit != 0 else { return key }
        return mixed(key ^ UInt64(bitPattern: try reader.read(Int64.self, "deadline")))
    }

    private func hashFields(
        from start: UInt64, areTimed: Bool, _ reader: inout ByteReader, _ bytes: Span<UInt8>
    ) throws(DecodingFailure) -> UInt64 {
        var value = start
        for _ in 0..<(try reader.read(UInt32.self, "count of fields")) {
            if areTimed { try takeDeadline(into: &value, &reader) }
            value = try hash(of: "field", from: value, &reader, bytes)
            value = try hash(of: "value of a field", from: value, &reader, bytes)
        }
        return value
    }

    /// Continues a hash by a field's deadline. None leaves no mark: whether the others of a hash have
    /// one says nothing of a field.
    private func takeDeadline(
        into hash: inout UInt64, _ reader: inout ByteReader
    ) throws(DecodingFailure) {
        let deadline = try reader.read(Int64.self, "deadline of a field")
        if deadline != Keyspace.noDeadline {
            hash = mixed(mixed(hash) ^ UInt64(bitPattern: deadline))
        }
    }

    /// Continues a hash by bytes that are preceded by their count.
    private func hash(
        of what: String, from start: UInt64, _ reader: inout ByteReader, _ bytes: Span<UInt8>
    ) throws(DecodingFailure) -> UInt64 {
        let byteCount = try reader.read(UInt32.self, what)
        let range = try reader.skip(Int(byteCount), what)
        return mixed(Entry.hash(of: bytes.extracting(range), secret: start))
    }
}

private func mixed(_ value: UInt64) -> UInt64 {
    SplitMix64.mix(value &+ 0x9E37_79B9_7F4A_7C15)
}
