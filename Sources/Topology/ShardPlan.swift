package import Primitives

/// A shard that is to be created. The directory draws the replica ids when it applies the plan.
package struct ShardPlan: Equatable, Sendable {
    package var id: GroupID
    /// The nodes that replicate the shard; each once.
    package var nodes: [NodeID]
    /// One of ``nodes``.
    package var preferredLeader: NodeID
    package var slots: [ClosedRange<UInt16>]

    package init(
        id: GroupID, nodes: [NodeID], preferredLeader: NodeID, slots: [ClosedRange<UInt16>]
    ) {
        self.id = id
        self.nodes = nodes
        self.preferredLeader = preferredLeader
        self.slots = slots
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: id.rawValue)
        bytes.append(littleEndian: UInt16(nodes.count))
        for node in nodes { bytes.append(littleEndian: node.rawValue) }
        bytes.append(littleEndian: preferredLeader.rawValue)
        bytes.append(littleEndian: UInt16(slots.count))
        for range in slots {
            bytes.append(littleEndian: range.lowerBound)
            bytes.append(littleEndian: range.upperBound)
        }
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        id = GroupID(try reader.read(UInt32.self, "shard"))
        nodes = []
        for _ in 0..<(try reader.read(UInt16.self, "nodes of a shard")) {
            nodes.append(NodeID(try reader.read(UInt64.self, "node of a shard")))
        }
        preferredLeader = NodeID(try reader.read(UInt64.self, "preferred leader"))
        slots = []
        for _ in 0..<(try reader.read(UInt16.self, "slot ranges of a shard")) {
            let offset = reader.offset
            let first = try reader.read(UInt16.self, "first slot")
            let last = try reader.read(UInt16.self, "last slot")
            guard first <= last, Int(last) < SlotID.count else {
                throw DecodingFailure(what: "slot range of a shard", offset: offset)
            }
            slots.append(first...last)
        }
    }
}
