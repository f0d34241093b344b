import Primitives
import Testing
import Topology

@Suite("Placement") struct PlacementTests {
    @Test("spreads replicas and leaders evenly", arguments: 1...40) func evenness(count: Int) {
        for shardCount in [1, 3, 16, 48, 100] {
            let nodes = (1...count).map { NodeID(UInt64($0) &* 0x9E37_79B9_7F4A_7C15) }
            let plans = Placement.initialShards(on: nodes, shardCount: shardCount)
            #expect(plans.map(\.id.rawValue) == (1...shardCount).map { UInt32($0) })
            #expect(plans.allSatisfy { $0.nodes.count == min(3, count) })
            #expect(spread(nodes.map { node in plans.count { $0.nodes.contains(node) } }) <= 1)
            #expect(spread(nodes.map { node in plans.count { $0.preferredLeader == node } }) <= 1)
            #expect(spread(plans.map { $0.slots.reduce(0) { $0 + $1.count } }) <= 1)
        }
    }

    @Test("lets few shards share a pair of nodes") func scatter() {
        let nodes = (1...6).map { NodeID(UInt64($0)) }
        let plans = Placement.initialShards(on: nodes, shardCount: 20)
        for (index, one) in nodes.enumerated() {
            let together = nodes[(index + 1)...].map { other in
                plans.count { $0.nodes.contains(one) && $0.nodes.contains(other) }
            }
            #expect(together.allSatisfy { (2...6).contains($0) }, "\(together)")
        }
    }

    @Test("is the same for any order of the nodes") func order() {
        let nodes = (1...5).map { NodeID(UInt64($0)) }
        #expect(
            Placement.initialShards(on: nodes) == Placement.initialShards(on: nodes.reversed()))
    }

    @Test("evens out leaders in few moves, then rests", arguments: 0..<60)
    func balance(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = 3 + generator.below(7)
        let directory = Samples.formed(count, shardCount: 16 + generator.below(32))
        let dead = NodeID(UInt64(1 + generator.below(count)))
        let alive = directory.nodes.keys.filter { $0 != dead || generator.chance(percent: 50) }
        var leaders = SortedMap<GroupID, NodeID>()
        for shard in directory.shards.values {
            let candidates = shard.replicas.map(\.node).filter { alive.contains($0) }
            leaders[shard.id] = candidates[generator.below(candidates.count)]
        }
        var moveCount = 0
        while true {
            let moves = Placement.leaderMoves(
                directory: directory, leaders: leaders, aliveNodes: alive, limit: 2)
            guard !moves.isEmpty else { break }
            #expect(moves.count <= 2)
            for move in moves {
                #expect(leaders[move.shard] == move.from && alive.contains(move.to))
                #expect(directory.shards[move.shard]?.replica(on: move.to) != nil)
                leaders[move.shard] = move.to
            }
            moveCount += moves.count
            if moveCount > 200 { break }
        }
        let loads = alive.map { node in leaders.values.count { $0 == node } }
        #expect(spread(loads) <= 1, "\(loads)")
        #expect(moveCount <= directory.shards.count)
    }

    @Test("moves leaders to a node that is back, and only as many as it needs") func comeback() {
        let directory = Samples.formed(3)
        var leaders = SortedMap<GroupID, NodeID>()
        for shard in directory.shards.values {
            leaders[shard.id] = NodeID(1 + UInt64(shard.id.rawValue % 2))
        }
        let moves = Placement.leaderMoves(
            directory: directory, leaders: leaders, aliveNodes: directory.nodes.keys, limit: 100)
        #expect(moves.count == 5 && moves.allSatisfy { $0.to == NodeID(3) })
        let wanted = moves.count { directory.shards[$0.shard]?.preferredLeader == NodeID(3) }
        #expect(wanted >= 4)
    }

    @Test("leaves a balanced cluster and unknown leaders alone") func stability() {
        let directory = Samples.formed(3)
        var leaders = SortedMap<GroupID, NodeID>()
        for shard in directory.shards.values { leaders[shard.id] = shard.preferredLeader }
        func moves(_ alive: [NodeID]) -> [LeaderMove] {
            Placement.leaderMoves(
                directory: directory, leaders: leaders, aliveNodes: alive, limit: 100)
        }
        #expect(moves(directory.nodes.keys).isEmpty)
        #expect(moves(Array(directory.nodes.keys.dropLast())).isEmpty)
        #expect(moves([]).isEmpty)
        leaders.removeAll()
        #expect(moves(directory.nodes.keys).isEmpty)
    }

    private func spread(_ counts: [Int]) -> Int { (counts.max() ?? 0) - (counts.min() ?? 0) }
}
