package import Consensus
package import Journal
package import Node

/// A bug that a run plants in every node, to show that the same faults and workloads find it.
package enum PlantedBug: String, CaseIterable, Sendable {
    case acknowledgeBeforeSync = "acknowledge-before-sync"
    case voteNotPersisted = "vote-not-persisted"
    case voteLostOnRecycle = "vote-lost-on-recycle"
    case leaseKeptAfterTransfer = "lease-kept-after-transfer"
    case commitOlderTermByCounting = "commit-older-term-by-counting"
    case notDoneForCommitted = "not-done-for-committed"
    case readBeforeOwnWrite = "read-before-own-write"
    case expiryByPresentClock = "expiry-by-present-clock"
    case snapshotWithoutClock = "snapshot-without-clock"
    case snapshotMissesChangedKey = "snapshot-misses-changed-key"
    case jointCountsOneMajority = "joint-counts-one-majority"
    case periodicWithoutAmnesia = "periodic-without-amnesia"
    case replacementRemovesFirst = "replacement-removes-first"
    case retiredReplicaVotes = "wiped-node-votes"
    case differingReplicaStays = "differing-replica-stays"
    case rottenTakenForTorn = "rotten-taken-for-torn"
    case checkpointForgetsTruncation = "checkpoint-forgets-truncation"
    case unknownForwardSentAgain = "unknown-forward-sent-again"
    case lostReadSentAgain = "lost-read-sent-again"

    /// What the bug does, in one line.
    package var summary: String {
        switch self {
        case .acknowledgeBeforeSync: "entries are acknowledged before they are on disk"
        case .voteNotPersisted: "a vote is sent that is never written"
        case .voteLostOnRecycle: "a vote is lost when its segment of the journal is recycled"
        case .leaseKeptAfterTransfer: "lease reads go on after a transfer of leadership began"
        case .commitOlderTermByCounting: "an older term's entry commits once a majority has it"
        case .notDoneForCommitted: "\"not done\" is answered for an entry that commits"
        case .readBeforeOwnWrite: "a read is served before its own connection's write"
        case .expiryByPresentClock: "expiry is judged by the leader's present clock"
        case .snapshotWithoutClock: "snapshots leave out the shard clock"
        case .snapshotMissesChangedKey:
            "snapshots leave out keys that change while they are taken"
        case .jointCountsOneMajority: "a joint configuration needs one majority alone"
        case .periodicWithoutAmnesia: "a replica that may have forgotten votes as if it had not"
        case .replacementRemovesFirst:
            "a replacement takes the old replica out before the new one is in"
        case .retiredReplicaVotes: "a replica that lost everything votes again under its id"
        case .differingReplicaStays: "a replica that differs from the majority is not given up"
        case .rottenTakenForTorn: "what rotted in the journal is taken for an interrupted write"
        case .checkpointForgetsTruncation:
            "a checkpoint says that a log is as long as before it was cut"
        case .unknownForwardSentAgain: "a forwarded write whose fate is unknown is sent again"
        case .lostReadSentAgain:
            "a forwarded read is sent again though a later write of its connection is done"
        }
    }

    package var raftFault: RaftFault? {
        switch self {
        case .acknowledgeBeforeSync: .acknowledgeBeforeSync
        case .voteNotPersisted: .voteNotPersisted
        case .leaseKeptAfterTransfer: .leaseKeptAfterTransfer
        case .commitOlderTermByCounting: .commitOlderTermByCounting
        case .jointCountsOneMajority: .jointCountsOneMajority
        case .voteLostOnRecycle, .notDoneForCommitted, .readBeforeOwnWrite, .expiryByPresentClock,
            .snapshotWithoutClock, .snapshotMissesChangedKey, .periodicWithoutAmnesia,
            .replacementRemovesFirst, .retiredReplicaVotes, .differingReplicaStays,
            .rottenTakenForTorn, .checkpointForgetsTruncation, .unknownForwardSentAgain,
            .lostReadSentAgain:
            nil
        }
    }

    package var journalFault: JournalFault? {
        switch self {
        case .voteLostOnRecycle: .voteLostOnRecycle
        case .rottenTakenForTorn: .rottenTakenForTorn
        case .checkpointForgetsTruncation: .checkpointForgetsTruncation
        case .acknowledgeBeforeSync, .voteNotPersisted, .leaseKeptAfterTransfer,
            .commitOlderTermByCounting, .notDoneForCommitted, .readBeforeOwnWrite,
            .expiryByPresentClock, .snapshotWithoutClock, .snapshotMissesChangedKey,
            .jointCountsOneMajority, .periodicWithoutAmnesia, .replacementRemovesFirst,
            .retiredReplicaVotes, .differingReplicaStays, .unknownForwardSentAgain,
            .lostReadSentAgain:
            nil
        }
    }

    package var nodeFault: NodeFault? {
        switch self {
        case .notDoneForCommitted: .notDoneForCommitted
        case .readBeforeOwnWrite: .readBeforeOwnWrite
        case .expiryByPresentClock: .expiryByPresentClock
        case .snapshotWithoutClock: .snapshotWithoutClock
        case .snapshotMissesChangedKey: .snapshotMissesChangedKey
        case .periodicWithoutAmnesia: .periodicWithoutAmnesia
        case .replacementRemovesFirst: .replacementRemovesFirst
        case .retiredReplicaVotes: .retiredReplicaVotes
        case .differingReplicaStays: .differingReplicaStays
        case .unknownForwardSentAgain: .unknownForwardSentAgain
        case .lostReadSentAgain: .lostReadSentAgain
        case .acknowledgeBeforeSync, .voteNotPersisted, .voteLostOnRecycle,
            .leaseKeptAfterTransfer, .commitOlderTermByCounting, .jointCountsOneMajority,
            .rottenTakenForTorn, .checkpointForgetsTruncation:
            nil
        }
    }
}
