import Primitives
import Testing
import Topology

@Suite("The identity file") struct NodeIdentityTests {
    private static let set = FoundingSet(
        name: "demo",
        seeds: [
            FoundingSet.Seed(address: Address(host: "b", port: 2), node: NodeID(7)),
            FoundingSet.Seed(address: Address(host: "a", port: 1), node: NodeID(3)),
        ])

    private static let files: [(NodeIdentity.Phase, String)] = [
        (.fresh, "4d4152544c455421010007000000000000000400000064656d6f01d838cacc"),
        (
            .promised(set),
            "4d4152544c455421010007000000000000000400000064656d6f0202000100000061010003000000"
                + "000000000100000062020007000000000000009844993c"
        ),
        (
            .member(
                Membership(
                    clusterID: ClusterID(9), replica: ReplicaID(2),
                    founders: [Member(replica: ReplicaID(1), node: NodeID(3))])),
            "4d4152544c455421010007000000000000000400000064656d6f0309000000000000000200000000"
                + "000000010001000000000000000300000000000000000000008427df7b"
        ),
    ]

    @Test("has bytes that never change", arguments: files)
    func golden(phase: NodeIdentity.Phase, bytes: String) throws {
        let identity = NodeIdentity(node: NodeID(7), clusterName: "demo", phase: phase)
        #expect(hexadecimal(identity.encode()) == bytes)
        #expect(try NodeIdentity(decoding: identity.encode(), clusterName: "demo") == identity)
    }

    @Test("is refused when a bit is wrong or bytes are missing", arguments: files)
    func damage(phase: NodeIdentity.Phase, _: String) {
        let bytes = NodeIdentity(node: NodeID(7), clusterName: "demo", phase: phase).encode()
        for count in bytes.indices {
            #expect(throws: IdentityError.self) {
                try NodeIdentity(decoding: Array(bytes[..<count]), clusterName: "demo")
            }
        }
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: IdentityError.self) {
                try NodeIdentity(decoding: damaged, clusterName: "demo")
            }
        }
    }

    @Test("says why it is refused") func reasons() {
        var bytes = NodeIdentity(node: NodeID(7), clusterName: "demo").encode()
        #expect(throws: IdentityError.otherCluster(found: "demo", configured: "prod")) {
            try NodeIdentity(decoding: bytes, clusterName: "prod")
        }
        bytes[8] = 2
        #expect(throws: IdentityError.newerVersion(found: 2, supported: 1)) {
            try NodeIdentity(decoding: bytes, clusterName: "demo")
        }
    }

    @Test("follows from the nodes of a founding set, not from their addresses") func foundingSet() {
        let moved = FoundingSet(
            name: "demo",
            seeds: Self.set.seeds.map {
                FoundingSet.Seed(address: Address(host: "elsewhere", port: 5), node: $0.node)
            })
        #expect(moved.digest == Self.set.digest && moved.clusterID == Self.set.clusterID)
        let renamed = FoundingSet(name: "other", seeds: Self.set.seeds)
        #expect(renamed.digest != Self.set.digest && renamed.clusterID != Self.set.clusterID)
        #expect(Self.set.membership(of: NodeID(7))?.replica == ReplicaID(2))
        #expect(Self.set.membership(of: NodeID(8)) == nil)
    }
}
