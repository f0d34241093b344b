/// Bytes ended early, or hold a value that their format does not allow.
package struct DecodingFailure: Error, Equatable, Sendable {
    /// What was being read.
    package let what: String
    /// Where in the bytes, counted from their start.
    package let offset: Int

    package init(what: String, offset: Int) {
        self.what = what
        self.offset = offset
    }
}

extension [UInt8] {
    /// Appends `value` in as many bytes as its type has, the lowest first.
    @inlinable
    package mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        var rest = value
        for _ in 0..<MemoryLayout<Value>.size {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    /// Overwrites the bytes at `offset` with `value`, the lowest byte first.
    @inlinable
    package mutating func store<Value: FixedWidthInteger>(littleEndian value: Value, at offset: Int)
    {
        var rest = value
        for position in offset..<offset + MemoryLayout<Value>.size {
            self[position] = UInt8(truncatingIfNeeded: rest)
            rest >>= 8
        }
    }

    /// Appends a `UInt32` byte count and the bytes.
    package mutating func append(sized bytes: [UInt8]) {
        append(littleEndian: UInt32(bytes.count))
        append(contentsOf: bytes)
    }

    /// Appends a `UInt32` byte count and the UTF-8 bytes of `text`.
    package mutating func append(sized text: String) {
        append(sized: [UInt8](text.utf8))
    }

    /// Appends a copy of `bytes`.
    package mutating func append(copying bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    package init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }
}

/// Reads what the appending methods above wrote. Every read checks that the bytes are there.
package struct ByteReader: Sendable {
    private let bytes: [UInt8]
    package private(set) var offset: Int
    private let end: Int

    package init(_ bytes: [UInt8]) { self.init(bytes, in: 0..<bytes.count) }

    package init(_ bytes: [UInt8], in range: Range<Int>) {
        precondition(range.upperBound <= bytes.count, "range \(range) of \(bytes.count) bytes")
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    package var remainingByteCount: Int { end - offset }
    package var isAtEnd: Bool { offset == end }

    @inlinable
    package mutating func read<Value: FixedWidthInteger>(
        _ type: Value.Type, _ what: String
    ) throws(DecodingFailure) -> Value {
        Value(truncatingIfNeeded: try readWord(MemoryLayout<Value>.size, what))
    }

    /// An integer of up to eight bytes; the generic ``read(_:_:)`` is only a shell around it, so that
    /// no arithmetic goes through protocol witnesses.
    package mutating func readWord(
        _ byteCount: Int, _ what: String
    ) throws(DecodingFailure) -> UInt64 {
        precondition(byteCount <= 8, "an integer of \(byteCount) bytes")
        guard end - offset >= byteCount else {
            throw DecodingFailure(what: what, offset: offset)
        }
        var word: UInt64 = 0
        for position in (offset..<offset + byteCount).reversed() {
            word = word << 8 | UInt64(bytes[position])
        }
        offset += byteCount
        return word
    }

    /// `byteCount` bytes.
    package mutating func readBytes(_ byteCount: Int, _ what: String) throws(DecodingFailure)
        -> [UInt8]
    {
        guard byteCount >= 0, end - offset >= byteCount else {
            throw DecodingFailure(what: what, offset: offset)
        }
        offset += byteCount
        return Array(bytes[offset - byteCount..<offset])
    }

    /// A `UInt32` byte count, then the bytes.
    package mutating func readSized(_ what: String) throws(DecodingFailure) -> [UInt8] {
        let byteCount = try read(UInt32.self, what)
        return try readBytes(Int(byteCount), what)
    }

    /// A `UInt32` byte count, then UTF-8 text.
    package mutating func readText(_ what: String) throws(DecodingFailure) -> String {
        let start = offset
        let bytes = try readSized(what)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DecodingFailure(what: what, offset: start)
        }
        return text
    }

    /// The range of the next `byteCount` bytes, which are passed over.
    package mutating func skip(_ byteCount: Int, _ what: String) throws(DecodingFailure) -> Range<
        Int
    > {
        guard byteCount >= 0, end - offset >= byteCount else {
            throw DecodingFailure(what: what, offset: offset)
        }
        offset += byteCount
        return offset - byteCount..<offset
    }

    /// Fails unless every byte has been read.
    package func expectEnd(_ what: @autoclosure () -> String) throws(DecodingFailure) {
        guard isAtEnd else { throw DecodingFailure(what: what(), offset: offset) }
    }
}
