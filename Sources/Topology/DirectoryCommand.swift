package import Primitives

/// A change of the directory: the payload of one entry of group 0.
package enum DirectoryCommand: Equatable, Sendable {
    /// Once, as the first.
    case createCluster(ClusterFounding)
    case registerNode(NodeID, AdvertisedAddresses)
    case updateAddresses(NodeID, AdvertisedAddresses)
    /// Once: together the plans cover every slot.
    case createShards([ShardPlan])
    case setPreferredLeaders([PreferredLeader])
    /// Only of a node without replicas of shards. Its id never comes back.
    case removeNode(NodeID)
    /// A new replica of the shard on `to`, in the place of one.
    case moveReplica(GroupID, leaving: ReplicaID, to: NodeID)
    /// The shard has the voters that it was to have; they are named so that no later plan is confirmed.
    case confirmReplicas(GroupID, [ReplicaID])
    /// One node takes the place of another in every group; that one is removed in the end.
    case replaceNode(NodeID, by: NodeID)
    /// A node without replicas of shards leaves.
    case forgetNode(NodeID)
    /// The node's replica of group 0 is not to be trusted any more: it gets another one.
    case replaceDirectoryReplica(NodeID, leaving: ReplicaID)
    /// What `CONFIG SET` sets for the whole cluster.
    case setParameters(ParameterChange)

    /// The numbers are in the log: append only.
    private enum Kind: UInt8 {
        case createCluster = 1
        case registerNode = 2
        case updateAddresses = 3
        case createShards = 4
        case setPreferredLeaders = 5
        case removeNode = 6
        case moveReplica = 7
        case confirmReplicas = 8
        case replaceNode = 9
        case forgetNode = 10
        case replaceDirectoryReplica = 11
        case setParameters = 12
    }

    package func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .createCluster(let founding):
            bytes.append(Kind.createCluster.rawValue)
            founding.encode(into: &bytes)
        case .registerNode(let node, let addresses):
            bytes.append(Kind.registerNode.rawValue)
            bytes.append(littleEndian: node.rawValue)
            addresses.encode(into: &bytes)
        case .updateAddresses(let node, let addresses):
            bytes.append(Kind.updateAddresses.rawValue)
            bytes.append(littleEndian: node.rawValue)
            addresses.encode(into: &bytes)
        case .createShards(let plans):
            bytes.append(Kind.createShards.rawValue)
            bytes.append(littleEndian: UInt32(plans.count))
            for plan in plans { plan.encode(into: &bytes) }
        case .setPreferredLeaders(let leaders):
            bytes.append(Kind.setPreferredLeaders.rawValue)
            bytes.append(littleEndian: UInt32(leaders.count))
            for leader in leaders {
                bytes.append(littleEndian: leader.shard.rawValue)
                bytes.append(littleEndian: leader.node.rawValue)
            }
        case .removeNode(let node):
            bytes.append(Kind.removeNode.rawValue)
            bytes.append(littleEndian: node.rawValue)
        case .moveReplica(let shard, let leaving, let node):
            bytes.append(Kind.moveReplica.rawValue)
            bytes.append(littleEndian: shard.rawValue)
            bytes.append(littleEndian: leaving.rawValue)
            bytes.append(littleEndian: node.rawValue)
        case .confirmReplicas(let shard, let replicas):
            bytes.append(Kind.confirmReplicas.rawValue)
            bytes.append(littleEndian: shard.rawValue)
            bytes.append(littleEndian: UInt16(replicas.count))
            for replica in replicas { bytes.append(littleEndian: replica.rawValue) }
        case .replaceNode(let node, let successor):
            bytes.append(Kind.replaceNode.rawValue)
            bytes.append(littleEndian: node.rawValue)
            bytes.append(littleEndian: successor.rawValue)
        case .forgetNode(let node):
            bytes.append(Kind.forgetNode.rawValue)
            bytes.append(littleEndian: node.rawValue)
        case .replaceDirectoryReplica(let node, let leaving):
            bytes.append(Kind.replaceDirectoryReplica.rawValue)
            bytes.append(littleEndian: node.rawValue)
            bytes.append(littleEndian: leaving.rawValue)
        case .setParameters(let change):
            bytes.append(Kind.setParameters.rawValue)
            change.encode(into: &bytes)
        }
        return bytes
    }

    package init(decoding payload: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(payload)
        guard let kind = Kind(rawValue: try reader.read(UInt8.self, "directory command")) else {
            throw DecodingFailure(what: "directory command", offset: 0)
        }
        switch kind {
        case .createCluster: self = .createCluster(try ClusterFounding(reading: &reader))
        case .registerNode:
            let node = NodeID(try reader.read(UInt64.self, "node"))
            self = .registerNode(node, try AdvertisedAddresses(reading: &reader))
        case .updateAddresses:
            let node = NodeID(try reader.read(UInt64.self, "node"))
            self = .updateAddresses(node, try AdvertisedAddresses(reading: &reader))
        case .createShards:
            var plans: [ShardPlan] = []
            for _ in 0..<(try reader.read(UInt32.self, "shard plans")) {
                plans.append(try ShardPlan(reading: &reader))
            }
            self = .createShards(plans)
        case .setPreferredLeaders:
            var leaders: [PreferredLeader] = []
            for _ in 0..<(try reader.read(UInt32.self, "preferred leaders")) {
                let shard = GroupID(try reader.read(UInt32.self, "shard"))
                let node = NodeID(try reader.read(UInt64.self, "preferred leader"))
                leaders.append(PreferredLeader(shard: shard, node: node))
            }
            self = .setPreferredLeaders(leaders)
        case .removeNode: self = .removeNode(NodeID(try reader.read(UInt64.self, "node")))
        case .moveReplica:
            let shard = GroupID(try reader.read(UInt32.self, "shard"))
            let leaving = ReplicaID(try reader.read(UInt64.self, "leaving replica"))
            self = .moveReplica(
                shard, leaving: leaving, to: NodeID(try reader.read(UInt64.self, "node")))
        case .confirmReplicas:
            let shard = GroupID(try reader.read(UInt32.self, "shard"))
            var replicas: [ReplicaID] = []
            for _ in 0..<(try reader.read(UInt16.self, "replicas")) {
                replicas.append(ReplicaID(try reader.read(UInt64.self, "replica")))
            }
            self = .confirmReplicas(shard, replicas)
        case .replaceNode:
            let node = NodeID(try reader.read(UInt64.self, "node"))
            self = .replaceNode(node, by: NodeID(try reader.read(UInt64.self, "successor")))
        case .forgetNode: self = .forgetNode(NodeID(try reader.read(UInt64.self, "node")))
        case .replaceDirectoryReplica:
            let node = NodeID(try reader.read(UInt64.self, "node"))
            self = .replaceDirectoryReplica(
                node, leaving: ReplicaID(try reader.read(UInt64.self, "leaving replica")))
        case .setParameters: self = .setParameters(try ParameterChange(reading: &reader))
        }
        try reader.expectEnd("end of directory command")
    }
}
