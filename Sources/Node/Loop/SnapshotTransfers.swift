import Primitives

/// The snapshots that this loop is sending and receiving.
struct SnapshotTransfers: Sendable {
    /// A snapshot on its way to a follower.
    struct Outgoing: Sendable {
        var group: GroupID
        var member: Member
        var metadata: SnapshotMetadata
        var body: [UInt8]
        /// Of ``body``.
        var checksum: UInt32
        /// Bytes sent; chunks up to ``windowCount`` may be unacknowledged.
        var sentByteCount = 0
        var acknowledgedByteCount = 0
        var lastProgress: Instant
    }

    /// A snapshot on its way from a leader.
    struct Incoming: Sendable {
        var group: GroupID
        var metadata: SnapshotMetadata
        var totalByteCount: Int
        var checksum: UInt32
        var body: [UInt8] = []
        var lastProgress: Instant
    }

    static let windowCount = 4
    static let staleMilliseconds = 10_000
    static let resendMilliseconds = 1000

    var outgoing: [Outgoing] = []
    var incoming: [Incoming] = []

    /// Where what has come so far of `snapshot` is.
    func place(of snapshot: Incoming) -> Int? {
        incoming.firstIndex {
            $0.group == snapshot.group && $0.metadata == snapshot.metadata
                && $0.totalByteCount == snapshot.totalByteCount
                && $0.checksum == snapshot.checksum
        }
    }

    mutating func dropStale(now: Instant) {
        outgoing.removeAll { now.milliseconds(since: $0.lastProgress) > Self.staleMilliseconds }
        incoming.removeAll { now.milliseconds(since: $0.lastProgress) > Self.staleMilliseconds }
    }
}

/// What travels in a ``FrameType/snapshotChunk`` frame. The numbers go over the wire: append only.
enum SnapshotFrame: Equatable, Sendable {
    case chunk(
        group: GroupID, metadata: SnapshotMetadata, offset: Int, totalByteCount: Int,
        checksum: UInt32, bytes: [UInt8])
    /// The receiver has everything before `nextOffset`.
    case acknowledgement(group: GroupID, index: LogIndex, nextOffset: Int)

    var group: GroupID {
        switch self {
        case .chunk(let group, _, _, _, _, _), .acknowledgement(let group, _, _): group
        }
    }

    func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .chunk(let group, let metadata, let offset, let total, let checksum, let part):
            bytes.append(1)
            bytes.append(littleEndian: group.rawValue)
            bytes.append(littleEndian: metadata.index.rawValue)
            bytes.append(littleEndian: metadata.term.rawValue)
            bytes.append(littleEndian: metadata.stamp)
            metadata.configuration.encode(into: &bytes)
            bytes.append(littleEndian: UInt64(offset))
            bytes.append(littleEndian: UInt64(total))
            bytes.append(littleEndian: checksum)
            bytes.append(sized: part)
        case .acknowledgement(let group, let index, let nextOffset):
            bytes.append(2)
            bytes.append(littleEndian: group.rawValue)
            bytes.append(littleEndian: index.rawValue)
            bytes.append(littleEndian: UInt64(nextOffset))
        }
        return bytes
    }

    init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(bytes)
        let kind = try reader.read(UInt8.self, "snapshot frame kind")
        let group = GroupID(try reader.read(UInt32.self, "group"))
        let index = try reader.readIndex("index")
        switch kind {
        case 1:
            let term = try reader.readTerm("term")
            let stamp = try reader.readStamp("stamp")
            let metadata = SnapshotMetadata(
                index: index, term: term, configuration: try Configuration(reading: &reader),
                stamp: stamp)
            let offset = try reader.read(UInt64.self, "offset")
            let total = try reader.read(UInt64.self, "total")
            let checksum = try reader.read(UInt32.self, "checksum")
            self = .chunk(
                group: group, metadata: metadata, offset: Int(truncatingIfNeeded: offset),
                totalByteCount: Int(truncatingIfNeeded: total), checksum: checksum,
                bytes: try reader.readSized("chunk"))
        case 2:
            self = .acknowledgement(
                group: group, index: index,
                nextOffset: Int(
                    truncatingIfNeeded: try reader.read(UInt64.self, "next offset")))
        default: throw DecodingFailure(what: "snapshot frame kind", offset: 0)
        }
        try reader.expectEnd("snapshot frame")
    }
}
