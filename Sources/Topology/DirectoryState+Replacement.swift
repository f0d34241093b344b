import Primitives

/// Replicas and nodes that make room for others. The directory says what is to be; the leaders of the
/// shards carry it out, and the leader of group 0 sees to it that it is confirmed.
extension DirectoryState {
    /// Plans a new replica, under an id that never was, in the place of one.
    mutating func move(
        _ shard: GroupID, leaving: ReplicaID, to node: NodeID
    ) -> DirectoryOutcome {
        guard var record = shards[shard] else { return .refused("shard \(shard) does not exist") }
        guard let old = record.target.first(where: { $0.replica == leaving }) else {
            return .refused("replica \(leaving) of shard \(shard) has no place to give up")
        }
        guard nodes[node] != nil else { return .refused("node \(node) is not registered") }
        let others = record.target.filter { $0 != old }
        guard !others.contains(where: { $0.node == node }) else {
            return .refused("node \(node) has another replica of shard \(shard)")
        }
        let coming = Member(replica: allocateReplica(), node: node)
        record.target = (others + [coming]).sorted()
        shards[shard] = record
        return changed()
    }

    /// Takes note that a shard has the voters that it was to have.
    mutating func confirm(_ shard: GroupID, _ replicas: [ReplicaID]) -> DirectoryOutcome {
        guard var record = shards[shard] else { return .refused("shard \(shard) does not exist") }
        guard record.target.map(\.replica) == replicas else {
            return .refused("shard \(shard) is to have other replicas by now")
        }
        guard record.isMoving else { return .unchanged }
        let known = record.replicas
        record.replicas = record.target
        if !record.replicas.contains(where: { $0.node == record.preferredLeader }) {
            let heir = record.replicas.first { !known.contains($0) } ?? record.replicas.first
            record.preferredLeader = heir?.node ?? record.preferredLeader
        }
        shards[shard] = record
        return changed()
    }

    /// Gives a node another replica of group 0.
    mutating func replaceDirectoryReplica(
        of node: NodeID, leaving: ReplicaID
    ) -> DirectoryOutcome {
        guard var record = nodes[node] else { return .refused("node \(node) is not registered") }
        guard record.directoryReplica == leaving else {
            return .refused("node \(node) has another replica of the directory by now")
        }
        record.directoryReplica = allocateReplica()
        nodes[node] = record
        return changed()
    }

    // MARK: Nodes that go

    mutating func replace(_ node: NodeID, by successor: NodeID) -> DirectoryOutcome {
        guard nodes[node] != nil else { return .refused("node \(node) is not registered") }
        guard nodes[successor] != nil else {
            return .refused(
                removedNodes.contains(successor)
                    ? "node \(successor) was removed" : "node \(successor) is not registered")
        }
        guard node != successor else { return .refused("node \(node) can't replace itself") }
        guard departures[successor] == nil else {
            return .refused("node \(successor) is about to leave itself")
        }
        if let other = departures.first(where: { $0.0 != node && $0.1.successor == node })?.0 {
            return .refused("node \(node) is taking the place of node \(other)")
        }
        if departures[node]?.successor == successor { return .unchanged }
        let shared = shards.values.filter { shard in
            shard.target.contains { $0.node == node }
                && (shard.target + shard.replicas).contains { $0.node == successor }
        }
        if let shard = shared.first {
            return .refused(
                "node \(successor) has a replica of shard \(shard.id) already, as node \(node) has")
        }
        departures[node] = NodeDeparture(successor: successor)
        return changed()
    }

    mutating func forget(_ node: NodeID) -> DirectoryOutcome {
        guard nodes[node] != nil else {
            return removedNodes.contains(node)
                ? .unchanged : .refused("node \(node) is not registered")
        }
        if let departure = departures[node] {
            guard let successor = departure.successor else { return .unchanged }
            return .refused("node \(node) is being replaced by node \(successor)")
        }
        let hosted = shards.values.filter { shard in
            (shard.target + shard.replicas).contains { $0.node == node }
        }
        guard hosted.isEmpty else {
            return .refused(
                "node \(node) has replicas of \(hosted.count) shards; replace it by another node")
        }
        if let other = departures.first(where: { $0.1.successor == node })?.0 {
            return .refused("node \(node) is taking the place of node \(other)")
        }
        guard nodes.count > 1 else { return .refused("node \(node) is the last one") }
        departures[node] = NodeDeparture(successor: nil)
        return changed()
    }

    mutating func remove(_ node: NodeID) -> DirectoryOutcome {
        guard nodes[node] != nil else {
            return removedNodes.contains(node)
                ? .unchanged : .refused("node \(node) is not registered")
        }
        if let shard = shards.values.first(where: { $0.replica(on: node) != nil }) {
            return .refused("node \(node) has a replica of shard \(shard.id)")
        }
        nodes[node] = nil
        departures[node] = nil
        parameterChanges[node] = nil
        removedNodes = (removedNodes + [node]).sorted()
        return changed()
    }
}
