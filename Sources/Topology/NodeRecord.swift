package import Primitives

/// What the directory knows of a node.
package struct NodeRecord: Equatable, Sendable {
    package var id: NodeID
    package var addresses: AdvertisedAddresses
    /// The node's replica of group 0.
    package var directoryReplica: ReplicaID
    /// The directory's epoch at which the node was registered.
    package var joinedEpoch: UInt64

    package init(
        id: NodeID, addresses: AdvertisedAddresses, directoryReplica: ReplicaID,
        joinedEpoch: UInt64
    ) {
        self.id = id
        self.addresses = addresses
        self.directoryReplica = directoryReplica
        self.joinedEpoch = joinedEpoch
    }

    package var peer: Address { addresses.peer }
    package var cluster: Address { addresses.cluster }
    package var plain: Address { addresses.plain }
    package var admin: Address { addresses.admin }

    /// The node's member of group 0.
    package var directoryMember: Member { Member(replica: directoryReplica, node: id) }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: id.rawValue)
        addresses.encode(into: &bytes)
        bytes.append(littleEndian: directoryReplica.rawValue)
        bytes.append(littleEndian: joinedEpoch)
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        id = NodeID(try reader.read(UInt64.self, "node"))
        addresses = try AdvertisedAddresses(reading: &reader)
        directoryReplica = ReplicaID(try reader.read(UInt64.self, "directory replica"))
        joinedEpoch = try reader.read(UInt64.self, "joined epoch")
    }
}
