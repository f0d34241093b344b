package import Primitives
package import RESP

/// Names what one connection of a plain listener asks of one shard, on the connection's own loop.
package struct StreamKey: Equatable, Sendable {
    package var connection: ConnectionID
    package var group: GroupID
}

/// Requests of plain connections on their way to the leader of a shard, and what comes back.
///
/// What one connection asks of one shard is a *stream*; while one node leads, it gets the requests in one
/// *attempt*, numbered through from 0. All that follows a request that is missing or refused is refused.
///
/// A frame is `UInt16` loop · `UInt64` incarnation · items: the loop is the connections' own, the
/// incarnation tells one process of their node from the next. An item is a byte for its kind · `UInt32`
/// connection index · `UInt32` connection generation · `UInt32` group, and then:
///
/// ```
/// 1 request  UInt32 attempt · UInt32 number · UInt8 database · UInt16 slot · UInt8 RESP version
///            · UInt32 byte count · the request as the client sent it
/// 2 closed   nothing: the connection is gone; the group is 0
/// 3 reply    UInt32 attempt · UInt32 number · UInt32 bytes of it before · UInt32 bytes of it after
///            · UInt32 byte count · bytes
/// 4 refusal  UInt32 attempt · UInt32 number: from this one on, none was done or will be
/// 5 part     as 1: a part of a client's request, which counts on the loop that made parts of it
/// ```
///
/// Numbers have their lowest byte first. Requests and `closed` go to a leader, the others come from one.
package enum ForwardFrame {
    package static let headerByteCount = 10
    /// A longer reply comes in parts of this size.
    package static let partByteCount = 1 << 20

    package enum Kind: UInt8 {
        case request = 1
        case closed = 2
        case reply = 3
        case refusal = 4
        case part = 5
    }

    /// A place in a stream.
    package struct Place: Equatable, Sendable {
        package var attempt: UInt32
        package var number: UInt32

        package init(attempt: UInt32, number: UInt32) {
            self.attempt = attempt
            self.number = number
        }

        /// The place as the number of a session's reply.
        package init(sequence: UInt64) {
            attempt = UInt32(truncatingIfNeeded: sequence >> 32)
            number = UInt32(truncatingIfNeeded: sequence)
        }

        package var sequence: UInt64 { UInt64(attempt) << 32 | UInt64(number) }
    }

    package static func begin(loop: Int, incarnation: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt16(loop))
        bytes.append(littleEndian: incarnation)
        return bytes
    }

    package static func append(
        request: Span<UInt8>, at target: DatabaseSlot, version: RESPVersion, of stream: StreamKey,
        _ place: Place, isPart: Bool, to bytes: inout [UInt8]
    ) {
        append(isPart ? .part : .request, stream, to: &bytes)
        append(place, to: &bytes)
        bytes.append(target.database.rawValue)
        bytes.append(littleEndian: target.slot.rawValue)
        bytes.append(version.rawValue)
        bytes.append(littleEndian: UInt32(request.count))
        bytes.append(copying: request)
    }

    package static func append(closed connection: ConnectionID, to bytes: inout [UInt8]) {
        append(.closed, StreamKey(connection: connection, group: .directory), to: &bytes)
    }

    package static func append(
        part: Range<Int>, of reply: Span<UInt8>, _ place: Place, _ stream: StreamKey,
        to bytes: inout [UInt8]
    ) {
        append(.reply, stream, to: &bytes)
        append(place, to: &bytes)
        bytes.append(littleEndian: UInt32(part.lowerBound))
        bytes.append(littleEndian: UInt32(reply.count - part.upperBound))
        bytes.append(littleEndian: UInt32(part.count))
        bytes.append(copying: reply.extracting(part))
    }

    package static func append(
        refusalFrom place: Place, of stream: StreamKey, to bytes: inout [UInt8]
    ) {
        append(.refusal, stream, to: &bytes)
        append(place, to: &bytes)
    }

    private static func append(_ kind: Kind, _ stream: StreamKey, to bytes: inout [UInt8]) {
        bytes.append(kind.rawValue)
        bytes.append(littleEndian: stream.connection.index)
        bytes.append(littleEndian: stream.connection.generation)
        bytes.append(littleEndian: stream.group.rawValue)
    }

    private static func append(_ place: Place, to bytes: inout [UInt8]) {
        bytes.append(littleEndian: place.attempt)
        bytes.append(littleEndian: place.number)
    }
}

/// Reads a frame's items in place.
package struct ForwardReader {
    package let loop: Int
    package let incarnation: UInt64
    private var reader: ByteReader

    package enum Item {
        case request(
            StreamKey, ForwardFrame.Place, DatabaseSlot, RESPVersion, isPart: Bool,
            bytes: Range<Int>)
        case closed(ConnectionID)
        case reply(StreamKey, ForwardFrame.Place, before: Int, after: Int, bytes: Range<Int>)
        case refusal(StreamKey, from: ForwardFrame.Place)
    }

    package init(_ bytes: [UInt8]) throws(DecodingFailure) {
        reader = ByteReader(bytes)
        loop = Int(try reader.read(UInt16.self, "loop"))
        incarnation = try reader.read(UInt64.self, "incarnation")
    }

    /// The next item; `nil` at the end.
    package mutating func next() throws(DecodingFailure) -> Item? {
        guard !reader.isAtEnd else { return nil }
        let start = reader.offset
        guard let kind = ForwardFrame.Kind(rawValue: try reader.read(UInt8.self, "item")) else {
            throw DecodingFailure(what: "kind of an item", offset: start)
        }
        let stream = StreamKey(
            connection: ConnectionID(
                index: try reader.read(UInt32.self, "connection"),
                generation: try reader.read(UInt32.self, "connection")),
            group: GroupID(try reader.read(UInt32.self, "group")))
        switch kind {
        case .closed: return .closed(stream.connection)
        case .request, .part:
            let place = try readPlace()
            let target = try readTarget()
            let version = try reader.read(UInt8.self, "RESP version")
            guard let version = RESPVersion(rawValue: version) else {
                throw DecodingFailure(what: "RESP version", offset: reader.offset - 1)
            }
            return .request(
                stream, place, target, version, isPart: kind == .part, bytes: try readBytes())
        case .reply:
            let place = try readPlace()
            let before = Int(try reader.read(UInt32.self, "bytes before"))
            let after = Int(try reader.read(UInt32.self, "bytes after"))
            return .reply(stream, place, before: before, after: after, bytes: try readBytes())
        case .refusal: return .refusal(stream, from: try readPlace())
        }
    }

    private mutating func readPlace() throws(DecodingFailure) -> ForwardFrame.Place {
        ForwardFrame.Place(
            attempt: try reader.read(UInt32.self, "attempt"),
            number: try reader.read(UInt32.self, "number"))
    }

    private mutating func readTarget() throws(DecodingFailure) -> DatabaseSlot {
        let start = reader.offset
        let database = DatabaseID(rawValue: try reader.read(UInt8.self, "database"))
        let slot = SlotID(try reader.read(UInt16.self, "slot"))
        guard let database, slot.rawValue < SlotID.count else {
            throw DecodingFailure(what: "database and slot", offset: start)
        }
        return DatabaseSlot(slot: slot, database: database)
    }

    private mutating func readBytes() throws(DecodingFailure) -> Range<Int> {
        let byteCount = try reader.read(UInt32.self, "byte count")
        return try reader.skip(Int(byteCount), "bytes")
    }
}
