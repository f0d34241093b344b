/// Where a node's four listeners are reached from other machines: its `advertise` addresses.
package struct AdvertisedAddresses: Hashable, Sendable {
    package var peer: Address
    package var cluster: Address
    package var plain: Address
    package var admin: Address

    package init(peer: Address, cluster: Address, plain: Address, admin: Address) {
        self.peer = peer
        self.cluster = cluster
        self.plain = plain
        self.admin = admin
    }

    package func encode(into bytes: inout [UInt8]) {
        for address in [peer, cluster, plain, admin] { bytes.append(address) }
    }

    package init(reading reader: inout ByteReader) throws(DecodingFailure) {
        peer = try reader.readAddress("peer address")
        cluster = try reader.readAddress("cluster address")
        plain = try reader.readAddress("plain address")
        admin = try reader.readAddress("admin address")
    }
}
