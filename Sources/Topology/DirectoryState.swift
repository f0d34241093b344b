package import Primitives

/// The truth about a cluster: what every replica of group 0 reaches by applying its log.
package struct DirectoryState: Equatable, Sendable {
    /// 0 until the cluster is created.
    package private(set) var clusterID = ClusterID(0)
    package private(set) var name = ""
    /// Raised by each change; 0 while the directory is empty.
    package private(set) var epoch: UInt64 = 0
    /// The key of the hash of every table.
    package private(set) var hashSecret: UInt64 = 0
    package private(set) var replicationFactor = 0
    /// The first voters of group 0; sorted by replica.
    package private(set) var founders: [Member] = []
    package internal(set) var nodes = SortedMap<NodeID, NodeRecord>()
    package internal(set) var shards = SortedMap<GroupID, ShardRecord>()
    package private(set) var slotTable = SlotTable()
    /// The next replica id that is free in every group.
    package private(set) var nextReplica: UInt64 = 1
    /// Nodes that were removed; their ids never come back. Sorted.
    package internal(set) var removedNodes: [NodeID] = []
    /// Nodes that are on their way out.
    package internal(set) var departures = SortedMap<NodeID, NodeDeparture>()
    /// What `CONFIG SET` has set, by name.
    package internal(set) var parameters = SortedMap<String, String>()
    /// By the node that asked, the last change of ``parameters``.
    package internal(set) var parameterChanges = SortedMap<NodeID, ParameterChangeMark>()

    package init() {}

    package var isCreated: Bool { clusterID.rawValue != 0 }
    /// Whether the shards exist.
    package var isFormed: Bool { !shards.isEmpty }
    package var foundingVoterCount: Int { founders.count }
    /// The membership that group 0's log begins with.
    package var foundingConfiguration: Configuration { Configuration(voters: founders) }

    /// The shard that serves `slot`.
    ///
    /// - Complexity: O(1).
    package func shard(of slot: SlotID) -> GroupID? { slotTable.range(of: slot)?.shard }

    /// The epoch at which `slot` got its shard; 0 while it has none.
    package func slotEpoch(of slot: SlotID) -> UInt64 { slotTable.range(of: slot)?.epoch ?? 0 }

    /// The slots of `shard`, sorted; neighbours are joined.
    package func slots(of shard: GroupID) -> [ClosedRange<UInt16>] { slotTable.slots(of: shard) }

    /// Equal for equal states, on every machine.
    package func stateHash() -> UInt64 { stableHash(encode()) }

    // MARK: Applying

    /// Applies the payload of an entry of group 0. One that doesn't decode, or isn't valid in this
    /// state, changes nothing.
    package mutating func apply(_ payload: [UInt8]) -> DirectoryOutcome {
        do throws(DecodingFailure) {
            return apply(try DirectoryCommand(decoding: payload))
        } catch {
            return .refused("the command has no readable \(error.what) at byte \(error.offset)")
        }
    }

    package mutating func apply(_ command: DirectoryCommand) -> DirectoryOutcome {
        if case .createCluster(let founding) = command { return create(founding) }
        guard isCreated else { return .refused("the cluster is not created yet") }
        switch command {
        case .createCluster(let founding): return create(founding)
        case .registerNode(let node, let addresses): return register(node, addresses)
        case .updateAddresses(let node, let addresses): return update(node, addresses)
        case .createShards(let plans): return createShards(plans)
        case .setPreferredLeaders(let leaders): return setPreferredLeaders(leaders)
        case .removeNode(let node): return remove(node)
        case .moveReplica(let shard, let leaving, let node):
            return move(shard, leaving: leaving, to: node)
        case .confirmReplicas(let shard, let replicas): return confirm(shard, replicas)
        case .replaceNode(let node, let successor): return replace(node, by: successor)
        case .forgetNode(let node): return forget(node)
        case .replaceDirectoryReplica(let node, let leaving):
            return replaceDirectoryReplica(of: node, leaving: leaving)
        case .setParameters(let change): return set(change)
        }
    }

    private mutating func create(_ founding: ClusterFounding) -> DirectoryOutcome {
        guard !isCreated else {
            return founding.clusterID == clusterID && founding.founders == founders
                ? .unchanged : .refused("cluster \(clusterID) exists already")
        }
        let count = founding.founders.count
        guard founding.clusterID.rawValue != 0 else { return .refused("cluster id 0") }
        guard founding.replicationFactor > 0 else { return .refused("replication factor 0") }
        guard count > 0, isDistinct(founding.founders.map(\.node)),
            founding.founders.map(\.replica.rawValue) == Array(1...UInt64(count))
        else { return .refused("founders are not distinct nodes with replicas 1 to \(count)") }
        clusterID = founding.clusterID
        name = founding.name
        hashSecret = founding.hashSecret
        replicationFactor = Int(founding.replicationFactor)
        founders = founding.founders
        nextReplica = UInt64(count) + 1
        return changed()
    }

    private mutating func register(
        _ node: NodeID, _ addresses: AdvertisedAddresses
    ) -> DirectoryOutcome {
        if let known = nodes[node] {
            return known.addresses == addresses
                ? .unchanged : .refused("node \(node) is registered with other addresses")
        }
        guard node.rawValue != 0 else { return .refused("node id 0") }
        guard !removedNodes.contains(node) else {
            return .refused("node \(node) was removed; start it with an empty data folder")
        }
        let founder = founders.first { $0.node == node }
        let replica = founder?.replica ?? allocateReplica()
        nodes[node] = NodeRecord(
            id: node, addresses: addresses, directoryReplica: replica, joinedEpoch: epoch + 1)
        return changed()
    }

    private mutating func update(
        _ node: NodeID, _ addresses: AdvertisedAddresses
    ) -> DirectoryOutcome {
        guard var record = nodes[node] else { return .refused("node \(node) is not registered") }
        guard record.addresses != addresses else { return .unchanged }
        record.addresses = addresses
        nodes[node] = record
        return changed()
    }

    private mutating func createShards(_ plans: [ShardPlan]) -> DirectoryOutcome {
        guard !isFormed else { return .refused("the shards exist already") }
        if let reason = objection(to: plans) { return .refused(reason) }
        for plan in plans {
            let replicas = plan.nodes.map { Member(replica: allocateReplica(), node: $0) }
            shards[plan.id] = ShardRecord(
                id: plan.id, replicas: replicas, preferredLeader: plan.preferredLeader,
                createdEpoch: epoch + 1)
            for slots in plan.slots {
                slotTable.assign(
                    SlotRange(
                        first: slots.lowerBound, last: slots.upperBound, shard: plan.id,
                        epoch: epoch + 1))
            }
        }
        return changed()
    }

    private func objection(to plans: [ShardPlan]) -> String? {
        var covered: [ClosedRange<UInt16>] = []
        for plan in plans {
            guard plan.id != .directory else { return "shard 0 is the directory" }
            guard !plan.nodes.isEmpty, isDistinct(plan.nodes) else {
                return "shard \(plan.id) needs distinct nodes"
            }
            if let stranger = plan.nodes.first(where: { nodes[$0] == nil }) {
                return "shard \(plan.id) is placed on node \(stranger), which is not registered"
            }
            guard plan.nodes.contains(plan.preferredLeader) else {
                return "shard \(plan.id) prefers a leader that has no replica of it"
            }
            covered += plan.slots
        }
        guard isDistinct(plans.map(\.id)) else { return "two shards have the same number" }
        var next = 0
        for slots in covered.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard Int(slots.lowerBound) == next else { return "slot \(next) is not in one shard" }
            next = Int(slots.upperBound) + 1
        }
        return next == SlotID.count ? nil : "slot \(next) is not in one shard"
    }

    private mutating func setPreferredLeaders(_ leaders: [PreferredLeader]) -> DirectoryOutcome {
        for leader in leaders {
            guard let shard = shards[leader.shard] else {
                return .refused("shard \(leader.shard) does not exist")
            }
            guard shard.replica(on: leader.node) != nil else {
                return .refused("node \(leader.node) has no replica of shard \(leader.shard)")
            }
        }
        var isChanged = false
        for leader in leaders {
            guard var shard = shards[leader.shard], shard.preferredLeader != leader.node else {
                continue
            }
            shard.preferredLeader = leader.node
            shards[leader.shard] = shard
            isChanged = true
        }
        return isChanged ? changed() : .unchanged
    }

    mutating func allocateReplica() -> ReplicaID {
        defer { nextReplica += 1 }
        return ReplicaID(nextReplica)
    }

    mutating func changed() -> DirectoryOutcome {
        epoch += 1
        return .applied
    }

    private func isDistinct(_ ids: [some Comparable]) -> Bool {
        let sorted = ids.sorted()
        return zip(sorted, sorted.dropFirst()).allSatisfy { $0 != $1 }
    }

    // MARK: Snapshots

    /// The version of ``encode()``'s bytes, and the one before: that of a directory without parameters.
    private static let formatVersion: UInt8 = 3
    private static let formatWithoutParameters: UInt8 = 2

    /// The whole state, for a snapshot of group 0. Equal states have equal bytes.
    package func encode() -> [UInt8] {
        var bytes = [hasParameters ? Self.formatVersion : Self.formatWithoutParameters]
        bytes.append(littleEndian: clusterID.rawValue)
        bytes.append(sized: name)
        bytes.append(littleEndian: epoch)
        bytes.append(littleEndian: hashSecret)
        bytes.append(UInt8(replicationFactor))
        foundingConfiguration.encode(into: &bytes)
        bytes.append(littleEndian: nextReplica)
        bytes.append(littleEndian: UInt32(nodes.count))
        for node in nodes.values { node.encode(into: &bytes) }
        bytes.append(littleEndian: UInt32(shards.count))
        for shard in shards.values { shard.encode(into: &bytes) }
        slotTable.encode(into: &bytes)
        bytes.append(littleEndian: UInt32(removedNodes.count))
        for node in removedNodes { bytes.append(littleEndian: node.rawValue) }
        bytes.append(littleEndian: UInt32(departures.count))
        for (node, departure) in departures {
            bytes.append(littleEndian: node.rawValue)
            departure.encode(into: &bytes)
        }
        if hasParameters { encodeParameters(into: &bytes) }
        return bytes
    }

    package init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(bytes)
        let version = try reader.read(UInt8.self, "directory version")
        guard Self.formatWithoutParameters...Self.formatVersion ~= version else {
            throw DecodingFailure(what: "directory version", offset: 0)
        }
        clusterID = ClusterID(try reader.read(UInt64.self, "cluster"))
        name = try reader.readText("cluster name")
        epoch = try reader.read(UInt64.self, "epoch")
        hashSecret = try reader.read(UInt64.self, "hash secret")
        replicationFactor = Int(try reader.read(UInt8.self, "replication factor"))
        founders = try Configuration(reading: &reader).voters
        nextReplica = try reader.read(UInt64.self, "next replica")
        for _ in 0..<(try reader.read(UInt32.self, "nodes")) {
            let node = try NodeRecord(reading: &reader)
            nodes[node.id] = node
        }
        for _ in 0..<(try reader.read(UInt32.self, "shards")) {
            let shard = try ShardRecord(reading: &reader)
            shards[shard.id] = shard
        }
        slotTable = try SlotTable(reading: &reader)
        for _ in 0..<(try reader.read(UInt32.self, "removed nodes")) {
            removedNodes.append(NodeID(try reader.read(UInt64.self, "removed node")))
        }
        for _ in 0..<(try reader.read(UInt32.self, "departures")) {
            let node = NodeID(try reader.read(UInt64.self, "leaving node"))
            departures[node] = try NodeDeparture(reading: &reader)
        }
        if version == Self.formatVersion { try decodeParameters(&reader) }
        try reader.expectEnd("end of directory")
    }
}
