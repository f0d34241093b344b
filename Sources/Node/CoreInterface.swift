package import Consensus
package import Gossip
package import Journal
package import Primitives
package import Topology

/// One of the cores of a node.
package enum CoreID: Hashable, Sendable {
    case home
    case loop(Int)
}

/// What a frame between two nodes holds. The numbers go over the wire: append only.
package enum FrameType: UInt8, Sendable {
    /// Messages of any number of Raft groups.
    case consensus = 1
    /// A part of a shard's snapshot.
    case snapshotChunk = 2
    /// A message between the homes of two nodes.
    case home = 3
    /// A replica's hash of its state.
    case stateReport = 4
    /// Requests of plain connections, to the leader of their shards.
    case forward = 5
    /// What became of them.
    case forwarded = 6
}

/// Which of the two links of a pair of nodes a frame takes.
package enum LinkKind: UInt8, Sendable {
    case consensus = 1
    case bulk = 2
}

/// What one node sends another over a link: delivered whole and in order, or not at all.
package struct PeerFrame: Equatable, Sendable {
    package var type: FrameType
    package var body: [UInt8]

    package init(type: FrameType, body: [UInt8]) {
        self.type = type
        self.body = body
    }
}

/// Which kind of client listener a connection came in on.
package enum ListenerKind: UInt8, Sendable {
    case cluster = 1
    case plain = 2
}

/// A client's connection, as a loop core names it. Never reused while the process lives.
package struct ConnectionID: Hashable, Comparable, Sendable {
    package var index: UInt32
    package var generation: UInt32

    package init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.index, left.generation) < (right.index, right.generation)
    }
}

/// How urgent a line of the log is.
package enum LogLevel: UInt8, Comparable, Sendable {
    case debug = 0
    case info = 1
    case warning = 2
    case error = 3

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Why a node ends by itself; each has an exit status of its own.
package enum StopReason: Equatable, Sendable {
    /// A write or sync failed: what is on disk is unknown from here on.
    case diskFailure(String)
    /// Another live process runs with this node's identity.
    case clonedIdentity(String)
    /// The folder can't be used as it is.
    case unusable(String)
}

/// What a loop core asks of its shell, in the order in which it must happen.
package enum LoopEffect: Sendable {
    /// The connection has output; the shell calls ``LoopCore/sendOutput(of:_:)``.
    case clientOutput(ConnectionID)
    /// Close the connection once its output is sent.
    case closeClient(ConnectionID)
    /// Close the connection at once; the core has forgotten it already.
    case dropClient(ConnectionID)
    case pauseClient(ConnectionID)
    case resumeClient(ConnectionID)
    /// Best effort: dropped while there is no link.
    case frame(to: NodeID, PeerFrame, LinkKind)
    /// Completed, in order, by ``LoopCore/diskCompleted(_:now:)``. What came of a segment that was to
    /// be made is told besides, by ``LoopCore/segmentMade(_:now:)``.
    case disk(DiskRequest)
    /// Completed, in order among its like, by ``LoopCore/snapshotCompleted(_:now:)``.
    case snapshot(SnapshotRequest)
    case post(CoreMessage, to: CoreID)
    case log(LogLevel, String)
    case stop(StopReason)
}

/// What the home core asks of its shell, in the order in which it must happen.
package enum HomeEffect: Sendable {
    /// A sealed packet for UDP.
    case datagram(to: Address, [UInt8])
    case frame(to: NodeID, PeerFrame)
    /// From now on, keep links to exactly these nodes.
    case links([PeerLink])
    /// Replace the identity file durably and atomically, then call
    /// ``HomeCore/identityPersisted(now:into:)``. Completions come in order.
    case persistIdentity([UInt8])
    case post(CoreMessage, to: CoreID)
    case log(LogLevel, String)
    case stop(StopReason)
}

/// A node to keep links to.
package struct PeerLink: Equatable, Sendable {
    package var node: NodeID
    package var address: Address

    package init(node: NodeID, address: Address) {
        self.node = node
        self.address = address
    }
}

/// What the cores of one node tell each other.
package enum CoreMessage: Sendable {
    // Home to loops.

    /// To loop 0: host group 0 as this replica. Sent once, after founding or joining is durable;
    /// a loop that already hosts it (recovered from the journal) ignores it.
    case hostDirectory(ReplicaID, Configuration)
    /// To loop 0: propose to the directory; dropped, with a log line, when this node doesn't lead it.
    case proposeDirectory(DirectoryCommand)
    /// To loop 0: change group 0's membership, likewise.
    case changeDirectoryMembers(voters: [Member], learners: [Member])
    /// Hand the group's leadership to the node, if led here.
    case transferLeadership(GroupID, to: NodeID)
    /// The leader of group 0 says which replica of the group the node has, or is to have: one that can't
    /// be told otherwise, as the group's first record is lost, or the group is 0 itself.
    case currentReplica(GroupID, ReplicaID, Configuration)
    /// What gossip knows of leaders elsewhere.
    case leaderHints([LeaderHint])
    /// The cluster's identity, once it is known.
    case cluster(ClusterID)
    /// The change of parameters that the loop asked for is made; whoever follows the directory to this
    /// epoch knows it.
    case parametersChanged(ticket: UInt64, epoch: UInt64)
    /// It is not made, or may not be.
    case parametersRefused(ticket: UInt64, String)

    // Loop 0 to home and to the other loops.

    /// The directory as of its last applied entry.
    case directory(DirectoryState)

    // Loops to home and to each other.

    /// What changed, or a full report every second.
    case groupStatus([GroupStatus])
    /// All replicas that this loop has and must not use, once a second while there are any, and when
    /// they change.
    case quarantines([QuarantinedReplica])
    /// Where the cluster's nodes were when this one ended, as far as its log tells; sent once, as the loop
    /// starts. Without this a cluster whose seeds were all replaced would not find itself after a power
    /// cut of every node.
    case formerPeers([Address])
    /// Set these for the whole cluster; answered with the same ticket.
    case changeParameters(ticket: UInt64, [ParameterValue])

    // A loop to itself: there is more to apply than one turn may.
    case continueApplying
    // A loop to itself: a slice of the work that waits for nobody is due.
    case continueInBackground

    // Between loops.

    /// Consensus messages and requests for groups that live on the other loop.
    case relayed(RelayedWork)
}

/// What a loop reports of a group that it hosts.
package struct GroupStatus: Equatable, Sendable {
    package var group: GroupID
    package var replica: ReplicaID
    package var term: Term
    package var leader: Member?
    package var isLeader: Bool
    package var commitIndex: LogIndex
    package var appliedIndex: LogIndex
    package var lastIndex: LogIndex
    package var keyCount: Int
    package var configuration: Configuration
    /// Whether ``configuration`` is committed and not joint.
    package var isSettled: Bool
    /// Of the replica that reports.
    package var hindrance: Hindrance
    /// How far each other member's log is known to agree (leader only), with the milliseconds
    /// since it was last heard.
    package var followers: [FollowerStatus]

    package init(
        group: GroupID, replica: ReplicaID, term: Term, leader: Member?, isLeader: Bool,
        commitIndex: LogIndex, appliedIndex: LogIndex, lastIndex: LogIndex, keyCount: Int,
        configuration: Configuration, isSettled: Bool, hindrance: Hindrance = .none,
        followers: [FollowerStatus]
    ) {
        self.group = group
        self.replica = replica
        self.term = term
        self.leader = leader
        self.isLeader = isLeader
        self.commitIndex = commitIndex
        self.appliedIndex = appliedIndex
        self.lastIndex = lastIndex
        self.keyCount = keyCount
        self.configuration = configuration
        self.isSettled = isSettled
        self.hindrance = hindrance
        self.followers = followers
    }
}

/// How far one follower has come, as its leader knows it.
package struct FollowerStatus: Equatable, Sendable {
    package var member: Member
    package var matchIndex: LogIndex
    package var lastHeardMilliseconds: Int
    package var hindrance: Hindrance

    package init(
        member: Member, matchIndex: LogIndex, lastHeardMilliseconds: Int,
        hindrance: Hindrance = .none
    ) {
        self.member = member
        self.matchIndex = matchIndex
        self.lastHeardMilliseconds = lastHeardMilliseconds
        self.hindrance = hindrance
    }
}
