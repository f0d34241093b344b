package import Primitives

/// What the directory knows of a shard; its slots are in the ``SlotTable``.
package struct ShardRecord: Equatable, Sendable {
    package var id: GroupID
    /// The voters that the shard should have; at its creation, those it begins with. Sorted by replica.
    package var replicas: [Member]
    /// Who should lead the shard while nothing else speaks for another replica.
    package var preferredLeader: NodeID
    /// The directory's epoch at which the shard was created.
    package var createdEpoch: UInt64

    package init(
        id: GroupID, replicas: [Member], preferredLeader: NodeID, createdEpoch: UInt64
    ) {
        self.id = id
        self.replicas = replicas.sorted()
        self.preferredLeader = preferredLeader
        self.createdEpoch = createdEpoch
    }

    /// The membership that the shard's log begins with.
    package var initialConfiguration: Configuration { Configuration(voters: replicas) }

    package func replica(on node: NodeID) -> ReplicaID? {
        replicas.first { $0.node == node }?.replica
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: id.rawValue)
        initialConfiguration.encode(into: &bytes)
        bytes.append(littleEndian: preferredLeader.rawValue)
        bytes.append(littleEndian: createdEpoch)
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        id = GroupID(try reader.read(UInt32.self, "shard"))
        replicas = try Configuration(reading: &reader).voters
        preferredLeader = NodeID(try reader.read(UInt64.self, "preferred leader"))
        createdEpoch = try reader.read(UInt64.self, "created epoch")
    }
}
