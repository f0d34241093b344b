package import Primitives

/// Plans where replicas live and who leads. The same input gives the same plan on every machine.
package enum Placement {
    /// How many shards a new cluster has unless told otherwise.
    package static let defaultShardCount = 16
    /// How many replicas a shard has unless told otherwise, nodes permitting.
    package static let defaultReplicationFactor = 3

    /// The first shards of a cluster: equal shares of the slots, replicas and leaders spread so that
    /// two nodes differ by at most one of each. Two nodes share as few shards as can be, so that the
    /// work of a lost node falls to many.
    ///
    /// - Parameters:
    ///   - nodes: Where replicas may live; at least one.
    ///   - shardCount: 1…16384.
    ///   - replicationFactor: At least 1; with fewer nodes, every node gets a replica.
    /// - Returns: Shards 1…`shardCount`.
    package static func initialShards(
        on nodes: [NodeID], shardCount: Int = defaultShardCount,
        replicationFactor: Int = defaultReplicationFactor
    ) -> [ShardPlan] {
        precondition(!nodes.isEmpty && replicationFactor > 0, "nothing to place replicas on")
        precondition((1...SlotID.count).contains(shardCount), "\(shardCount) shards")
        let nodes = nodes.sorted()
        let homes = placeReplicas(
            nodeCount: nodes.count, shardCount: shardCount,
            replicaCount: min(replicationFactor, nodes.count))
        var leaders = homes.map { $0[0] }
        let isAlive = [Bool](repeating: true, count: nodes.count)
        let first = leaders
        while improve(&leaders, homes: homes, isAlive: isAlive, preferred: first) {}
        return (0..<shardCount).map { shard in
            let first = UInt16(SlotID.count * shard / shardCount)
            let last = UInt16(SlotID.count * (shard + 1) / shardCount - 1)
            return ShardPlan(
                id: GroupID(UInt32(shard + 1)), nodes: homes[shard].sorted().map { nodes[$0] },
                preferredLeader: nodes[leaders[shard]], slots: [first...last])
        }
    }

    /// Transfers that even out leadership over the nodes that are alive. None when no transfer can
    /// bring two nodes closer that differ by two or more, so that a balanced cluster stays as it is.
    ///
    /// - Parameters:
    ///   - directory: Says which nodes have a replica of each shard.
    ///   - leaders: Who leads each shard now. A shard that is missing here, or led by a node that is
    ///     not alive, is left alone.
    ///   - aliveNodes: Nodes that can take a leadership.
    ///   - limit: The most transfers to return.
    /// - Returns: The transfers, those from the busiest nodes first.
    package static func leaderMoves(
        directory: DirectoryState, leaders: SortedMap<GroupID, NodeID>, aliveNodes: [NodeID],
        limit: Int
    ) -> [LeaderMove] {
        let nodes = directory.nodes.keys
        let isAlive = nodes.map { aliveNodes.contains($0) }
        var shards: [ShardRecord] = []
        var homes: [[Int]] = []
        var current: [Int] = []
        var preferred: [Int] = []
        for shard in directory.shards.values {
            guard let leader = leaders[shard.id],
                let node = directory.nodes.index(of: leader), isAlive[node]
            else { continue }
            shards.append(shard)
            homes.append(shard.replicas.compactMap { directory.nodes.index(of: $0.node) })
            current.append(node)
            preferred.append(directory.nodes.index(of: shard.preferredLeader) ?? node)
        }
        var planned = current
        while improve(&planned, homes: homes, isAlive: isAlive, preferred: preferred) {}
        let load = loads(current, nodeCount: nodes.count)
        let moving = shards.indices.filter { planned[$0] != current[$0] }.sorted { left, right in
            (load[current[right]], left) < (load[current[left]], right)
        }
        return moving.prefix(limit).map { shard in
            LeaderMove(
                shard: shards[shard].id, from: nodes[current[shard]], to: nodes[planned[shard]])
        }
    }

    /// For each shard, the places of the nodes that hold its replicas. Each shard takes the nodes
    /// with the fewest replicas, which keeps any two nodes within one of each other.
    private static func placeReplicas(
        nodeCount: Int, shardCount: Int, replicaCount: Int
    ) -> [[Int]] {
        var load = [Int](repeating: 0, count: nodeCount)
        var shared = [[Int]](
            repeating: Array(repeating: 0, count: nodeCount), count: nodeCount)
        return (0..<shardCount).map { shard in
            var chosen: [Int] = []
            for _ in 0..<replicaCount {
                let rank = { (node: Int) -> (Int, Int, Int) in
                    var together = 0
                    for other in chosen { together += shared[node][other] }
                    return (
                        load[node], together, (node + nodeCount * shardCount - shard) % nodeCount
                    )
                }
                let free = (0..<nodeCount).filter { !chosen.contains($0) }
                let best = free.min { rank($0) < rank($1) }
                guard let best else { break }
                for other in chosen {
                    shared[best][other] += 1
                    shared[other][best] += 1
                }
                load[best] += 1
                chosen.append(best)
            }
            return chosen
        }
    }

    /// Applies the shortest chain of transfers that takes a leadership from a busy node, by way of
    /// others if need be, to one with at least two fewer.
    ///
    /// - Returns: Whether there was one. Each lowers the sum of the squared loads.
    private static func improve(
        _ leaders: inout [Int], homes: [[Int]], isAlive: [Bool], preferred: [Int]
    ) -> Bool {
        let load = loads(leaders, nodeCount: isAlive.count)
        let sources = isAlive.indices.filter { load[$0] >= 2 }
            .sorted { load[$0] == load[$1] ? $0 < $1 : load[$0] > load[$1] }
        for source in sources {
            let steps = chains(
                from: source, leaders: leaders, homes: homes, isAlive: isAlive,
                preferred: preferred)
            let ends = isAlive.indices.filter { steps[$0] != nil && load[$0] + 2 <= load[source] }
            let best = ends.min {
                (steps[$0]?.length ?? 0, load[$0], $0) < (steps[$1]?.length ?? 0, load[$1], $1)
            }
            guard var node = best else { continue }
            while let step = steps[node] {
                leaders[step.shard] = node
                node = step.from
            }
            return true
        }
        return false
    }

    /// The last step of a shortest chain.
    private struct Step {
        var shard: Int
        var from: Int
        var length: Int
    }

    /// For each node that leadership can reach from `source`, how.
    private static func chains(
        from source: Int, leaders: [Int], homes: [[Int]], isAlive: [Bool], preferred: [Int]
    ) -> [Step?] {
        var steps = [Step?](repeating: nil, count: isAlive.count)
        var queue = [source]
        var next = 0
        while next < queue.count {
            let from = queue[next]
            next += 1
            let length = (steps[from]?.length ?? 0) + 1
            for node in isAlive.indices where isAlive[node] && node != source {
                guard steps[node] == nil else { continue }
                let movable = leaders.indices.filter {
                    leaders[$0] == from && homes[$0].contains(node)
                }
                let shard =
                    movable.first { preferred[$0] == node }
                    ?? movable.first { preferred[$0] != from } ?? movable.first
                guard let shard else { continue }
                steps[node] = Step(shard: shard, from: from, length: length)
                queue.append(node)
            }
        }
        return steps
    }

    private static func loads(_ leaders: [Int], nodeCount: Int) -> [Int] {
        var loads = [Int](repeating: 0, count: nodeCount)
        for leader in leaders { loads[leader] += 1 }
        return loads
    }
}
