package import Primitives

/// A leadership that should be handed over.
package struct LeaderMove: Equatable, Sendable {
    package var shard: GroupID
    package var from: NodeID
    package var to: NodeID

    package init(shard: GroupID, from: NodeID, to: NodeID) {
        self.shard = shard
        self.from = from
        self.to = to
    }
}
