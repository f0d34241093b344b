import Primitives

/// A snapshot on disk: `UInt8` format (1) · `UInt64` index · body · `UInt32` CRC-32C of all before.
enum SnapshotFile {
    static let format: UInt8 = 1
    private static let headerByteCount = 9

    static func bytes(index: LogIndex, body: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + headerByteCount + 4)
        bytes.append(format)
        bytes.append(littleEndian: index.rawValue)
        bytes.append(contentsOf: body)
        bytes.append(littleEndian: crc32c(bytes.span))
        return bytes
    }

    /// The body of the snapshot that `bytes` hold.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - index: What the journal says the snapshot's index is.
    /// - Returns: What ``StateMachine/encodeSnapshot()`` gave.
    /// - Throws: ``DecodingFailure`` when the file is not that snapshot, whole and unaltered.
    static func body(
        of bytes: [UInt8], expecting index: LogIndex
    ) throws(DecodingFailure) -> [UInt8] {
        let end = bytes.count - 4
        guard end >= headerByteCount else {
            throw DecodingFailure(what: "snapshot file length", offset: bytes.count)
        }
        var tail = ByteReader(bytes, in: end..<bytes.count)
        guard
            try tail.read(UInt32.self, "snapshot checksum")
                == crc32c(bytes.span.extracting(0..<end))
        else { throw DecodingFailure(what: "snapshot checksum", offset: end) }
        var reader = ByteReader(bytes, in: 0..<end)
        guard try reader.read(UInt8.self, "snapshot format") == format else {
            throw DecodingFailure(what: "snapshot format", offset: 0)
        }
        guard LogIndex(try reader.read(UInt64.self, "snapshot index")) == index else {
            throw DecodingFailure(what: "snapshot index", offset: 1)
        }
        return try reader.readBytes(reader.remainingByteCount, "snapshot body")
    }
}
