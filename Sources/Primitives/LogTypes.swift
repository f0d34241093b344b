/// A replica of a group and the node that it lives on.
package struct Member: Hashable, Comparable, Sendable {
    package var replica: ReplicaID
    package var node: NodeID

    package init(replica: ReplicaID, node: NodeID) {
        self.replica = replica
        self.node = node
    }

    package static func < (left: Self, right: Self) -> Bool { left.replica < right.replica }
}

/// Who takes part in a group, and how (Raft dissertation §4.3; learners as in §4.2.1).
///
/// While ``outgoing`` is not empty the configuration is joint: every decision needs a majority of
/// ``voters`` and a majority of ``outgoing``.
package struct Configuration: Equatable, Sendable {
    /// Sorted by replica.
    package private(set) var voters: [Member]
    /// The voters that a joint change replaces; empty otherwise. Sorted by replica.
    package private(set) var outgoing: [Member]
    /// Members that receive the log and have no vote. Sorted by replica.
    package private(set) var learners: [Member]

    package init(voters: [Member], outgoing: [Member] = [], learners: [Member] = []) {
        self.voters = voters.sorted()
        self.outgoing = outgoing.sorted()
        self.learners = learners.sorted()
    }

    package var isJoint: Bool { !outgoing.isEmpty }

    /// Every member once, sorted by replica.
    package var members: [Member] {
        var all: [Member] = []
        for member in (voters + outgoing + learners).sorted() where all.last != member {
            all.append(member)
        }
        return all
    }

    /// Whether there is nobody to send entries to.
    package var hasOneMember: Bool {
        voters.count == 1 && outgoing.isEmpty && learners.isEmpty
    }

    package func hasVote(_ replica: ReplicaID) -> Bool {
        voters.contains { $0.replica == replica } || outgoing.contains { $0.replica == replica }
    }

    package func member(_ replica: ReplicaID) -> Member? {
        members.first { $0.replica == replica }
    }

    package func encode(into bytes: inout [UInt8]) {
        for group in [voters, outgoing, learners] {
            bytes.append(littleEndian: UInt16(group.count))
            for member in group {
                bytes.append(littleEndian: member.replica.rawValue)
                bytes.append(littleEndian: member.node.rawValue)
            }
        }
    }

    package init(reading reader: inout ByteReader) throws(DecodingFailure) {
        var groups: [[Member]] = []
        for name in ["voters", "outgoing voters", "learners"] {
            var members: [Member] = []
            for _ in 0..<(try reader.read(UInt16.self, name)) {
                let replica = ReplicaID(try reader.read(UInt64.self, name))
                members.append(
                    Member(replica: replica, node: NodeID(try reader.read(UInt64.self, name))))
            }
            groups.append(members)
        }
        self.init(voters: groups[0], outgoing: groups[1], learners: groups[2])
    }
}

/// What an entry's payload is. The numbers are written to disk and to peers: append only.
package enum EntryKind: UInt8, Sendable {
    /// A batch for the state machine.
    case command = 1
    /// A leader's first entry; its payload is empty.
    case noop = 2
    /// A ``Configuration``.
    case configuration = 3
}

/// One entry of a group's log.
package struct LogEntry: Equatable, Sendable {
    package var term: Term
    package var index: LogIndex
    package var kind: EntryKind
    /// The shard clock's stamp, in milliseconds since the epoch; never lower than an earlier entry's.
    package var stamp: Int64
    package var payload: [UInt8]

    package init(term: Term, index: LogIndex, kind: EntryKind, stamp: Int64, payload: [UInt8]) {
        self.term = term
        self.index = index
        self.kind = kind
        self.stamp = stamp
        self.payload = payload
    }

    /// What the entry counts for in limits: its payload and a share for the rest.
    package var byteCount: Int { payload.count + 32 }
}

/// What a replica has promised: on disk before any message that relies on it leaves.
package struct HardState: Equatable, Sendable {
    package var term: Term
    package var vote: ReplicaID?

    package init(term: Term = .zero, vote: ReplicaID? = nil) {
        self.term = term
        self.vote = vote
    }
}

/// Which part of the log a snapshot stands for, and what was in force there.
package struct SnapshotMetadata: Equatable, Sendable {
    /// The last entry that the snapshot contains.
    package var index: LogIndex
    package var term: Term
    package var configuration: Configuration
    /// The stamp of the entry at ``index``.
    package var stamp: Int64

    package init(index: LogIndex, term: Term, configuration: Configuration, stamp: Int64) {
        self.index = index
        self.term = term
        self.configuration = configuration
        self.stamp = stamp
    }
}

/// What a replica knew of its group's clock when it last wrote to disk.
package struct PersistedClock: Equatable, Sendable {
    /// The highest stamp seen, in milliseconds since the epoch.
    package var stamp: Int64
    /// This machine's clocks when that stamp was written.
    package var moment: Moment
    /// Which boot of the machine ``moment`` was read in: boot times of different boots don't compare.
    package var bootID: UInt64

    package init(stamp: Int64, moment: Moment, bootID: UInt64) {
        self.stamp = stamp
        self.moment = moment
        self.bootID = bootID
    }
}
