import Primitives
import RESP

/// What a command of an entry is. Written to the log: append only.
struct EntryFlags: OptionSet, Sendable {
    let rawValue: UInt8
    /// Remove every key of the database; there are no request bytes.
    static let flushDatabase = EntryFlags(rawValue: 1)
    /// Remove keys whose deadline has passed; there are no request bytes.
    static let expire = EntryFlags(rawValue: 2)
    /// Compare the replicas' states as they are here; there are no request bytes.
    static let checkState = EntryFlags(rawValue: 4)
    /// End the process, if `DEBUG` is allowed there: a fault that `DEBUG POISON` plants. Elsewhere its request
    /// is none that can be run.
    static let poison = EntryFlags(rawValue: 8)
}

/// The payload of a shard's entry: the writes that reached it while the disk was busy.
///
/// Layout, all integers with the lowest byte first:
/// `UInt8` format (1) · `UInt16` apply level · `UInt64` seed · `UInt32` command count, then for each
/// command `UInt32` byte count · `UInt16` slot · `UInt8` flags · `UInt8` database · the request as
/// the client sent it. A tick is an entry without commands.
enum EntryPayload {
    static let format: UInt8 = 1
    static let headerByteCount = 15
    static let commandHeaderByteCount = 8

    /// Begins a payload in `bytes`, which are empty.
    static func begin(in bytes: inout [UInt8], level: UInt16, seed: UInt64) {
        bytes.append(format)
        bytes.append(littleEndian: level)
        bytes.append(littleEndian: seed)
        bytes.append(littleEndian: UInt32(0))
    }

    /// Ends a payload of so many commands.
    ///
    /// - Returns: The payload. It stays in memory for a while, so it has no room that it doesn't need;
    ///   `bytes` are empty then and may serve again.
    static func end(_ bytes: inout [UInt8], commandCount: Int) -> [UInt8] {
        bytes.store(littleEndian: UInt32(commandCount), at: 11)
        let payload = [UInt8](copying: bytes.span)
        bytes.removeAll(keepingCapacity: bytes.capacity <= keptCapacity)
        return payload
    }

    /// Room that is kept for the next payload.
    private static let keptCapacity = 1 << 16

    static func append(
        _ request: Span<UInt8>, place: DatabaseSlot, flags: EntryFlags, to bytes: inout [UInt8]
    ) {
        bytes.append(
            littleEndian: UInt64(UInt32(request.count)) | UInt64(place.slot.rawValue) << 32
                | UInt64(flags.rawValue) << 48 | UInt64(place.database.rawValue) << 56)
        bytes.append(copying: request)
    }

    /// The header of a payload.
    struct Header {
        var level: UInt16
        var seed: UInt64
        var commandCount: Int
    }

    static func header(of bytes: Span<UInt8>) throws(DecodingFailure) -> Header {
        guard bytes.count >= headerByteCount, bytes[0] == format else {
            throw DecodingFailure(what: "entry header", offset: 0)
        }
        return Header(
            level: UInt16(load(bytes, at: 1, byteCount: 2)),
            seed: load(bytes, at: 3, byteCount: 8),
            commandCount: Int(load(bytes, at: 11, byteCount: 4)))
    }

    /// One command's place in a payload.
    struct Command {
        var place: DatabaseSlot
        var flags: EntryFlags
        var request: Range<Int>
    }

    /// The command at `offset`, which moves past it.
    static func command(
        of bytes: Span<UInt8>, at offset: inout Int
    ) throws(DecodingFailure) -> Command {
        guard bytes.count - offset >= commandHeaderByteCount else {
            throw DecodingFailure(what: "command header", offset: offset)
        }
        let header = UInt64(
            littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(
                fromByteOffset: offset, as: UInt64.self))
        let byteCount = Int(header & 0xFFFF_FFFF)
        let start = offset + commandHeaderByteCount
        guard bytes.count - start >= byteCount else {
            throw DecodingFailure(what: "command", offset: offset)
        }
        let slot = SlotID(UInt16(header >> 32 & 0xFFFF))
        guard slot.rawValue < SlotID.count else {
            throw DecodingFailure(what: "slot of a command", offset: offset)
        }
        guard let database = DatabaseID(rawValue: UInt8(header >> 56)) else {
            throw DecodingFailure(what: "database of a command", offset: offset)
        }
        let command = Command(
            place: DatabaseSlot(slot: slot, database: database),
            flags: EntryFlags(rawValue: UInt8(header >> 48 & 0xFF)),
            request: start..<start + byteCount)
        offset = start + byteCount
        return command
    }

    private static func load(_ bytes: Span<UInt8>, at offset: Int, byteCount: Int) -> UInt64 {
        var value: UInt64 = 0
        for position in (offset..<offset + byteCount).reversed() {
            value = value << 8 | UInt64(bytes[position])
        }
        return value
    }
}
