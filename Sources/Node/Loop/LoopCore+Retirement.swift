import Consensus
package import Journal
import Keyspace
package import Primitives
import Topology

/// A replica that was here and must never be used again: it is quarantined, or another one took its
/// place. An older state of the directory may still name it, and it would then be hosted with an empty log,
/// without what it promised.
struct RetiredReplica: Sendable {
    var replica: ReplicaID
    /// What is wrong with it; `nil` for one that has moved away.
    var quarantine: String?
}

extension Quarantine {
    /// Of a replica with which nothing was wrong.
    package static let movedAway = Quarantine(what: "another replica has taken its place")
    /// Of one that the journal may have had, and doesn't know.
    package static let lost = Quarantine(what: "what the journal held of it is lost")
}

extension LoopCore {
    /// A replica that was given up before the node started.
    mutating func recover(retired group: GroupID, _ replica: ReplicaID, _ quarantine: Quarantine) {
        let isMoved = quarantine == .movedAway
        retired[group] = RetiredReplica(
            replica: replica, quarantine: isMoved ? nil : quarantine.description)
        haveQuarantinesChanged = true
        guard !isMoved else { return }
        effects.append(
            .log(
                .error, "replica \(replica) of group \(group) is quarantined: \(quarantine)"))
    }

    /// Stops using a replica that can't be trusted any more; it is rebuilt from its peers.
    package mutating func quarantine(_ group: GroupID, reason: String, now: Moment) {
        guard let index = shardIndexes[group] else { return }
        effects.append(
            .log(
                .error,
                "replica \(shards[index].replica) of group \(group) is quarantined: \(reason)"))
        retire(index, as: Quarantine(what: reason), now: now)
    }

    /// Stops using a replica at once. Its clients are sent elsewhere; what it has proposed is open.
    mutating func retire(_ index: Int, as quarantine: Quarantine, now: Moment) {
        let group = shards[index].group
        endTransfers(of: group, index)
        unsettled.removeAll { $0.shard == index }
        shards[index].hasRecordsToFlush = false
        shards[index].isRetired = true
        shards[index].raft = RaftGroup(
            group: group, replica: shards[index].replica,
            recovered: RaftGroup.Recovered(
                hardState: HardState(), snapshot: nil,
                initialConfiguration: Configuration(voters: []), entries: [], clock: nil,
                isAmnesiac: false),
            settings: settings.raft, seed: generator.next(), bootID: bootID, now: now)
        shards[index].heldByteCount = 0
        shards[index].check = StateCheck()
        shards[index].differsAfter = nil
        shards[index].machine.retire()
        shardIndexes[group] = nil
        indexSlots()
        leadershipChanged(of: index, term: .zero, leader: nil, now: now)
        retired[group] = RetiredReplica(
            replica: shards[index].replica,
            quarantine: quarantine == .movedAway ? nil : quarantine.description)
        haveQuarantinesChanged = true
        journal.append(.quarantined(group, quarantine))
    }

    private mutating func endTransfers(of group: GroupID, _ index: Int) {
        if let taking, taking.group == group {
            if taking.isWritten {
                self.taking = nil
                journal.abandonSnapshot(group, taking.metadata.index)
            } else {
                abandonSnapshot(of: index)
            }
        }
        transfers.outgoing.removeAll { $0.group == group }
        transfers.waiting.removeAll { $0.group == group }
        transfers.catchingUp.removeAll { $0.group == group }
        if let incoming = transfers.removeIncoming(of: group) { abandon(incoming) }
    }

    /// Takes the replica up that the directory wants here, unless it, or a later one, was here before.
    mutating func hostWanted(
        _ group: GroupID, replica: ReplicaID, configuration: Configuration, now: Moment
    ) {
        if let index = shardIndexes[group] {
            guard shards[index].replica < replica else { return }
            retire(index, as: .movedAway, now: now)
        }
        if retired[group] == nil, journal.mayHaveLostGroups {
            journal.append(.groupCreated(group, .unknown, configuration))
            journal.append(.quarantined(group, .lost))
            recover(retired: group, .unknown, .lost)
        }
        if let dead = retired[group] {
            guard
                dead.replica != .unknown && dead.replica < replica
                    || settings.fault == .retiredReplicaVotes
            else { return }
            retired[group] = nil
            haveQuarantinesChanged = true
            journal.append(.groupRemoved(group))
        }
        host(new: group, replica: replica, configuration: configuration, now: now)
    }

    /// The leader of group 0 says which replica is this node's.
    mutating func learnReplica(
        _ group: GroupID, _ replica: ReplicaID, _ configuration: Configuration, now: Moment
    ) {
        if retired[group]?.replica == .unknown {
            retired[group]?.replica = replica
            haveQuarantinesChanged = true
        } else if group == .directory {
            hostWanted(group, replica: replica, configuration: configuration, now: now)
        }
    }

    /// Drops the replicas that the directory knew and has no use for any more.
    mutating func dropUnwanted(_ state: DirectoryState, now: Moment) {
        for index in shards.indices
        where !shards[index].isRetired && shards[index].machine.kind == .shard {
            let replica = shards[index].replica
            guard let record = state.shards[shards[index].group], !record.names(replica),
                replica.rawValue < state.nextReplica
            else { continue }
            effects.append(
                .log(.info, "replica \(replica) of shard \(record.id) has moved away"))
            retire(index, as: .movedAway, now: now)
        }
    }

    /// Tells the home which replicas must not be used, when that changes and once a second.
    mutating func reportQuarantines(isFull: Bool) {
        let replicas = retired.compactMap { group, dead in
            dead.quarantine.map {
                QuarantinedReplica(group: group, replica: dead.replica, reason: $0)
            }
        }
        guard haveQuarantinesChanged || isFull && !replicas.isEmpty else { return }
        haveQuarantinesChanged = false
        effects.append(.post(.quarantines(replicas), to: .home))
    }
}
