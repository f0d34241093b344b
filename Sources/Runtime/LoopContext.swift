import EventLoop
import Node
import Primitives

/// What all loops of a node share, fixed before the first of them starts.
struct LoopContext: Sendable {
    let configuration: NodeConfiguration
    let folder: DataFolder
    let state: RunState
    let linkKey: [UInt8]
    let gossipSecret: ClusterSecret
    let bootID: UInt64
    /// Drawn at random for this life of the node.
    let processID: UInt64
    /// `nil` when its file can't be used.
    let crashRecorder: CrashRecorder?

    var loopCount: Int { folder.journalCount }

    func log(_ level: LogLevel, _ text: String) { configuration.log(level, text) }
}

/// Whether and why the node ends.
///
/// Sendable: `reason` is only touched under the lock.
final class RunState: @unchecked Sendable {
    private let lock = Lock()
    private var reason: ExitReason?

    /// Only the first reason counts.
    func end(_ reason: ExitReason) {
        lock.withLock {
            if self.reason == nil { self.reason = reason }
        }
    }

    /// Puts another reason in place of one that was asked for.
    func worsen(to reason: ExitReason) { lock.withLock { self.reason = reason } }

    var exitReason: ExitReason? { lock.withLock { reason } }
}

extension CrashRecorder {
    /// What earlier processes were applying when they died.
    var marks: [CrashMark] {
        records.map { record in
            CrashMark(
                group: GroupID(UInt32(truncatingIfNeeded: record.group)),
                replica: ReplicaID(record.replica), index: LogIndex(record.index))
        }
    }
}
