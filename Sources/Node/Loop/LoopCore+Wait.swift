import Commands
import Primitives
import RESP

/// What `WAIT` asks for.
package struct ReplicaWish: Sendable {
    /// Whose writes.
    var connection: ProxyKey
    /// How many followers.
    var count: Int64
    /// For how long to wait; 0: for as long as it takes.
    var milliseconds: Int64
    /// More can't be learned here: of what others lead only that a majority has it.
    var limit = Int64.max
}

/// What a loop waits for on behalf of `WAIT`.
struct ReplicaWait: Sendable {
    let wish: ReplicaWish
    /// For each of the loop's shards that the connection has written to, the entry that is not
    /// before its last write.
    let written: [(shard: Int, index: LogIndex)]

    enum Outcome {
        /// As many followers as were asked for, or as there are after the time.
        case reached(Int64)
        /// What is waited for can't be learned here any more.
        case hopeless
    }
}

/// `WAIT` (redis.io/commands/wait): how many followers have all that the connection wrote.
///
/// Every loop waits for the writes to its own shards; the least of what they find is the answer.
/// Where nothing was written, all followers have it. Of what a plain connection has had other loops and
/// nodes write it counts a majority.
extension LoopCore {
    func replicaWish(
        _ request: borrowing Request, of index: Int
    ) throws(CommandError) -> ReplicaWish {
        guard let count = integer(request[1]) else { throw .notInteger }
        guard let milliseconds = integer(request[2]) else {
            throw CommandError("ERR timeout is not an integer or out of range")
        }
        guard milliseconds >= 0 else { throw CommandError("ERR timeout is negative") }
        return ReplicaWish(
            connection: key(of: index), count: count, milliseconds: milliseconds,
            limit: followerLimit(of: index))
    }

    /// How many followers are known to have what a plain connection has had others write; all that is
    /// acknowledged is committed.
    private func followerLimit(of index: Int) -> Int64 {
        var limit = Int64.max
        for stream in sessions[index].plain.streams where stream.hasWrittenElsewhere {
            let voterCount = directory.shards[stream.group]?.replicas.count ?? 1
            limit = min(limit, Int64(voterCount / 2))
        }
        return limit
    }

    func wait(for wish: ReplicaWish) -> ReplicaWait {
        guard let session = session(wish.connection) else {
            return ReplicaWait(wish: wish, written: [])
        }
        // Every write of the connection has been answered, so its entry is known.
        let written = shards.indices.filter { lastWrite(of: session, to: $0) > 0 }
        return ReplicaWait(
            wish: wish, written: written.map { ($0, shards[$0].resolvedIndex) })
    }

    /// - Returns: `nil` while there is something to wait for.
    func outcome(of wait: ReplicaWait, waited: Int) -> ReplicaWait.Outcome? {
        let wish = wait.wish
        var count = wish.limit
        var isLost = count < wish.count
        for shard in shards where shard.isLeader && shard.machine.kind == .shard {
            count = min(count, followerCount(shard, having: .zero))
        }
        for (place, index) in wait.written {
            if !shards[place].isLeader { isLost = true }
            count = min(count, followerCount(shards[place], having: index))
        }
        if count >= wish.count || wish.milliseconds > 0 && waited >= wish.milliseconds {
            return .reached(count)
        }
        return isLost && wish.milliseconds == 0 ? .hopeless : nil
    }

    /// How many voters besides the one that led are known to have what is in the log up to `index`.
    private func followerCount(_ shard: Shard, having index: LogIndex) -> Int64 {
        // What the log has lost since was not done.
        let index = min(index, shard.raft.lastIndex)
        if shard.isLeader {
            return Int64(shard.raft.progress.count { !$0.isLearner && $0.match >= index })
        }
        // Committed: a majority has it. Who belongs to it is known to the leader alone.
        guard shard.raft.commitIndex >= index else { return 0 }
        return Int64(shard.raft.configuration.voters.count / 2)
    }
}

extension CommandError {
    static let unblocked = CommandError(
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"
    )
}
