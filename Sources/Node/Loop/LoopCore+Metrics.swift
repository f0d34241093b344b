import Consensus
import Primitives

/// How far a follower of a shard that this node leads is behind.
package struct ReplicationLag: Sendable {
    var shard: GroupID
    var node: NodeID
    var entryCount: UInt64
}

/// Requests and bytes that wait in a loop.
package struct QueueLengths: Sendable {
    /// Proposed to shards, or about to be, and not applied.
    var proposalByteCount = 0
    /// Replies that clients have not taken.
    var outputByteCount = 0
    /// Clients whose next request waits.
    var waitingClientCount = 0
    /// Requests to the disk that are not complete.
    var diskRequestCount = 0

    mutating func add(_ other: Self) {
        proposalByteCount += other.proposalByteCount
        outputByteCount += other.outputByteCount
        waitingClientCount += other.waitingClientCount
        diskRequestCount += other.diskRequestCount
    }
}

extension LoopCore {
    /// All that this loop counts, for monitoring.
    package func metrics() -> LoopReport { report(withCalls: true) }

    func addLatencies(to report: inout LoopReport) {
        report.commitLatency = admin.commitLatency
        report.diskLatency = admin.diskLatency
        report.usage = processUsage
        for (code, count) in writer.errorCounts { report.errors[code] = count }
        for index in sessions.indices where sessions[index].isOpen && sessions[index].hasSocket {
            report.queues.outputByteCount +=
                sessions[index].unsentByteCount + sessions[index].replies.readyByteCount
        }
        report.queues.waitingClientCount = obstructed.count
        report.queues.diskRequestCount = requestsUnderWay.count
        for shard in shards where !shard.isRetired {
            report.queues.proposalByteCount += shard.proposedByteCount + shard.open.byteCount
            guard shard.isLeader else { continue }
            report.changeCount += shard.machine.changeCount
            for follower in shard.raft.progress {
                let last = shard.raft.lastIndex
                report.lags.append(
                    ReplicationLag(
                        shard: shard.group, node: follower.member.node,
                        entryCount: UInt64(max(0, last - follower.match))))
            }
        }
    }

    // MARK: Measuring

    /// What was proposed at `began` is applied.
    mutating func noteCommit(since began: Instant, now: Moment) {
        let duration = now.boot.nanoseconds(since: began)
        admin.commitLatency.add(nanoseconds: duration)
        note(.commit, nanoseconds: duration)
    }

    /// The oldest request to the disk is complete.
    mutating func noteDiskCompletion(now: Moment) {
        present = now
        guard let began = admin.diskRequestsBegan.popFirst(), let request = requestsUnderWay.first
        else { return }
        switch request {
        case .write(_, _, _, sync: true), .sync:
            let duration = now.boot.nanoseconds(since: began)
            admin.diskLatency.add(nanoseconds: duration)
            note(.diskSync, nanoseconds: duration)
        case .write, .createSegment, .recycleSegment, .writeHead, .remove: break
        }
    }
}
