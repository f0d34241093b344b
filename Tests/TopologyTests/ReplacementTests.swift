import Primitives
import Testing
import Topology

@Suite("Replacement in the directory") struct ReplacementTests {
    private static func node(_ number: Int) -> NodeID { NodeID(UInt64(number)) }

    /// Three nodes with shards, and a fourth without.
    private static func withSpare() -> DirectoryState {
        var directory = Samples.formed(3)
        _ = directory.apply(.registerNode(node(4), Samples.addresses(4)))
        return directory
    }

    @Test("a node's replicas move one after the other, and it is removed at the end")
    func wholeNode() throws {
        var directory = Self.withSpare()
        let (old, new) = (Self.node(2), Self.node(4))
        #expect(directory.apply(.replaceNode(old, by: new)) == .applied)
        #expect(directory.apply(.replaceNode(old, by: new)) == .unchanged)
        #expect(directory.departures[old]?.successor == new)
        for shard in directory.shards.values {
            let leaving = try #require(shard.replica(on: old))
            #expect(directory.apply(.removeNode(old)) != .applied)
            #expect(directory.apply(.moveReplica(shard.id, leaving: leaving, to: new)) == .applied)
            let moving = try #require(directory.shards[shard.id])
            #expect(moving.isMoving && moving.names(leaving) && moving.replicas == shard.replicas)
            #expect(moving.target.map(\.node).sorted() == [1, 3, 4].map(Self.node))
            #expect(moving.founders == shard.founders)
            #expect(try #require(moving.replica(on: new)) > leaving)
            // A later plan is not confirmed by an older one's end.
            #expect(
                directory.apply(.confirmReplicas(shard.id, shard.replicas.map(\.replica)))
                    != .applied)
            let target = moving.target.map(\.replica)
            #expect(directory.apply(.confirmReplicas(shard.id, target)) == .applied)
            #expect(directory.apply(.confirmReplicas(shard.id, target)) == .unchanged)
            let done = try #require(directory.shards[shard.id])
            #expect(!done.isMoving && !done.names(leaving))
            #expect(done.replica(on: done.preferredLeader) != nil)
        }
        #expect(directory.apply(.removeNode(old)) == .applied)
        #expect(directory.departures.isEmpty && directory.removedNodes == [old])
        #expect(try DirectoryState(decoding: directory.encode()) == directory)
    }

    @Test("a replica is made anew in its place under another id") func inPlace() throws {
        var directory = Samples.formed(3)
        let shard = try #require(directory.shards.values.first)
        let lost = try #require(shard.replica(on: Self.node(1)))
        let before = directory.nextReplica
        let move = DirectoryCommand.moveReplica(shard.id, leaving: lost, to: Self.node(1))
        #expect(directory.apply(move) == .applied)
        #expect(directory.shards[shard.id]?.replica(on: Self.node(1)) == ReplicaID(before))
        // What has given up its place gives up no other.
        #expect(directory.apply(move) != .applied)
        let node = try #require(directory.nodes[Self.node(3)])
        let renewal = DirectoryCommand.replaceDirectoryReplica(
            node.id, leaving: node.directoryReplica)
        #expect(directory.apply(renewal) == .applied)
        #expect(directory.nodes[node.id]?.directoryReplica == ReplicaID(before + 1))
        #expect(directory.apply(renewal) != .applied)
    }

    @Test("a plan can be changed while it is carried out") func retarget() throws {
        var directory = Self.withSpare()
        _ = directory.apply(.registerNode(Self.node(5), Samples.addresses(5)))
        #expect(directory.apply(.replaceNode(Self.node(2), by: Self.node(4))) == .applied)
        let shard = try #require(directory.shards.values.first)
        let old = try #require(shard.replica(on: Self.node(2)))
        _ = directory.apply(.moveReplica(shard.id, leaving: old, to: Self.node(4)))
        let half = try #require(directory.shards[shard.id]?.replica(on: Self.node(4)))
        #expect(directory.apply(.replaceNode(Self.node(2), by: Self.node(5))) == .applied)
        #expect(
            directory.apply(.moveReplica(shard.id, leaving: half, to: Self.node(5))) == .applied)
        let target = try #require(directory.shards[shard.id]?.target)
        #expect(target.map(\.node).sorted() == [1, 3, 5].map(Self.node))
        #expect(directory.shards[shard.id]?.replica(on: Self.node(4)) == nil)
    }

    @Test(
        "what can't be is refused with the reason",
        arguments: [
            (
                DirectoryCommand.replaceNode(node(2), by: node(9)),
                "node 0000000000000009 is not registered"
            ),
            (.replaceNode(node(9), by: node(4)), "node 0000000000000009 is not registered"),
            (.replaceNode(node(2), by: node(2)), "node 0000000000000002 can't replace itself"),
            (
                .replaceNode(node(2), by: node(3)),
                "node 0000000000000003 has a replica of shard 1 already, as node 0000000000000002 has"
            ),
            (
                .forgetNode(node(2)),
                "node 0000000000000002 has replicas of 16 shards; replace it by another node"
            ),
            (.forgetNode(node(9)), "node 0000000000000009 is not registered"),
            (
                .moveReplica(GroupID(1), leaving: ReplicaID(999), to: node(4)),
                "replica 999 of shard 1 has no place to give up"
            ),
        ])
    func refusals(command: DirectoryCommand, reason: String) {
        var directory = Self.withSpare()
        let before = directory
        #expect(directory.apply(command) == .refused(reason))
        #expect(directory == before)
    }

    @Test("a node that leaves takes no other's place") func chains() {
        var directory = Self.withSpare()
        _ = directory.apply(.registerNode(Self.node(5), Samples.addresses(5)))
        #expect(directory.apply(.forgetNode(Self.node(4))) == .applied)
        #expect(directory.apply(.replaceNode(Self.node(2), by: Self.node(4))) != .applied)
        #expect(directory.apply(.replaceNode(Self.node(2), by: Self.node(5))) == .applied)
        #expect(directory.apply(.forgetNode(Self.node(5))) != .applied)
        #expect(directory.apply(.forgetNode(Self.node(2))) != .applied)
        #expect(directory.apply(.removeNode(Self.node(4))) == .applied)
    }
}
