import Consensus
import Primitives
import RESP

/// A request whose reply depends on an entry.
struct PendingOperation: Sendable {
    var session: SessionReference
    /// The reply's place in its session.
    var sequence: UInt64
    var version: RESPVersion
    var place: DatabaseSlot
    /// The bytes of a read, within ``Batch/readBytes``; empty for a write, which is the entry's
    /// next command.
    var read: Range<Int>
    /// The command's row in the ``DispatchTable``, where it is known; -1 where it is to be looked for.
    var row: Int16 = -1
    /// The gather that this is a part of; 0 for a session's own request.
    var gather: UInt64 = 0

    /// A part of a gather: it answers no session itself.
    static func gatherPart(_ number: UInt64) -> PendingOperation {
        PendingOperation(
            session: SessionReference(index: 0, generation: 0), sequence: 0, version: .two,
            place: .none, read: 0..<0, gather: number)
    }

    var isWrite: Bool { read.isEmpty }
}

/// Writes, and reads bound to places among them, that share an entry.
struct Batch: Sendable {
    /// Empty until the first operation.
    var payload: [UInt8] = []
    var commandCount = 0
    var operations: [PendingOperation] = []
    var readBytes: [UInt8] = []
    /// About how many bytes the writes will make that are not in their requests.
    var madeByteCount = 0
    /// The number of the last operation; operations are numbered through within a shard.
    var lastOperation: UInt64 = 0
    /// Whether one of the commands removes expired keys.
    var isExpiring = false

    var isEmpty: Bool { commandCount == 0 && operations.isEmpty }

    /// What the batch counts for in limits.
    var byteCount: Int { payload.count + readBytes.count + madeByteCount }
}

/// A batch that became an entry whose fate is open.
struct ProposedBatch: Sendable {
    var index: LogIndex
    var term: Term
    var batch: Batch
    var proposedAt: Instant

    /// Whether `entry` is what the batch became.
    func isEntry(_ entry: LogEntry) -> Bool { index == entry.index && term == entry.term }
}

/// How far a replica's own snapshot is.
enum SnapshotState: Sendable {
    case none
    case beingWritten
    /// Its record is in the journal's open batch.
    case recorded
}

/// A read that waits for a round of heartbeats to confirm this node's leadership.
struct RoundRead: Sendable {
    var round: UInt64
    var session: SessionReference
    var sequence: UInt64
    var version: RESPVersion
    var place: DatabaseSlot
    var request: [UInt8]
}

/// A request that certainly was not done and is answered once it is known who leads.
struct OrphanedOperation: Sendable {
    var session: SessionReference
    var sequence: UInt64
    var since: Instant
    /// Where its keys are, for the redirection.
    var place: DatabaseSlot
}

/// What routing asks of a group again and again, worked out once a turn.
struct RaftView: Sendable {
    var isLeader = false
    var term = Term.zero
    var isTransferring = false
    /// See ``Shard/isHalted``.
    var isHalted = false
    /// Whether no majority has room for new entries.
    var lacksRoom = false
    /// Applied state may be read until then.
    var readableUntil = Instant.zero
    /// The shard clock when the view was made.
    var present: Int64 = 0
}

/// A replica that this loop hosts: its log, its state, and what its clients wait for.
struct Shard {
    let group: GroupID
    let replica: ReplicaID
    var raft: RaftGroup
    /// Whether the replica must not be used any more; it keeps its place for what rests on that.
    var isRetired = false
    let machine: StateMachine
    var appliedIndex: LogIndex
    var appliedTerm: Term
    /// The stamp of the last applied entry: what expiry is decided by.
    var appliedStamp: Int64
    /// The configuration at ``appliedIndex``.
    var appliedConfiguration: Configuration
    /// Whether it waits in the loop's ``BacklogQueue``.
    var isInBacklog = false

    var open = Batch()
    var proposed: [ProposedBatch] = []
    var firstProposed = 0
    var proposedByteCount = 0
    /// The number of the last operation whose reply has been decided.
    var resolvedOperation: UInt64 = 0
    /// The entry of the last batch that was decided or given up: an operation whose reply has been
    /// decided is in it or before it, or nowhere.
    var resolvedIndex = LogIndex.zero
    var lastOperation: UInt64 = 0
    var roundReads: [RoundRead] = []
    /// The last round of heartbeats that confirmed reads.
    var confirmedRound: UInt64 = 0
    var orphans: [OrphanedOperation] = []
    /// Bytes of the entries that the log holds in memory.
    var heldByteCount = 0
    /// Set when the log lost entries other than by ``RaftGroup/forgetEntries(through:)``.
    var mustCountHeldBytes = false
    var snapshotState = SnapshotState.none
    /// The last snapshot, own or received.
    var storedSnapshot: StoredSnapshot?
    /// Whether the file of the last snapshot was found damaged, and there is no other one yet.
    var mustRenewSnapshot = false
    var hasRecordsToFlush = false
    /// The last entry that the journal held when the node started.
    var recoveredIndex = LogIndex.zero
    var check = StateCheck()
    /// When a comparison of states was last asked for here, or could have been.
    var stateCheckAt = Instant.zero
    /// The entry after which a majority has another state than this replica.
    var differsAfter: LogIndex?
    /// The entry before which the replica stops applying its log; 0 for none.
    var haltIndex = LogIndex.zero
    /// Set when something that `groupStatus` reports has changed.
    var hasNews = true

    /// What routing asks of ``raft``, as of turn ``viewTurn``.
    var view = RaftView()
    /// 0 when ``view`` has to be made again.
    var viewTurn: UInt64 = 0

    var isLeader: Bool { raft.role == .leader }

    /// Whether the replica can't come to where it could serve: an entry before that has ended its
    /// process time and again.
    var isHalted: Bool { appliedIndex < haltIndex }

    /// Whether an entry that removes expired keys is on its way.
    var isExpiring: Bool {
        open.isExpiring || proposed[firstProposed...].contains { $0.batch.isExpiring }
    }

    /// The oldest batch whose fate is open.
    var oldestProposed: ProposedBatch? {
        firstProposed < proposed.count ? proposed[firstProposed] : nil
    }

    /// Counts anew what the log holds in memory, after entries were taken away from its end.
    mutating func countHeldBytes() {
        heldByteCount = 0
        var next = raft.firstIndex
        while let entry = raft.entry(at: next) {
            heldByteCount += entry.byteCount
            next = next.next
        }
    }

    mutating func popProposed() -> ProposedBatch {
        let batch = proposed[firstProposed]
        resolvedIndex = max(resolvedIndex, batch.index)
        proposed[firstProposed].batch = Batch()
        firstProposed += 1
        if firstProposed == proposed.count {
            proposed.removeAll(keepingCapacity: true)
            firstProposed = 0
        } else if firstProposed > 64, firstProposed * 2 > proposed.count {
            proposed.removeFirst(firstProposed)
            firstProposed = 0
        }
        proposedByteCount -= batch.batch.byteCount
        return batch
    }

    /// The place in ``proposed`` of the batch that holds operation `number`.
    func proposedIndex(holding number: UInt64) -> Int? {
        var index = proposed.count - 1
        var found: Int?
        while index >= firstProposed, proposed[index].batch.lastOperation >= number {
            found = index
            index -= 1
        }
        return found
    }

    /// Adds an operation to the open batch.
    ///
    /// - Returns: Its number.
    mutating func append(_ operation: PendingOperation) -> UInt64 {
        lastOperation += 1
        open.operations.append(operation)
        open.lastOperation = lastOperation
        return lastOperation
    }

    /// Adds a read to the open batch.
    ///
    /// - Returns: Its number.
    mutating func appendRead(_ request: Span<UInt8>, _ operation: PendingOperation) -> UInt64 {
        open.addRead(request, operation)
        lastOperation += 1
        open.lastOperation = lastOperation
        return lastOperation
    }
}
