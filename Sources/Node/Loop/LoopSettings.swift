package import Consensus
package import Journal
package import Primitives
package import RESP

/// What a loop core is made with. Every limit is in the unit that its name ends with.
package struct LoopSettings: Sendable {
    package var loopIndex = 0
    package var loopCount = 1
    package var nodeID: NodeID
    package var durability = Durability.sync
    package var raft = RaftSettings()
    package var journal: JournalSettings
    package var requestLimits = RequestLimits()
    /// Unparsed bytes that a connection may hold (Redis: `client-query-buffer-limit`).
    package var queryBufferByteCount = 1 << 30
    /// The largest write request.
    package var maxWriteByteCount = 64 << 20
    /// Past this much unsent output, a connection's requests wait.
    package var outputPauseByteCount = 1 << 20
    /// No reply that has more bytes, with what is unsent before it, is made.
    package var replyByteCount = 1 << 30
    /// A connection with so much unsent output is closed when none of it has left for
    /// ``outputCloseMilliseconds``.
    package var outputCloseByteCount = 64 << 20
    package var outputCloseMilliseconds = 60_000
    /// Past this many replies that are promised and not there, a connection's requests wait.
    package var owedReplyCount = 16_384
    /// The same for the bytes of requests that other loops have not answered.
    package var forwardedByteCount = 4 << 20
    /// Requests wait once a shard has this much proposed and not yet applied.
    package var proposalByteCount = 32 << 20
    /// Recent log entries kept in memory, for all shards of the loop together.
    package var cacheByteCount = 64 << 20
    /// A shard is snapshotted when its log is longer than this and twice its last snapshot.
    package var snapshotLogByteCount = 64 << 20
    /// What is written of a snapshot at a time, and sent of one.
    package var snapshotChunkByteCount = 256 << 10
    /// About how much one turn adds to a snapshot, where each key counts for some more.
    package var snapshotSliceByteCount = 64 << 10
    /// What the loop sends of snapshots in a second, to all its peers together.
    package var snapshotTransferByteCount = 64 << 20
    /// How often the states of a shard's replicas are compared; 0 for never.
    package var stateCheckMilliseconds = 0
    /// Whether clients may use `DEBUG`.
    package var allowsDebug = false
    /// Commands applied in one turn, of all shards together, before heartbeats get theirs; 256 bytes of
    /// an entry count as a command.
    package var applyBatchCommandCount = 8_000
    /// What reads may work on in one turn, beside writing replies, before the requests behind them wait for
    /// the next one.
    package var turnWorkByteCount = 4 << 20
    /// Whether to note each applied entry, for the simulator's checkers.
    package var tracksHistory = false
    /// What database 0 of plain connections is.
    package var plainDatabaseZero = DatabaseID.whole(0)
    package var password: [UInt8]?
    /// A clock that measures how long commands take, in nanoseconds; nothing else goes by it. `nil`: they
    /// are counted and not timed.
    package var stopwatch: (@Sendable () -> UInt64)?
    package var serverVersion = "0.1.0"
    /// What `INFO` says of the process and its machine; nothing where there is none.
    package var host: HostFacts?
    /// How long a request waits for a leader to be known.
    package var parkMilliseconds = 1000
    /// How long a proposal's fate is followed before its client is told that it is unknown.
    package var unknownMilliseconds = 5000
    /// A bug planted to see the simulator find it; never set outside it.
    package var fault: NodeFault?

    package init(nodeID: NodeID, journal: JournalSettings) {
        self.nodeID = nodeID
        self.journal = journal
    }
}

/// Bugs of the loop core that the simulator must be able to find.
package enum NodeFault: String, CaseIterable, Sendable {
    /// "Not done" is answered for an entry whose fate is open.
    case notDoneForCommitted
    /// A read is served at once though its connection's own write is not applied yet.
    case readBeforeOwnWrite
    /// Expiry is judged by the leader's present clock.
    case expiryByPresentClock
    /// A snapshot leaves out the shard clock.
    case snapshotWithoutClock
    /// A snapshot leaves out a key that changes before the walk has come to it.
    case snapshotMissesChangedKey
    /// A leader takes the leaving replica out before the coming one is in.
    case replacementRemovesFirst
    /// A replica that was given up is taken up again, empty.
    case retiredReplicaVotes
    /// A replica that differs from a majority of its group goes on.
    case differingReplicaStays
    /// A forwarded write whose fate is unknown is sent again.
    case unknownForwardSentAgain
    /// Answers to a node without a link are lost, and a forwarded read is sent again though a later write of
    /// its connection is done.
    case lostReadSentAgain
    /// A replica that may have lost what it promised votes as if it had not.
    case periodicWithoutAmnesia
}
