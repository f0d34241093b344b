package import Primitives

/// What nodes tell one another about a node: the header of every packet, and the news in it.
package struct MemberRecord: Equatable, Sendable {
    package var id: NodeID
    /// Drawn by the process when it started; tells a restart or a cloned directory from the same process.
    package var process: UInt64
    /// The incarnation with which the process started: its wall clock in milliseconds.
    package var started: UInt64
    package var incarnation: UInt64
    package var status: MemberStatus
    package var clusterID: ClusterID?
    package var topologyEpoch: UInt64
    package var addresses: AdvertisedAddresses

    package init(
        id: NodeID, process: UInt64, started: UInt64, incarnation: UInt64, status: MemberStatus,
        clusterID: ClusterID?, topologyEpoch: UInt64, addresses: AdvertisedAddresses
    ) {
        self.id = id
        self.process = process
        self.started = started
        self.incarnation = incarnation
        self.status = status
        self.clusterID = clusterID
        self.topologyEpoch = topologyEpoch
        self.addresses = addresses
    }

    /// Room for refutations: a higher incarnation is not believed.
    static let highestIncarnation = UInt64.max / 2
    /// The longest name that DNS allows (RFC 1035 §2.3.4).
    static let highestHostByteCount = 255

    /// Whether this says something later about the node than `other`. All nodes order alike, so
    /// they end with the same record.
    package func supersedes(_ other: MemberRecord) -> Bool {
        (incarnation, status.rawValue, process)
            > (other.incarnation, other.status.rawValue, other.process)
    }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: id.rawValue)
        bytes.append(littleEndian: process)
        bytes.append(littleEndian: started)
        bytes.append(littleEndian: incarnation)
        bytes.append(status.rawValue)
        bytes.append(littleEndian: clusterID?.rawValue ?? 0)
        bytes.append(littleEndian: topologyEpoch)
        addresses.encode(into: &bytes)
    }

    package init(reading reader: inout ByteReader) throws(DecodingFailure) {
        id = NodeID(try reader.read(UInt64.self, "node id"))
        process = try reader.read(UInt64.self, "process id")
        started = try reader.read(UInt64.self, "start incarnation")
        incarnation = try reader.read(UInt64.self, "incarnation")
        let rawStatus = try reader.read(UInt8.self, "member status")
        let rawCluster = try reader.read(UInt64.self, "cluster id")
        topologyEpoch = try reader.read(UInt64.self, "topology epoch")
        clusterID = rawCluster == 0 ? nil : ClusterID(rawCluster)
        addresses = try AdvertisedAddresses(reading: &reader)
        guard let status = MemberStatus(rawValue: rawStatus), id.rawValue != 0,
            incarnation <= Self.highestIncarnation,
            [addresses.peer, addresses.cluster, addresses.plain, addresses.admin].allSatisfy({
                !$0.host.isEmpty && $0.host.utf8.count <= Self.highestHostByteCount
            })
        else { throw DecodingFailure(what: "member record", offset: reader.offset) }
        self.status = status
    }
}
