import Primitives
import Topology

/// Input: whether the checksum is set right, then the file.
enum IdentityFuzz {
    private static let name = "fuzz"

    static func run(_ input: inout FuzzInput) throws(Finding) {
        let isResealed = input.byte() & 1 == 0
        var file = input.rest()
        if isResealed { Resealing.trailer(&file) }
        guard let identity = try? NodeIdentity(decoding: file, clusterName: name) else { return }
        let bytes = identity.encode()
        let again = try? NodeIdentity(decoding: bytes, clusterName: name)
        try expect(again == identity, "\(identity) written anew is \(String(describing: again))")
        if case .promised(let set) = identity.phase {
            try expect(set.digest != 0, "a founding set without a digest")
            for seed in set.seeds {
                try expect(set.membership(of: seed.node) != nil, "a founder without membership")
            }
        }
    }

    static var seeds: [[UInt8]] {
        let set = FoundingSet(
            name: name,
            seeds: [FuzzSeeds.node, FuzzSeeds.peer].map {
                FoundingSet.Seed(address: FuzzSeeds.address, node: $0)
            })
        var phases: [NodeIdentity.Phase] = [.fresh, .promised(set)]
        if let membership = set.membership(of: FuzzSeeds.node) {
            phases.append(.member(membership))
        }
        return phases.map { phase in
            [0] + NodeIdentity(node: FuzzSeeds.node, clusterName: name, phase: phase).encode()
        }
    }
}
