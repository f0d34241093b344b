import Consensus
import Gossip
import Node
import Primitives
import Testing
import Topology

@Suite("The home core") struct HomeCoreTests {
    @Test("founds, registers every node and creates the shards", arguments: 0..<12)
    func formation(seed: UInt64) throws {
        let world = HomeWorld(seedCount: 3, seed: seed)
        world.lossPercent = Int(seed % 3) * 15
        for index in [2, 0, 1] {
            try world.start(index)
            world.run(milliseconds: world.generator.below(500))
        }
        world.run(milliseconds: 15_000)
        for index in 0..<3 {
            let status = try #require(world.status(index))
            #expect(status.isFormed && status.shards.count == 16)
            #expect(status.obstacle == nil && status.warnings.isEmpty)
            #expect(status.nodes.count == 3)
            #expect(status.nodes.allSatisfy { $0.health == .alive && $0.role == .voter })
            #expect(status.shards.allSatisfy { $0.leader != nil && $0.replicas.count == 3 })
            #expect(status.shards.allSatisfy { $0.replicas.allSatisfy { $0.lag == 0 } })
            #expect(status.directory?.leader == world.groups[.directory]?.leader?.node)
            #expect(world.machines[index].clusterSeen == status.clusterID)
            #expect(world.machines[index].links.count == 2)
        }
        #expect(world.log.count { if case .createShards = $0.command { true } else { false } } < 3)
        #expect(world.leaderCounts.sorted() == [5, 5, 6])
    }

    @Test("serves within three seconds of the start of the last seed", arguments: 0..<8)
    func speed(seed: UInt64) throws {
        let world = HomeWorld(seedCount: 3, seed: seed)
        try world.startAll()
        world.run(milliseconds: 3000)
        for index in 0..<3 {
            let status = try #require(world.status(index))
            #expect(status.isFormed && status.shards.allSatisfy { $0.leader != nil })
        }
    }

    @Test("of a single node without seeds forms a cluster by itself, and says that it is alone")
    func single() throws {
        let world = HomeWorld(seedCount: 1, seed: 1)
        world.adjust(0) { $0.seeds = [] }
        try world.start(0)
        world.run(milliseconds: 2000)
        let status = try #require(world.status(0))
        #expect(status.isFormed && status.founderCount == 1)
        #expect(status.shards.allSatisfy { $0.leader == status.node && $0.replicas.count == 1 })
        #expect(status.warnings.count == 1 && world.machines[0].warnings == status.warnings)
        #expect(status.warnings[0].contains("founded by one seed"))
    }

    @Test("lets a node outside the list join as a learner of the directory", arguments: 0..<6)
    func joining(seed: UInt64) throws {
        let world = HomeWorld(seedCount: 3, extraCount: 2, seed: seed)
        try world.startAll()
        world.run(milliseconds: 15_000)
        for index in world.machines.indices {
            let status = try #require(world.status(index))
            #expect(status.clusterID == world.status(0)?.clusterID)
            #expect(status.nodes.count == 5 && status.isFormed)
            #expect(status.nodes.count { $0.role == .learner } == 2)
            #expect(status.shards.allSatisfy { $0.leader != nil })
        }
        let extras = [3, 4].compactMap { world.node($0) }
        #expect(
            world.groups[.directory]?.configuration.learners.map(\.node).sorted()
                == extras.sorted())
        #expect(Set(world.machines.compactMap(\.replica)).count == 5)
    }

    @Test("moves leaders off a dead node's survivors, and back when it returns", arguments: 0..<8)
    func balance(seed: UInt64) throws {
        let world = HomeWorld(seedCount: 3, seed: seed)
        try world.startAll()
        world.run(milliseconds: 15_000)
        #expect(world.leaderCounts.sorted() == [5, 5, 6])
        let victim = Int(seed % 3)
        world.kill(victim)
        world.run(milliseconds: 15_000)
        #expect(world.leaderCounts == [8, 8])
        let health = world.status((victim + 1) % 3)?.nodes.map(\.health)
        #expect(health?.count { $0 == .dead } == 1)
        try world.start(victim)
        world.run(milliseconds: 20_000)
        #expect(world.leaderCounts.sorted() == [5, 5, 6])
        let count = world.transferCount
        world.run(milliseconds: 20_000)
        #expect(world.transferCount == count)
    }

    @Test("lets a node take another's place, whoever dies meanwhile", arguments: 0..<8)
    func replacement(seed: UInt64) throws {
        let world = HomeWorld(seedCount: 3, extraCount: 1, seed: seed)
        for index in 0..<3 { try world.start(index) }
        world.run(milliseconds: 8000)
        try world.start(3)
        world.run(milliseconds: 8000)
        let victim = Int(seed % 3)
        let old = try #require(world.node(victim))
        let new = try #require(world.node(3))
        // Half of the time it is dead already.
        if seed % 2 == 0 { world.kill(victim) }
        world.run(milliseconds: 8000)
        #expect(world.request(.forget(old), of: 3)?.contains("replicas of 16 shards") == true)
        #expect(world.request(.replace(old, by: new), of: 3) == nil)
        world.run(milliseconds: 2000)
        let status = try #require(world.status(3))
        #expect(status.departures.map(\.node) == [old])
        // The coordinator dies; another one goes on.
        let others = (0..<3).filter { $0 != victim }
        let coordinator = others.first { world.node($0) == status.directory?.leader }
        if let coordinator {
            world.kill(coordinator)
            world.run(milliseconds: 3000)
            try world.start(coordinator)
        }
        world.run(milliseconds: 40_000)
        for index in others + [3] {
            let status = try #require(world.status(index))
            #expect(status.departures.isEmpty)
            #expect(!status.shards.contains { $0.replicas.contains { $0.member.node == old } })
            #expect(status.shards.allSatisfy { $0.replicas.count == 3 && $0.leader != nil })
            #expect(status.directory?.replicas.contains { $0.member.node == old } == false)
        }
        let voters = world.groups[.directory]?.configuration.voters.map(\.node)
        #expect(voters?.contains(new) == true && voters?.count == 3)
        if seed % 2 == 1 {
            guard case .unusable(let text)? = world.machines[victim].stop else {
                Issue.record("the node that was replaced goes on")
                return
            }
            #expect(text.contains("was removed from the cluster"))
        }
    }

    @Test("lets all nodes know at once that the replicas of a shard have changed")
    func changedReplicas() throws {
        let world = HomeWorld(seedCount: 3, extraCount: 1, seed: 7)
        for index in 0..<3 { try world.start(index) }
        world.run(milliseconds: 8000)
        try world.start(3)
        world.run(milliseconds: 8000)
        let (old, new) = (try #require(world.node(2)), try #require(world.node(3)))
        #expect(world.request(.replace(old, by: new), of: 0) == nil)
        var changeCount = 0
        var known = world.groups
        for _ in 0..<2000 where world.machines[2].home != nil {
            world.run(milliseconds: 10)
            let changed = world.groups.values.indices.filter {
                world.groups.keys[$0] != .directory
                    && known.values[$0].configuration != world.groups.values[$0].configuration
            }
            known = world.groups
            guard !changed.isEmpty else { continue }
            changeCount += changed.count
            // A tick, and the way of a frame.
            world.run(milliseconds: 100)
            for index in [0, 1, 3] {
                let shards = try #require(world.status(index)?.shards)
                for place in changed {
                    let members = known.values[place].configuration.members
                    let shard = shards.first { $0.id == known.keys[place] }
                    #expect(shard?.replicas.map(\.member) == members)
                }
            }
            known = world.groups
        }
        #expect(changeCount == 16)
    }

    @Test("forgets a dead node without shards", arguments: 0..<3) func forgetting(seed: UInt64)
        throws
    {
        let world = HomeWorld(seedCount: 3, extraCount: 1, seed: seed)
        for index in 0..<3 { try world.start(index) }
        world.run(milliseconds: 8000)
        try world.start(3)
        world.run(milliseconds: 8000)
        let old = try #require(world.node(3))
        world.kill(3)
        world.run(milliseconds: 5000)
        #expect(world.request(.forget(NodeID(77)), of: 0)?.contains("is not registered") == true)
        #expect(world.request(.forget(old), of: Int(seed)) == nil)
        world.run(milliseconds: 5000)
        let status = try #require(world.status(0))
        #expect(!status.nodes.contains { $0.id == old && $0.role != .joining })
        #expect(world.machines[0].directory.removedNodes == [old])
    }

    @Test("has quarantined replicas made anew under other ids", arguments: 0..<4)
    func rebuilding(seed: UInt64) throws {
        let world = HomeWorld(seedCount: 3, seed: seed)
        try world.startAll()
        world.run(milliseconds: 15_000)
        let leader = world.groups[.directory]?.leader?.node
        let index = try #require((0..<3).first { world.node($0) != leader })
        let node = try #require(world.node(index))
        let shard = try #require(world.machines[index].directory.shards.values.first)
        let lost = try #require(shard.replica(on: node))
        let reason = "segment-1, 8 bytes at offset 512: rotten"
        world.quarantine(
            index, QuarantinedReplica(group: shard.id, replica: lost, reason: reason))
        world.run(milliseconds: 1200)
        let other = try #require(world.status((index + 1) % 3))
        #expect(other.quarantines.map(\.node) == [node])
        #expect(other.quarantines.map(\.replica.reason) == [reason])
        world.run(milliseconds: 4000)
        world.quarantine(index, nil)
        world.run(milliseconds: 5000)
        let record = try #require(world.machines[index].directory.shards[shard.id])
        #expect(!record.isMoving && !record.names(lost))
        #expect(try #require(record.replica(on: node)) > lost)
        #expect(world.status((index + 1) % 3)?.quarantines.isEmpty == true)

        let own = try #require(world.machines[index].directory.nodes[node]?.directoryReplica)
        world.quarantine(
            index, QuarantinedReplica(group: .directory, replica: own, reason: reason))
        world.run(milliseconds: 4000)
        #expect(try #require(world.machines[index].replica) > own)
    }

    @Test("hands over what it leads before it stops") func draining() throws {
        let world = HomeWorld(seedCount: 3, seed: 5)
        try world.startAll()
        world.run(milliseconds: 15_000)
        #expect(world.machines[1].home?.core.isDrained == false)
        world.drain(1)
        world.run(milliseconds: 3000)
        #expect(world.machines[1].home?.core.isDrained == true)
        #expect(world.leaderCounts[1] == 0 && world.leaderCounts.reduce(0, +) == 16)
        #expect(world.groups[.directory]?.leader?.node != world.node(1))
        let health = world.status(0)?.nodes.first { $0.id == world.node(1) }?.health
        #expect(health == .left)
    }

    @Test("gives nobody a vote on the directory who has acknowledged nothing of it")
    func silentHeir() throws {
        let world = HomeWorld(seedCount: 3, extraCount: 1, seed: 6)
        for index in 0..<3 { try world.start(index) }
        world.run(milliseconds: 8000)
        try world.start(3)
        world.run(milliseconds: 8000)
        let (old, new) = (try #require(world.node(2)), try #require(world.node(3)))
        world.adjust(3) { $0.acknowledges = false }
        world.run(milliseconds: 2000)
        #expect(world.request(.replace(old, by: new), of: 0) == nil)
        func voters() -> [NodeID]? { world.groups[.directory]?.configuration.voters.map(\.node) }
        world.run(milliseconds: 20_000)
        #expect(voters()?.contains(new) == false && voters()?.count == 3)
        world.adjust(3) { $0.acknowledges = true }
        world.run(milliseconds: 20_000)
        #expect(voters()?.contains(new) == true && voters()?.count == 3)
    }

    @Test("gives a node with a full or hung disk nothing to lead, and says so")
    func hinderedDisks() throws {
        let world = HomeWorld(seedCount: 3, seed: 6)
        try world.startAll()
        world.run(milliseconds: 15_000)
        world.adjust(0) { $0.hindrance = .noRoom }
        world.run(milliseconds: 2000)
        // Its loops would hand over what it leads; here the drain of another node does the moves.
        let before = world.leaderCounts[0]
        world.drain(1)
        world.run(milliseconds: 10_000)
        #expect(world.leaderCounts[0] <= before, "\(world.leaderCounts)")
        #expect(world.leaderCounts.reduce(0, +) == 16)
        for asked in [0, 2] {
            let disks = world.status(asked)?.nodes.map { $0.id == world.node(0) ? $0.disk : .none }
            #expect(disks?.count { $0 == .noRoom } == 1, "as node \(asked) sees it")
        }
        let count = world.leaderCounts[0]
        world.adjust(0) { $0.hindrance = .none }
        world.run(milliseconds: 20_000)
        #expect(world.leaderCounts[0] > count, "\(world.leaderCounts)")
        #expect(world.status(2)?.nodes.allSatisfy { $0.disk == .none } == true)
    }

    @Test("tells the directory when its addresses change") func newAddresses() throws {
        let world = HomeWorld(seedCount: 3, extraCount: 1, seed: 6)
        try world.startAll()
        world.run(milliseconds: 10_000)
        for index in [0, 3] {
            let node = try #require(world.node(index))
            world.kill(index)
            world.run(milliseconds: 2000)
            try world.start(index, advertisedPort: 7777)
            world.run(milliseconds: 5000)
            #expect(world.node(index) == node)
            #expect(world.machines[1].directory.nodes[node]?.cluster.port == 7777)
        }
    }

    @Test("comes back after every node was stopped") func restart() throws {
        let world = HomeWorld(seedCount: 3, extraCount: 1, seed: 8)
        try world.startAll()
        world.run(milliseconds: 10_000)
        let before = world.status(0)?.clusterID
        let nodes = world.machines.indices.map { world.node($0) }
        for index in world.machines.indices { world.kill(index) }
        world.run(milliseconds: 1000)
        try world.startAll()
        world.run(milliseconds: 10_000)
        #expect(world.machines.indices.map { world.node($0) } == nodes)
        for index in world.machines.indices {
            let status = try #require(world.status(index))
            #expect(status.clusterID == before && status.isFormed)
            #expect(world.machines[index].links.count == 3)
        }
    }

    @Test("stops the later of two processes with one folder") func clone() throws {
        let world = HomeWorld(seedCount: 3, extraCount: 1, seed: 9)
        for index in 0..<3 { try world.start(index) }
        world.run(milliseconds: 8000)
        let file = world.machines[1].file
        world.adjust(3) { $0.file = file }
        try world.start(3)
        world.run(milliseconds: 8000)
        guard case .clonedIdentity(let text) = world.machines[3].stop else {
            Issue.record("the copy runs on: \(String(describing: world.machines[3].stop))")
            return
        }
        #expect(text.contains("its data folder was copied"))
        #expect(world.machines[1].home != nil && world.machines[1].stop == nil)
    }

    @Test("counts and drops datagrams of another secret") func secrets() throws {
        let world = HomeWorld(seedCount: 3, extraCount: 1, seed: 10)
        world.adjust(3) { $0.secret = 2 }
        try world.startAll()
        world.run(milliseconds: 5000)
        #expect(world.status(3)?.clusterID == nil)
        #expect((world.machines[0].home?.core.rejectedDatagramCount ?? 0) > 0)
        #expect(world.status(0)?.nodes.count == 3)
        #expect(world.status(3)?.obstacle?.contains("no answer from machine0:17000") == true)
    }

    @Test("takes the place of a seed that lost its folder by a new node", arguments: 0..<4)
    func replacedSeed(seed: UInt64) throws {
        let world = HomeWorld(seedCount: 3, seed: seed)
        try world.startAll()
        world.run(milliseconds: 10_000)
        let lost = try #require(world.node(2))
        world.kill(2)
        world.adjust(2) {
            $0.file = nil
            $0.replica = nil
        }
        world.run(milliseconds: 1000)
        try world.start(2)
        world.run(milliseconds: 10_000)
        let status = try #require(world.status(0))
        #expect(status.nodes.count == 4)
        #expect(status.nodes.first { $0.id == world.node(2) }?.role == .learner)
        #expect(status.nodes.first { $0.id == lost }?.health == .dead)
    }

    @Test("survives any frame and datagram") func garbage() throws {
        let world = HomeWorld(seedCount: 1, seed: 3)
        try world.startAll()
        world.run(milliseconds: 1000)
        let home = try #require(world.machines[0].home)
        var generator = SeededGenerator(seed: 4)
        var sealer = ChecksumSealer(secret: 1)
        let source = Address(host: "elsewhere", port: 1)
        var effects: [HomeEffect] = []
        for _ in 0..<3000 {
            let kind = UInt8(generator.below(6))
            let body = (0..<generator.below(60)).map { _ in UInt8(generator.below(256)) }
            home.core.frameReceived(
                from: NodeID(99), body: [kind] + body, now: world.now, into: &effects)
            home.core.datagramReceived(
                [kind] + sealer.seal(body, context: [kind]), from: source, now: world.now,
                into: &effects)
        }
        #expect(home.core.malformedCount > 3000)
        #expect(home.core.rejectedDatagramCount == 0)
    }

    @Test("brings changes of parameters to the leader, each once and in order", arguments: 0..<8)
    func parameters(seed: UInt64) throws {
        let world = HomeWorld(seedCount: 3, extraCount: 1, seed: seed)
        try world.startAll()
        world.run(milliseconds: 10_000)
        for index in 0..<4 {
            for number in 1...3 {
                world.setParameter(
                    "machine\(index)", "\(number)", ticket: UInt64(number), of: index)
            }
        }
        world.run(milliseconds: 4000)
        for index in 0..<4 {
            #expect(world.machines[index].parameterAnswers.values == ["OK", "OK", "OK"])
            for other in 0..<4 {
                #expect(world.machines[other].directory.parameters["machine\(index)"] == "3")
            }
        }
    }

    @Test("says of a change of parameters what is known of it when there is no leader")
    func parametersWithoutLeader() throws {
        let world = HomeWorld(seedCount: 3, seed: 5)
        try world.startAll()
        world.run(milliseconds: 5000)
        let leader = try #require(
            (0..<3).first { world.node($0) == world.groups[.directory]?.leader?.node })
        let others = (0..<3).filter { $0 != leader }
        world.kill(leader)
        world.kill(others[1])
        world.setParameter("timeout", "7", ticket: 1, of: others[0])
        world.setParameter("bad", "\n", ticket: 2, of: others[0])
        let answers = { world.machines[others[0]].parameterAnswers }
        #expect(answers()[2]?.hasPrefix("ERR ") == true)
        world.run(milliseconds: 6000)
        // It was sent to the node that led, which may have had it.
        #expect(answers()[1]?.hasPrefix("UNCERTAIN ") == true)
    }
}
