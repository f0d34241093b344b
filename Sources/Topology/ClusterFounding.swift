package import Primitives

/// What is settled once for a whole cluster.
package struct ClusterFounding: Equatable, Sendable {
    package var clusterID: ClusterID
    package var name: String
    /// The key of the hash of every table, so that scan cursors survive a failover.
    package var hashSecret: UInt64
    /// How many replicas a shard should have, nodes permitting.
    package var replicationFactor: UInt8
    /// The first voters of group 0, replicas 1…n; sorted by replica.
    package var founders: [Member]

    package init(
        clusterID: ClusterID, name: String, hashSecret: UInt64, replicationFactor: UInt8,
        founders: [Member]
    ) {
        self.clusterID = clusterID
        self.name = name
        self.hashSecret = hashSecret
        self.replicationFactor = replicationFactor
        self.founders = founders.sorted()
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: clusterID.rawValue)
        bytes.append(sized: name)
        bytes.append(littleEndian: hashSecret)
        bytes.append(replicationFactor)
        Configuration(voters: founders).encode(into: &bytes)
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        clusterID = ClusterID(try reader.read(UInt64.self, "cluster"))
        name = try reader.readText("cluster name")
        hashSecret = try reader.read(UInt64.self, "hash secret")
        replicationFactor = try reader.read(UInt8.self, "replication factor")
        founders = try Configuration(reading: &reader).voters
    }
}
