package import Primitives

/// What the directory knows of a shard; its slots are in the ``SlotTable``.
package struct ShardRecord: Equatable, Sendable {
    package var id: GroupID
    /// The voters that the shard's log begins with; they never change. Sorted by replica.
    package let founders: [Member]
    /// The voters that the shard is known to have. Sorted by replica.
    package var replicas: [Member]
    /// The voters that the shard is to have: its leader brings it there, one replica at a time. Equal to
    /// ``replicas`` when nothing moves. Sorted by replica.
    package var target: [Member]
    /// Who should lead the shard while nothing else speaks for another replica.
    package var preferredLeader: NodeID
    /// The directory's epoch at which the shard was created.
    package var createdEpoch: UInt64

    package init(
        id: GroupID, replicas: [Member], preferredLeader: NodeID, createdEpoch: UInt64
    ) {
        self.id = id
        founders = replicas.sorted()
        self.replicas = founders
        target = founders
        self.preferredLeader = preferredLeader
        self.createdEpoch = createdEpoch
    }

    /// The membership that the shard's log begins with.
    package var initialConfiguration: Configuration { Configuration(voters: founders) }

    /// Whether the shard is on its way from some nodes to others.
    package var isMoving: Bool { replicas != target }

    /// The replica that `node` is to have, or still has.
    package func replica(on node: NodeID) -> ReplicaID? {
        (target.first { $0.node == node } ?? replicas.first { $0.node == node })?.replica
    }

    /// Whether the replica counts, or is to count.
    package func names(_ replica: ReplicaID) -> Bool {
        (target + replicas).contains { $0.replica == replica }
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: id.rawValue)
        for members in [founders, replicas, target] {
            Configuration(voters: members).encode(into: &bytes)
        }
        bytes.append(littleEndian: preferredLeader.rawValue)
        bytes.append(littleEndian: createdEpoch)
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        id = GroupID(try reader.read(UInt32.self, "shard"))
        founders = try Configuration(reading: &reader).voters
        replicas = try Configuration(reading: &reader).voters
        target = try Configuration(reading: &reader).voters
        preferredLeader = NodeID(try reader.read(UInt64.self, "preferred leader"))
        createdEpoch = try reader.read(UInt64.self, "created epoch")
    }
}
