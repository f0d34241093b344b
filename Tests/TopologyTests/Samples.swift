import Primitives
import Topology

/// Made-up nodes and directories for tests.
enum Samples {
    static func addresses(_ number: Int) -> AdvertisedAddresses {
        let host = "10.0.0.\(number)"
        return AdvertisedAddresses(
            peer: Address(host: host, port: 17000), cluster: Address(host: host, port: 7000),
            plain: Address(host: host, port: 6379), admin: Address(host: host, port: 7080))
    }

    static func founding(_ count: Int) -> ClusterFounding {
        ClusterFounding(
            clusterID: ClusterID(0xC1), name: "demo", hashSecret: 0x5EC2E7, replicationFactor: 3,
            founders: (1...count).map {
                Member(replica: ReplicaID(UInt64($0)), node: NodeID(UInt64($0)))
            })
    }

    /// A directory whose cluster has nodes 1…`count`, all founders.
    static func registered(_ count: Int) -> DirectoryState {
        var directory = DirectoryState()
        _ = directory.apply(.createCluster(founding(count)))
        for number in 1...count {
            _ = directory.apply(.registerNode(NodeID(UInt64(number)), addresses(number)))
        }
        return directory
    }

    /// The same with its first shards.
    static func formed(_ count: Int, shardCount: Int = 16, replicationFactor: Int = 3)
        -> DirectoryState
    {
        var directory = registered(count)
        let plans = Placement.initialShards(
            on: directory.nodes.keys, shardCount: shardCount, replicationFactor: replicationFactor)
        _ = directory.apply(.createShards(plans))
        return directory
    }
}

extension Samples {
    /// A change of a parameter, which node 1 asks for.
    static func setting(
        _ name: String, _ value: String, process: UInt64 = 9, number: UInt64, node: UInt64 = 1
    ) -> DirectoryCommand {
        .setParameters(
            ParameterChange(
                node: NodeID(node), mark: ParameterChangeMark(process: process, number: number),
                values: [ParameterValue(name, value)]))
    }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
