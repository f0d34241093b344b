import Keyspace
import Primitives
import Topology

/// A replica's state as a file and on its way to a follower.
///
/// ```
/// UInt8   format (3)
/// UInt64  index of the last entry that the state holds
/// UInt16  apply level: what a build must know to go on from here
/// UInt32  checksum
/// blocks: UInt32 byte count, UInt32 checksum, bytes; the last one is empty
/// ```
///
/// A checksum is the CRC-32C of everything before it but the checksums; so the last one stands for
/// the whole file. The first block of a shard's holds its slots (``ServedSlots``), each other one the
/// number of a database (``DatabaseID``) and whole records of it (``SnapshotDecoder``); a whole database without
/// keys has none. The directory's one block is its state. Term,
/// membership and clock are in the journal's record of the snapshot, and travel in front of it.
enum SnapshotFile {
    static let format: UInt8 = 3
    static let headerByteCount = 15
    static let blockHeaderByteCount = 8
    static let maxBlockByteCount = 1 << 28
}

/// Makes the bytes of a snapshot file, part by part.
struct SnapshotFileWriter: Sendable {
    private(set) var checksum: UInt32 = 0
    private(set) var byteCount = 0

    init() {}

    mutating func header(index: LogIndex) -> [UInt8] {
        var bytes: [UInt8] = [SnapshotFile.format]
        bytes.append(littleEndian: index.rawValue)
        bytes.append(littleEndian: applyLevel)
        checksum = crc32c(bytes.span)
        bytes.append(littleEndian: checksum)
        byteCount = bytes.count
        return bytes
    }

    /// A block of `body`, which is not empty.
    mutating func block(_ body: [UInt8]) -> [UInt8] {
        precondition(!body.isEmpty, "an empty block ends a snapshot")
        return seal(body)
    }

    /// What comes after the last block.
    mutating func end() -> [UInt8] { seal([]) }

    private mutating func seal(_ body: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(SnapshotFile.blockHeaderByteCount + body.count)
        bytes.append(littleEndian: UInt32(body.count))
        checksum = crc32c(body.span, continuing: crc32c(bytes.span, continuing: checksum))
        bytes.append(littleEndian: checksum)
        bytes.append(contentsOf: body)
        byteCount += bytes.count
        return bytes
    }
}

/// Makes a replica's state of a snapshot file's bytes, as they come.
///
/// A class because its keyspace can't be copied and loops keep several.
final class SnapshotFileReader {
    private var state: State
    private var blocks: SnapshotBlocks
    /// Whether the whole state has come.
    private(set) var isComplete = false

    private struct State: ~Copyable {
        let kind: StateMachine.Kind
        var directory: DirectoryState?
        var slots: ServedSlots?
        let hashSecret: UInt64
        let compactLimits: CompactLimits
        var keyspace: SnapshotDecoder
        /// Of the whole databases that have come, by number.
        var whole = SortedMap<Int, WholeDatabaseReader>()

        /// Whether every database that has come is complete.
        var isComplete: Bool {
            keyspace.isComplete && whole.values.allSatisfy { $0.decoder.isComplete }
        }
    }

    /// A class because its keyspace can't be copied.
    private final class WholeDatabaseReader {
        var decoder: SnapshotDecoder

        init(hashSecret: UInt64, compactLimits: CompactLimits) {
            decoder = SnapshotDecoder(
                hashSecret: hashSecret, isWhole: true, compactLimits: compactLimits)
        }
    }

    /// - Parameters:
    ///   - kind: What the state is of.
    ///   - index: The index that the file must have.
    ///   - hashSecret: The cluster's.
    ///   - compactLimits: Up to which size hashes are made compact.
    init(
        kind: StateMachine.Kind, index: LogIndex, hashSecret: UInt64,
        compactLimits: CompactLimits = CompactLimits()
    ) {
        blocks = SnapshotBlocks(index: index)
        state = State(
            kind: kind, hashSecret: hashSecret, compactLimits: compactLimits,
            keyspace: SnapshotDecoder(hashSecret: hashSecret, compactLimits: compactLimits))
    }

    /// See ``SnapshotBlocks/checksum``.
    var checksum: UInt32 { blocks.checksum }

    /// Takes in the next bytes of the file.
    ///
    /// - Throws: ``DecodingFailure`` when they are not a snapshot's; the reader is of no use then.
    func read(_ bytes: ArraySlice<UInt8>) throws(DecodingFailure) {
        blocks.append(bytes)
        while let block = try blocks.next() {
            if block.isEmpty {
                try end()
            } else {
                try take(blocks.pending, block)
            }
        }
    }

    private func take(_ bytes: [UInt8], _ block: Range<Int>) throws(DecodingFailure) {
        switch state.kind {
        case .directory:
            guard state.directory == nil else {
                throw DecodingFailure(what: "second state", offset: block.lowerBound)
            }
            state.directory = try DirectoryState(decoding: Array(bytes[block]))
        case .shard where state.slots == nil:
            var reader = ByteReader(bytes, in: block)
            state.slots = try ServedSlots(reading: &reader)
            try reader.expectEnd("slots")
        case .shard: try takeRecords(bytes, block)
        }
    }

    private func takeRecords(_ bytes: [UInt8], _ block: Range<Int>) throws(DecodingFailure) {
        guard let database = DatabaseID(rawValue: bytes[block.lowerBound]) else {
            throw DecodingFailure(what: "database", offset: block.lowerBound)
        }
        let records = block.lowerBound + 1..<block.upperBound
        guard let number = database.number else {
            return try state.keyspace.decode(bytes, in: records)
        }
        let reader =
            state.whole[number]
            ?? WholeDatabaseReader(
                hashSecret: state.hashSecret, compactLimits: state.compactLimits)
        state.whole[number] = reader
        try reader.decoder.decode(bytes, in: records)
    }

    private func end() throws(DecodingFailure) {
        guard state.directory != nil || state.isComplete else {
            throw DecodingFailure(what: "end of a snapshot", offset: 0)
        }
        isComplete = true
    }

    /// Puts the state in the place of the machine's; the file must be complete.
    func finish(into machine: StateMachine) {
        precondition(isComplete, "half a snapshot is used")
        if let directory = state.directory { machine.directory = directory }
        if let slots = state.slots {
            machine.slots = slots
            state.keyspace.finish(into: &machine.keyspace)
            for (number, database) in machine.wholeDatabases.enumerated() {
                if let reader = state.whole[number] {
                    reader.decoder.finish(into: &database.keyspace)
                } else {
                    database.empty(hashSecret: state.hashSecret)
                }
            }
        }
    }

    /// Leaves what was read to the machine, which frees it by and by.
    func abandon(to machine: StateMachine) {
        state.keyspace.abandon(to: &machine.keyspace)
        for (number, reader) in state.whole {
            reader.decoder.abandon(to: &machine.wholeDatabases[number].keyspace)
        }
    }
}

extension SnapshotFile {
    /// Checks a whole file.
    ///
    /// - Returns: Its last checksum, which stands for all of it.
    /// - Throws: ``DecodingFailure`` when it is not that snapshot, whole and unaltered.
    static func check(
        _ bytes: [UInt8], expecting index: LogIndex
    ) throws(DecodingFailure) -> UInt32 {
        var checksum = try checkHeader(of: bytes, expecting: index)
        var offset = headerByteCount
        while let block = try block(of: bytes, at: offset, checksum: &checksum) {
            offset = block.upperBound
            if block.isEmpty {
                guard offset == bytes.count else { break }
                return checksum
            }
        }
        throw DecodingFailure(what: "end of a snapshot", offset: offset)
    }

    /// Whether a later version of Martlet wrote the file: no damage, so nothing to be made anew. The
    /// header stays as it is in every format, so that a damaged one can be told from a later one.
    static func isNewer(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= headerByteCount else { return false }
        var reader = ByteReader(bytes, in: 9..<headerByteCount)
        guard let level = try? reader.read(UInt16.self, "apply level"),
            let checksum = try? reader.read(UInt32.self, "snapshot checksum"),
            checksum == crc32c(bytes.span.extracting(0..<11))
        else { return false }
        return bytes[0] > format || level > applyLevel
    }

    static func checkHeader(
        of bytes: [UInt8], expecting index: LogIndex
    ) throws(DecodingFailure) -> UInt32 {
        var reader = ByteReader(bytes)
        guard try reader.read(UInt8.self, "snapshot format") == format else {
            throw DecodingFailure(what: "snapshot format", offset: 0)
        }
        guard LogIndex(try reader.read(UInt64.self, "snapshot index")) == index else {
            throw DecodingFailure(what: "snapshot index", offset: 1)
        }
        let level = try reader.read(UInt16.self, "apply level")
        let checksum = crc32c(bytes.span.extracting(0..<reader.offset))
        guard try reader.read(UInt32.self, "snapshot checksum") == checksum else {
            throw DecodingFailure(what: "snapshot checksum", offset: reader.offset - 4)
        }
        guard level <= applyLevel else {
            throw DecodingFailure(what: "apply level \(level), which this build lacks", offset: 9)
        }
        return checksum
    }

    /// The bytes of the block at `offset`; `nil` when it is not there as a whole.
    static func block(
        of bytes: [UInt8], at offset: Int, checksum: inout UInt32
    ) throws(DecodingFailure) -> Range<Int>? {
        let start = offset + blockHeaderByteCount
        guard start <= bytes.count else { return nil }
        var reader = ByteReader(bytes, in: offset..<start)
        let byteCount = Int(try reader.read(UInt32.self, "block length"))
        let expected = try reader.read(UInt32.self, "block checksum")
        guard byteCount <= maxBlockByteCount else {
            throw DecodingFailure(what: "block length", offset: offset)
        }
        guard start + byteCount <= bytes.count else { return nil }
        let span = bytes.span
        let found = crc32c(
            span.extracting(start..<start + byteCount),
            continuing: crc32c(span.extracting(offset..<offset + 4), continuing: checksum))
        guard found == expected else {
            throw DecodingFailure(what: "block checksum", offset: offset)
        }
        checksum = found
        return start..<start + byteCount
    }
}
