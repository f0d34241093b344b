import Node
import Primitives

/// A replica whose state changes behind its back, as memory that flips a bit would have it. What is added is a
/// key that no client asks for, so that until the replicas' comparison finds it nobody is answered wrongly.
extension World {
    static let spoiltKey = Array("spoilt behind the replica's back".utf8)

    /// Spoils the state of a random replica.
    func spoilSomeReplica() {
        guard mayLose,
            let (node, loop, spoilt) = someReplica(where: {
                $0.group != .directory && $0.isReady
            })
        else { return }
        loss = .spoilt(spoilt.replica, of: spoilt.group)
        spoiltGroups.append(spoilt.group)
        marks.spoiltReplicas += 1
        trace.record(
            .fault, at: now, host: node,
            text: "the state of replica \(spoilt.replica) of group \(spoilt.group) is spoilt")
        withLoop(life(of: node), loop) { core, _ in
            core.spoil(Self.spoiltKey, of: spoilt.group)
        }
    }

    /// Whether all replicas of a group are up, and the one that was spoilt has been made anew; or it has lost
    /// what was added to it by a restart from its log or by a flush.
    ///
    /// A leader that was spoilt may have sent a snapshot to one of the others before it was found. Then it was of
    /// the majority, and the third replica was made anew like them: all have the key.
    func isSpoilOver(of group: GroupID) -> Bool {
        guard let shard = directory.shards[group], !shard.isMoving else { return false }
        var holders = 0
        var shown = 0
        for node in nodes {
            for host in node.process?.loops ?? [] {
                guard
                    let found = host.core.inspect().first(where: { $0.group == group }),
                    found.isReady, shard.names(found.replica),
                    let isHeld = host.core.holds(Self.spoiltKey, in: group)
                else { continue }
                shown += 1
                holders += isHeld ? 1 : 0
            }
        }
        return shown == shard.replicas.count && (holders == 0 || holders == shown)
    }

    /// A replica of a group of which none was spoilt must not be found to differ.
    func checkDifferences(_ replicas: [QuarantinedReplica], _ node: Int) {
        for replica in replicas
        where replica.reason.contains("differs from that of the majority")
            && !spoiltGroups.contains(replica.group)
        {
            violate("node \(node + 1), group \(replica.group): \(replica.reason)")
        }
    }

    /// Differences that nobody was given up for, though nothing was spoilt, are a defect of theirs, or of the comparison.
    func checkDifferences() {
        guard marks.spoiltReplicas == 0, marks.stateDifferences > 0 else { return }
        violate("\(marks.stateDifferences) replicas were found to differ from the majority")
    }
}
