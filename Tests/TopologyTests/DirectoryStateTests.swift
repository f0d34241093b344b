import Primitives
import Testing
import Topology

@Suite("The directory's state machine") struct DirectoryStateTests {
    @Test("grows from nothing to a formed cluster") func lifetime() {
        var directory = DirectoryState()
        #expect(!directory.isCreated && directory.epoch == 0)
        #expect(directory.apply(.createCluster(Samples.founding(3))) == .applied)
        #expect(directory.clusterID == ClusterID(0xC1) && directory.foundingVoterCount == 3)
        for number in 1...4 {
            let node = NodeID(UInt64(number))
            #expect(directory.apply(.registerNode(node, Samples.addresses(number))) == .applied)
            #expect(directory.nodes[node]?.joinedEpoch == directory.epoch)
        }
        #expect(directory.nodes.values.map(\.directoryReplica.rawValue) == [1, 2, 3, 4])
        #expect(directory.shard(of: SlotID(0)) == nil && !directory.isFormed)

        let plans = Placement.initialShards(on: directory.nodes.keys)
        #expect(directory.apply(.createShards(plans)) == .applied)
        #expect(directory.isFormed && directory.slotTable.isComplete)
        #expect(directory.epoch == 6)
        let isRight = (0..<UInt16(SlotID.count)).allSatisfy { slot in
            let shard = directory.shard(of: SlotID(slot))
            let owned = shard.map { directory.slots(of: $0) } ?? []
            return owned.contains { $0 ~= slot } && directory.slotEpoch(of: SlotID(slot)) == 6
        }
        #expect(isRight)
    }

    @Test("gives every replica of a cluster another id") func replicas() {
        let directory = Samples.formed(5)
        let ids =
            directory.nodes.values.map(\.directoryReplica)
            + directory.shards.values.flatMap { $0.replicas.map(\.replica) }
        #expect(ids.sorted() == (1..<directory.nextReplica).map { ReplicaID($0) })
    }

    @Test("is unchanged by what it holds already") func idempotence() {
        var directory = Samples.formed(3)
        let before = directory
        #expect(directory.apply(.createCluster(Samples.founding(3))) == .unchanged)
        #expect(directory.apply(.registerNode(NodeID(2), Samples.addresses(2))) == .unchanged)
        #expect(directory.apply(.updateAddresses(NodeID(2), Samples.addresses(2))) == .unchanged)
        let leaders = directory.shards.values.map {
            PreferredLeader(shard: $0.id, node: $0.preferredLeader)
        }
        #expect(directory.apply(.setPreferredLeaders(leaders)) == .unchanged)
        #expect(directory == before)
    }

    @Test("takes new addresses and preferred leaders") func updates() throws {
        var directory = Samples.formed(3)
        let epoch = directory.epoch
        #expect(directory.apply(.updateAddresses(NodeID(2), Samples.addresses(9))) == .applied)
        #expect(directory.nodes[NodeID(2)]?.peer == Samples.addresses(9).peer)
        let shard = try #require(directory.shards.values.first)
        let other = try #require(shard.replicas.last { $0.node != shard.preferredLeader })
        let wish = PreferredLeader(shard: shard.id, node: other.node)
        #expect(directory.apply(.setPreferredLeaders([wish])) == .applied)
        #expect(directory.shards[shard.id]?.preferredLeader == other.node)
        #expect(directory.epoch == epoch + 2)
    }

    @Test("removes an idle node for good") func removal() {
        var directory = Samples.formed(3)
        let spare = NodeID(77)
        #expect(directory.apply(.registerNode(spare, Samples.addresses(7))) == .applied)
        #expect(directory.apply(.removeNode(spare)) == .applied)
        #expect(directory.apply(.removeNode(spare)) == .unchanged)
        #expect(directory.nodes[spare] == nil && directory.removedNodes == [spare])
        let again = directory.apply(.registerNode(spare, Samples.addresses(7)))
        #expect(again == .refused("node \(spare) was removed; start it with an empty data folder"))
    }

    @Test("refuses what isn't valid and stays as it was", arguments: invalid)
    func refusal(command: DirectoryCommand, reason: String) {
        var directory = Samples.formed(3)
        let before = directory
        #expect(directory.apply(command.encode()) == .refused(reason))
        #expect(directory == before)
    }

    private static let invalid: [(DirectoryCommand, String)] = [
        (
            .createCluster(Samples.founding(2)), "cluster 00000000000000c1 exists already"
        ),
        (
            .registerNode(NodeID(1), Samples.addresses(4)),
            "node 0000000000000001 is registered with other addresses"
        ),
        (.registerNode(NodeID(0), Samples.addresses(4)), "node id 0"),
        (
            .updateAddresses(NodeID(9), Samples.addresses(4)),
            "node 0000000000000009 is not registered"
        ),
        (.createShards([]), "the shards exist already"),
        (
            .setPreferredLeaders([PreferredLeader(shard: GroupID(99), node: NodeID(1))]),
            "shard 99 does not exist"
        ),
        (
            .setPreferredLeaders([PreferredLeader(shard: GroupID(1), node: NodeID(9))]),
            "node 0000000000000009 has no replica of shard 1"
        ),
        (.removeNode(NodeID(9)), "node 0000000000000009 is not registered"),
        (.removeNode(NodeID(1)), "node 0000000000000001 has a replica of shard 1"),
    ]

    @Test("creates shards only from a plan that covers each slot once", arguments: unsound)
    func unsoundPlans(plans: [ShardPlan], reason: String) {
        var directory = Samples.registered(3)
        let before = directory
        #expect(directory.apply(.createShards(plans)) == .refused(reason))
        #expect(directory == before)
    }

    private static let unsound: [([ShardPlan], String)] = [
        ([], "slot 0 is not in one shard"),
        ([plan(1, slots: [0...16382])], "slot 16383 is not in one shard"),
        (
            [plan(1, slots: [0...100]), plan(2, slots: [100...16383])],
            "slot 101 is not in one shard"
        ),
        ([plan(0, slots: [0...16383])], "shard 0 is the directory"),
        (
            [plan(1, slots: [0...100]), plan(1, slots: [101...16383])],
            "two shards have the same number"
        ),
        ([plan(1, nodes: [1, 1], slots: [0...16383])], "shard 1 needs distinct nodes"),
        ([plan(1, nodes: [], slots: [0...16383])], "shard 1 needs distinct nodes"),
        (
            [plan(1, nodes: [1, 9], slots: [0...16383])],
            "shard 1 is placed on node 0000000000000009, which is not registered"
        ),
        (
            [plan(1, nodes: [2, 3], slots: [0...16383])],
            "shard 1 prefers a leader that has no replica of it"
        ),
    ]

    private static func plan(
        _ id: UInt32, nodes: [UInt64] = [1], slots: [ClosedRange<UInt16>]
    ) -> ShardPlan {
        ShardPlan(
            id: GroupID(id), nodes: nodes.map { NodeID($0) }, preferredLeader: NodeID(1),
            slots: slots)
    }

    @Test("creates a cluster only from sound founders") func badFounding() {
        var founding = Samples.founding(3)
        var directory = DirectoryState()
        #expect(
            directory.apply(.registerNode(NodeID(1), Samples.addresses(1)))
                == .refused("the cluster is not created yet"))
        founding.founders[2].node = NodeID(1)
        let reason = "founders are not distinct nodes with replicas 1 to 3"
        #expect(directory.apply(.createCluster(founding)) == .refused(reason))
        founding.founders = []
        #expect(
            directory.apply(.createCluster(founding))
                == .refused("founders are not distinct nodes with replicas 1 to 0"))
        #expect(directory == DirectoryState())
    }

    @Test("keeps slots of changing owners apart", arguments: 0..<8)
    func slotTable(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var table = SlotTable()
        var model = [UInt32](repeating: 0, count: SlotID.count)
        for epoch in 1...60 {
            let ends = [generator.below(SlotID.count), generator.below(SlotID.count)].sorted()
            let shard = UInt32(1 + generator.below(4))
            for slot in ends[0]...ends[1] { model[slot] = shard }
            table.assign(
                SlotRange(
                    first: UInt16(ends[0]), last: UInt16(ends[1]), shard: GroupID(shard),
                    epoch: UInt64(epoch)))
        }
        let found = (0..<SlotID.count).map {
            table.range(of: SlotID(UInt16($0)))?.shard.rawValue ?? 0
        }
        #expect(found == model)
        for shard in 1...4 {
            let owned = table.slots(of: GroupID(UInt32(shard))).flatMap { Array($0) }
            #expect(owned == model.indices.filter { model[$0] == shard }.map { UInt16($0) })
        }
        #expect(table.isComplete == !model.contains(0))
    }
}
