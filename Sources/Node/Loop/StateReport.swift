package import Primitives

/// What a replica says of its state after an entry: the body of a ``FrameType/stateReport`` frame.
package struct StateReport: Equatable, Sendable {
    package var group: GroupID
    package var from: Member
    /// The entry after which the state was hashed.
    package var index: LogIndex
    package var hash: UInt64
    /// Whether the receiver is to say its own, if it has one of the same index.
    package var wantsAnswer: Bool

    package init(
        group: GroupID, from: Member, index: LogIndex, hash: UInt64, wantsAnswer: Bool
    ) {
        self.group = group
        self.from = from
        self.index = index
        self.hash = hash
        self.wantsAnswer = wantsAnswer
    }

    package func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: group.rawValue)
        bytes.append(littleEndian: from.replica.rawValue)
        bytes.append(littleEndian: from.node.rawValue)
        bytes.append(littleEndian: index.rawValue)
        bytes.append(littleEndian: hash)
        bytes.append(wantsAnswer ? 1 : 0)
        return bytes
    }

    package init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(bytes)
        group = GroupID(try reader.read(UInt32.self, "group"))
        let replica = ReplicaID(try reader.read(UInt64.self, "replica"))
        from = Member(replica: replica, node: NodeID(try reader.read(UInt64.self, "node")))
        index = LogIndex(try reader.read(UInt64.self, "index"))
        hash = try reader.read(UInt64.self, "hash")
        let offset = reader.offset
        switch try reader.read(UInt8.self, "wish for an answer") {
        case 0: wantsAnswer = false
        case 1: wantsAnswer = true
        default: throw DecodingFailure(what: "wish for an answer", offset: offset)
        }
        try reader.expectEnd("end of state report")
    }
}
