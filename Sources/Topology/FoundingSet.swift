package import Primitives

/// The nodes that found a cluster together: who answered at each address of the list of seeds.
///
/// A cluster is founded only when every node of the set has durably promised itself to it, and a node
/// promises itself to one set in its life. So two sets that share a node never both found a cluster.
package struct FoundingSet: Equatable, Sendable {
    /// One of the nodes, and the address at which it answered.
    package struct Seed: Equatable, Sendable {
        package var address: Address
        package var node: NodeID

        package init(address: Address, node: NodeID) {
            self.address = address
            self.node = node
        }
    }

    package let name: String
    /// Sorted by node; each node once.
    package let seeds: [Seed]

    /// - Parameters:
    ///   - name: The cluster's.
    ///   - seeds: In any order; nodes must be distinct and at least one.
    package init(name: String, seeds: [Seed]) {
        self.name = name
        self.seeds = seeds.sorted { $0.node < $1.node }
        let isDistinct = zip(self.seeds, self.seeds.dropFirst()).allSatisfy { $0.node < $1.node }
        precondition(!seeds.isEmpty && isDistinct, "founders \(self.seeds.map(\.node))")
    }

    package func contains(_ node: NodeID) -> Bool { seeds.contains { $0.node == node } }

    /// Stands for the set in messages; never 0. Addresses don't count, since nodes may know one another
    /// by different ones.
    package var digest: UInt64 { hash("founding set") }

    package var clusterID: ClusterID { ClusterID(hash("cluster id")) }

    /// Group 0's first voters: replicas 1…n in the order of the nodes.
    package var founders: [Member] {
        seeds.enumerated().map {
            Member(replica: ReplicaID(UInt64($0.offset + 1)), node: $0.element.node)
        }
    }

    /// What `node`, one of the set, becomes when the cluster is founded.
    package func membership(of node: NodeID) -> Membership? {
        guard let member = founders.first(where: { $0.node == node }) else { return nil }
        return Membership(clusterID: clusterID, replica: member.replica, founders: founders)
    }

    private func hash(_ purpose: String) -> UInt64 {
        var bytes: [UInt8] = []
        bytes.append(sized: purpose)
        bytes.append(sized: name)
        for seed in seeds { bytes.append(littleEndian: seed.node.rawValue) }
        return max(1, stableHash(bytes))
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt16(seeds.count))
        for seed in seeds {
            bytes.append(seed.address)
            bytes.append(littleEndian: seed.node.rawValue)
        }
    }

    init(name: String, reading reader: inout ByteReader) throws(DecodingFailure) {
        let offset = reader.offset
        var seeds: [Seed] = []
        for _ in 0..<(try reader.read(UInt16.self, "founding seeds")) {
            let address = try reader.readAddress("founding seed's address")
            let node = NodeID(try reader.read(UInt64.self, "founding seed's node"))
            guard seeds.last.map({ $0.node < node }) ?? true else {
                throw DecodingFailure(what: "founding seeds", offset: offset)
            }
            seeds.append(Seed(address: address, node: node))
        }
        guard !seeds.isEmpty else { throw DecodingFailure(what: "founding seeds", offset: offset) }
        self.init(name: name, seeds: seeds)
    }
}
