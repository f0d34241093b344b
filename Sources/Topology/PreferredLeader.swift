package import Primitives

/// Which node should lead a shard.
package struct PreferredLeader: Equatable, Sendable {
    package var shard: GroupID
    package var node: NodeID

    package init(shard: GroupID, node: NodeID) {
        self.shard = shard
        self.node = node
    }
}
