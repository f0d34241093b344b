import Primitives

/// The snapshots that this loop is sending and receiving.
struct SnapshotTransfers {
    /// A snapshot on its way to a follower.
    struct Outgoing: Sendable {
        var group: GroupID
        var member: Member
        var snapshot: StoredSnapshot
        /// Bytes sent; chunks up to ``windowCount`` may be unacknowledged.
        var sentByteCount = 0
        var acknowledgedByteCount = 0
        /// Whether the next chunk is being read.
        var isReading = false
        var lastProgress: Instant
        /// What has been read of the file, from its beginning on, to see whether it is sound.
        var blocks: SnapshotBlocks
        var checkedByteCount = 0

        init(group: GroupID, member: Member, snapshot: StoredSnapshot, now: Instant) {
            self.group = group
            self.member = member
            self.snapshot = snapshot
            lastProgress = now
            blocks = SnapshotBlocks(index: snapshot.metadata.index)
        }

        /// Checks what was read of the file, anew each time from its beginning on. What is sent once more
        /// from the middle is as it is: a follower that finds it bad begins anew.
        ///
        /// - Parameters:
        ///   - bytes: The ones at `offset`.
        ///   - offset: At most where the last check ended.
        ///   - byteCount: How many there must be.
        /// - Throws: ``DecodingFailure`` when this is not the file any more that was written.
        mutating func check(
            _ bytes: [UInt8], at offset: Int, byteCount: Int
        ) throws(DecodingFailure) {
            guard bytes.count == byteCount else {
                throw DecodingFailure(what: "end of a snapshot", offset: offset + bytes.count)
            }
            if offset == 0 {
                blocks = SnapshotBlocks(index: snapshot.metadata.index)
                checkedByteCount = 0
            }
            guard offset == checkedByteCount else { return }
            checkedByteCount += bytes.count
            blocks.append(bytes[...])
            while let block = try blocks.next(), !block.isEmpty {}
            guard checkedByteCount == snapshot.byteCount else { return }
            guard blocks.isComplete, blocks.checksum == snapshot.checksum else {
                throw DecodingFailure(what: "snapshot checksum", offset: offset)
            }
        }
    }

    /// A follower that waits for a snapshot to be taken.
    struct Waiting: Equatable, Sendable {
        var group: GroupID
        var member: Member
    }

    /// A follower that has got a snapshot and needs the entries behind it.
    struct CatchingUp: Sendable {
        var group: GroupID
        var member: Member
        /// Where the leader was when the snapshot had arrived.
        var goal: LogIndex
        var since: Instant
    }

    /// A snapshot on its way from a leader.
    struct Incoming {
        var group: GroupID
        var snapshot: StoredSnapshot
        /// What has come so far, as a state.
        var reader: SnapshotFileReader
        var receivedByteCount = 0
        /// Of the received bytes, those on this node's disk.
        var writtenByteCount = 0
        /// Whether all has come and the file is only to become durable.
        var isWhole = false
        /// Who sent the last chunk.
        var node: NodeID
        var lastProgress: Instant

        /// Whether what was read is the snapshot that was announced.
        var fits: Bool {
            reader.isComplete && receivedByteCount == snapshot.byteCount
                && reader.checksum == snapshot.checksum
        }
    }

    static let windowCount = 4
    static let staleMilliseconds = 10_000
    static let resendMilliseconds = 1000
    /// What may be sent at once after a pause, as a time.
    private static let burstMilliseconds = 100

    var outgoing: [Outgoing] = []
    var waiting: [Waiting] = []
    var catchingUp: [CatchingUp] = []
    var incoming: [Incoming] = []
    /// Bytes that may be sent now; a chunk may take it below 0.
    var allowance = 0
    private var lastGrowth: Instant?

    /// Adds to ``allowance`` what the time since the last call allows.
    mutating func grow(byteCountPerSecond: Int, now: Instant) {
        let milliseconds = lastGrowth.map { now.milliseconds(since: $0) } ?? Self.burstMilliseconds
        lastGrowth = now
        let burst = max(1, byteCountPerSecond * Self.burstMilliseconds / 1000)
        let growth =
            byteCountPerSecond * min(milliseconds, Self.burstMilliseconds * 10) / 1000
        allowance = min(burst, allowance + growth)
    }

    /// Whether the member, whose log agrees up to `match`, has yet to come to where the leader was.
    func isCatchingUp(_ member: Member, in group: GroupID, at match: LogIndex) -> Bool {
        catchingUp.contains { $0.group == group && $0.member == member && match < $0.goal }
    }

    /// Where what has come so far of a snapshot is.
    func place(of snapshot: StoredSnapshot, _ group: GroupID) -> Int? {
        incoming.firstIndex {
            $0.group == group && $0.snapshot.metadata == snapshot.metadata
                && $0.snapshot.byteCount == snapshot.byteCount
                && $0.snapshot.checksum == snapshot.checksum
        }
    }

    func place(of group: GroupID, _ index: LogIndex) -> Int? {
        incoming.firstIndex { $0.group == group && $0.snapshot.metadata.index == index }
    }

    mutating func removeIncoming(of group: GroupID) -> Incoming? {
        incoming.firstIndex { $0.group == group }.map { incoming.remove(at: $0) }
    }

    /// Ends what has not gone on for long.
    ///
    /// - Returns: The snapshots that were coming.
    mutating func dropStale(now: Instant) -> [Incoming] {
        outgoing.removeAll { now.milliseconds(since: $0.lastProgress) > Self.staleMilliseconds }
        catchingUp.removeAll { now.milliseconds(since: $0.since) > Self.staleMilliseconds }
        let stale = incoming.filter {
            !$0.isWhole && now.milliseconds(since: $0.lastProgress) > Self.staleMilliseconds
        }
        for dropped in stale { _ = removeIncoming(of: dropped.group) }
        return stale
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
