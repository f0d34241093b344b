import Primitives
import Topology

/// Input: whether to begin with a formed cluster, then the payloads of entries.
enum DirectoryFuzz {
    static func run(_ input: inout FuzzInput) throws(Finding) {
        var state = DirectoryState()
        if input.byte() & 1 == 1 {
            for command in formation { _ = state.apply(command.encode()) }
        }
        var steps = 0
        while !input.isAtEnd, steps < 40 {
            steps += 1
            let payload = input.piece()
            try checkCoding(of: payload)
            let before = state
            switch state.apply(payload) {
            case .applied: try expect(state.epoch == before.epoch + 1, "epoch \(state.epoch)")
            case .unchanged, .refused:
                try expect(state == before, "a refused command changed the directory")
            }
        }
        try check(state)
    }

    private static func checkCoding(of payload: [UInt8]) throws(Finding) {
        guard let command = try? DirectoryCommand(decoding: payload) else { return }
        let again = try? DirectoryCommand(decoding: command.encode())
        try expect(again == command, "\(command) written anew is \(String(describing: again))")
    }

    /// What holds for every directory that commands alone have made.
    private static func check(_ state: DirectoryState) throws(Finding) {
        try expect(
            !state.isFormed || state.slotTable.isComplete, "shards without all of the slots")
        for slot in [0, 1, 8191, 16383] where state.isFormed {
            let shard = state.shard(of: SlotID(UInt16(slot)))
            try expect(shard.map { state.shards[$0] != nil } ?? false, "slot \(slot) has no shard")
        }
        for shard in state.shards.values {
            try expect(
                shard.replica(on: shard.preferredLeader) != nil, "a leader without a replica")
        }
        let again = try? DirectoryState(decoding: state.encode())
        try expect(again == state, "a directory is another one when it was written and read")
        try expectEqual(again?.stateHash(), state.stateHash(), "the state hash")
    }

    static let formation: [DirectoryCommand] = {
        let addresses = AdvertisedAddresses(
            peer: FuzzSeeds.address, cluster: FuzzSeeds.address, plain: FuzzSeeds.address,
            admin: FuzzSeeds.address)
        return [
            .createCluster(
                ClusterFounding(
                    clusterID: ClusterID(9), name: "fuzz", hashSecret: 11, replicationFactor: 1,
                    founders: [Member(replica: ReplicaID(1), node: FuzzSeeds.node)])),
            .registerNode(FuzzSeeds.node, addresses),
            .createShards([
                ShardPlan(
                    id: GroupID(1), nodes: [FuzzSeeds.node], preferredLeader: FuzzSeeds.node,
                    slots: [0...16383])
            ]),
        ]
    }()

    static var seeds: [[UInt8]] {
        var addresses = AdvertisedAddresses(
            peer: FuzzSeeds.address, cluster: FuzzSeeds.address, plain: FuzzSeeds.address,
            admin: FuzzSeeds.address)
        let registration = DirectoryCommand.registerNode(FuzzSeeds.peer, addresses)
        addresses.admin.host = "::1"
        let plans = [(1, 0...100), (2, 101...16383)].map { (number: UInt32, slots) in
            ShardPlan(
                id: GroupID(number), nodes: [FuzzSeeds.node, FuzzSeeds.peer],
                preferredLeader: FuzzSeeds.peer, slots: [slots])
        }
        let life: [DirectoryCommand] =
            formation[..<2] + [
                registration, .updateAddresses(FuzzSeeds.peer, addresses), .createShards(plans),
                .setPreferredLeaders([
                    PreferredLeader(shard: GroupID(1), node: FuzzSeeds.node)
                ]), .removeNode(NodeID(99)),
            ]
        let onFormed: [DirectoryCommand] = [registration, .removeNode(FuzzSeeds.peer)]
        return [encode(life, 0), encode(onFormed, 1)]
            + (life + onFormed).enumerated().map { encode([$0.element], UInt8($0.offset & 1)) }
    }

    private static func encode(_ commands: [DirectoryCommand], _ choice: UInt8) -> [UInt8] {
        var bytes = [choice]
        for command in commands { bytes.append(piece: command.encode()) }
        return bytes
    }
}
