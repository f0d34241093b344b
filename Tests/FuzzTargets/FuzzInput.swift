import Primitives

/// Reads an input as a program. Past its end everything is zero or empty.
struct FuzzInput {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset >= bytes.count }

    mutating func byte() -> UInt8 {
        guard offset < bytes.count else { return 0 }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// The lower byte first.
    mutating func number() -> Int {
        let low = Int(byte())
        return low | Int(byte()) << 8
    }

    /// A byte count of two bytes, and as many bytes of those as there are.
    mutating func piece() -> [UInt8] {
        let byteCount = number()
        let end = min(bytes.count, offset + byteCount)
        guard offset < end else { return [] }
        defer { offset = end }
        return Array(bytes[offset..<end])
    }

    /// Everything that is left.
    mutating func rest() -> [UInt8] {
        defer { offset = bytes.count }
        return Array(bytes[min(offset, bytes.count)...])
    }
}

extension [UInt8] {
    /// Appends what ``FuzzInput/piece()`` reads.
    mutating func append(piece: [UInt8]) {
        append(littleEndian: UInt16(piece.count))
        append(contentsOf: piece)
    }
}

/// The places at which a stream is cut, drawn from a byte of the input.
struct Cuts {
    private var generator: SeededGenerator
    private let limit: Int

    init(seed: UInt8) {
        generator = SeededGenerator(seed: UInt64(seed))
        limit = [1, 3, 16, 200][Int(seed & 3)]
    }

    /// The ranges of `byteCount` bytes, in order; none is empty.
    mutating func ranges(of byteCount: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        while start < byteCount {
            let end = Swift.min(byteCount, start + 1 + generator.below(limit))
            ranges.append(start..<end)
            start = end
        }
        return ranges
    }
}
