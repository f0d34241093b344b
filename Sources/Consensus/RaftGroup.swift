import DequeModule
package import Primitives

/// One replica of a Raft group.
///
/// It follows the Raft paper and Ongaro's dissertation with pre-votes, quorum checks, leases, joint
/// consensus and learners. It takes events, each with the time at which it happened, and appends
/// what the host must do to `effects`, in the order in which it must be done. Disk writes complete
/// later, through ``persisted(through:now:into:)``; messages that promise what they write stay
/// inside until then.
package struct RaftGroup: Sendable {
    /// What was found on disk.
    package struct Recovered: Sendable {
        package var hardState: HardState
        package var snapshot: SnapshotMetadata?
        /// The configuration in force where there is no snapshot and no configuration entry.
        package var initialConfiguration: Configuration
        /// They follow directly on the snapshot.
        package var entries: [LogEntry]
        package var clock: PersistedClock?
        /// The replica may have lost entries that it acknowledged.
        package var isAmnesiac: Bool

        package init(
            hardState: HardState, snapshot: SnapshotMetadata?,
            initialConfiguration: Configuration, entries: [LogEntry], clock: PersistedClock?,
            isAmnesiac: Bool
        ) {
            self.hardState = hardState
            self.snapshot = snapshot
            self.initialConfiguration = initialConfiguration
            self.entries = entries
            self.clock = clock
            self.isAmnesiac = isAmnesiac
        }
    }

    package let group: GroupID
    package let replica: ReplicaID
    /// This replica, with its node as the configuration or the last message to it named it.
    private(set) var member: Member
    package let settings: RaftSettings
    var generator: SeededGenerator

    // What Raft keeps (paper, figure 2).
    package internal(set) var role = Role.follower
    package internal(set) var term: Term
    var vote: ReplicaID?
    /// ``term`` was entered in the present call and is not on its way to disk yet.
    var isTermUnsaved = false
    /// The leader of ``term``, once known.
    package internal(set) var leader: Member?
    package internal(set) var commitIndex: LogIndex
    var log: RaftLog
    var configurations: ConfigurationHistory

    // Disk.
    /// The number of the last `persist` effect.
    package internal(set) var persistSequence: UInt64 = 0
    var durability: DurabilityTracker

    // Follower.
    /// The log equals that of the leader of ``term`` up to here.
    var matchedIndex: LogIndex
    var leaderSession: UInt32 = 0
    var electionDeadline: Instant
    /// Votes are refused until then, unless the leader itself asked for the election.
    var refusalDeadline: Instant
    var amnesia: Amnesia?
    /// Elections that this replica has left to others since it last heard of a leader.
    var postponedElectionCount = 0

    // Candidate.
    var ballots: [Ballot] = []
    var selfVoteSequence: UInt64 = 0

    // Leader.
    var followers: [Progress] = []
    /// The index of the leader's first entry of its term: reads need it applied.
    package internal(set) var readFloor = LogIndex.zero
    package internal(set) var uncommittedByteCount = 0
    var reads = ReadRounds()
    var transfer: Transfer?
    /// TimeoutNow was sent in this term: another may lead at any time, without waiting.
    var isLeaseForfeited = false
    var heartbeatDue = Instant.zero
    var quorumCheckDue = Instant.zero

    // Either.
    /// What the host says of its disk. A hindered replica leaves elections to others, and tells its
    /// leader.
    package var hindrance = Hindrance.none
    var clock: ShardClock
    private var lastTick: Instant
    /// The last tick came so late that messages may wait unread.
    private var wasLate = false
    private var announced: Announcement

    /// - Parameters:
    ///   - group: The group.
    ///   - replica: Which replica of it this is.
    ///   - recovered: What was found on disk.
    ///   - settings: Times and limits.
    ///   - seed: Of the generator that draws election times; different on each replica.
    ///   - bootID: The present boot of the machine.
    ///   - now: The present. Votes are withheld for one election timeout from here.
    package init(
        group: GroupID, replica: ReplicaID, recovered: Recovered, settings: RaftSettings,
        seed: UInt64, bootID: UInt64, now: Moment
    ) {
        self.group = group
        self.replica = replica
        member = Member(replica: replica, node: NodeID(0))
        self.settings = settings
        generator = SeededGenerator(seed: seed)
        term = recovered.hardState.term
        vote = recovered.hardState.vote
        let snapshot = recovered.snapshot
        let log = RaftLog(
            boundaryIndex: snapshot?.index ?? .zero, term: snapshot?.term ?? .zero,
            stamp: snapshot?.stamp ?? 0, entries: recovered.entries)
        self.log = log
        precondition(
            log.lastTerm <= term, "last entry of term \(log.lastTerm), hard state of \(term)")
        commitIndex = log.boundaryIndex
        matchedIndex = log.boundaryIndex
        configurations = ConfigurationHistory(
            snapshot?.configuration ?? recovered.initialConfiguration, at: log.boundaryIndex)
        for entry in recovered.entries where entry.kind == .configuration {
            configurations.append(Self.configuration(of: entry), at: entry.index)
        }
        member = configurations.latest.member(replica) ?? member
        durability = DurabilityTracker(durableIndex: log.lastIndex)
        if recovered.isAmnesiac { amnesia = Amnesia(nonce: generator.next() | 1) }
        clock = ShardClock(
            recovered: recovered.clock, lastStamp: log.lastStamp, bootID: bootID, now: now)
        lastTick = now.boot
        electionDeadline = now.boot
        refusalDeadline = now.boot
        announced = Announcement(term: term, leader: nil, role: .follower)
        if !isSoleVoter {
            refusalDeadline = now.boot.advanced(milliseconds: settings.electionMilliseconds)
            resetElectionDeadline(now)
        }
    }

    // MARK: Observers

    /// The latest configuration in the log, which is in force whether committed or not.
    package var configuration: Configuration { configurations.latest }
    /// The index that put ``configuration`` in force.
    package var configurationIndex: LogIndex { configurations.latestIndex }
    /// The log is on disk up to here.
    package var durableIndex: LogIndex { durability.durableIndex }
    package var lastIndex: LogIndex { log.lastIndex }
    /// The first entry that is still held in memory.
    package var firstIndex: LogIndex { log.firstIndex }
    package var isTransferring: Bool { transfer != nil }
    package var isAmnesiac: Bool { amnesia != nil }
    package var hasCommittedOwnTerm: Bool { role == .leader && commitIndex >= readFloor }
    /// Whether a configuration is not committed yet, or joint.
    package var isChangingConfiguration: Bool {
        configuration.isJoint || configurations.latestIndex > commitIndex
    }

    package func entry(at index: LogIndex) -> LogEntry? { log.entry(at: index) }
    package func term(at index: LogIndex) -> Term? { log.term(at: index) }

    /// What the leader knows of the other members; empty on any other replica.
    package var progress: [FollowerProgress] {
        followers.map { follower in
            FollowerProgress(
                member: follower.member, match: follower.match,
                isLearner: !configuration.hasVote(follower.member.replica), state: follower.state,
                lastHeard: follower.lastHeard, hindrance: follower.hindrance)
        }
    }

    /// What a snapshot of the applied state at `index` stands for; `nil` when that index is not
    /// committed or no longer in memory.
    package func snapshotMetadata(at index: LogIndex) -> SnapshotMetadata? {
        guard index <= commitIndex, let term = log.term(at: index),
            let stamp = log.stamp(at: index)
        else { return nil }
        return SnapshotMetadata(
            index: index, term: term, configuration: configurations.inForce(at: index),
            stamp: stamp)
    }

    /// The shard clock at present, in milliseconds since the epoch; never below the log's stamps.
    package func stamp(now: Moment) -> Int64 { max(clock.stamp(now: now), log.lastStamp) }

    /// What to write to disk so that the shard clock outlives a restart.
    package func persistedClock(now: Moment) -> PersistedClock? { clock.persisted(now: now) }

    /// Wall time minus the shard clock, in milliseconds.
    package func clockDifference(now: Moment) -> Int64 { clock.wallDifference(now: now) }

    /// Whether the shard clock is more than a minute off wall time.
    package func isClockSkewed(now: Moment) -> Bool { clock.isSkewed(now: now) }

    // MARK: Inputs

    /// Lets time pass: called about every 10 ms.
    package mutating func tick(now: Moment, into effects: inout [RaftEffect]) {
        let isLate = now.boot.milliseconds(since: lastTick) > settings.electionMilliseconds / 2
        // A host that is always late gets no grace.
        let hasStalled = isLate && !wasLate
        wasLate = isLate
        lastTick = now.boot
        if role == .leader {
            tickLeader(hasStalled: hasStalled, now: now, into: &effects)
        } else if hasStalled, !isSoleVoter {
            // What came in meanwhile is not read yet; the leader may well have been heard.
            let grace = now.boot.advanced(milliseconds: 2 * settings.heartbeatMilliseconds)
            electionDeadline = max(electionDeadline, grace)
        } else if now.boot >= electionDeadline {
            resetElectionDeadline(now)
            if !leavesElectionToOthers() { campaign(now: now, into: &effects) }
        }
        announce(into: &effects)
    }

    /// Takes in what another replica sent.
    package mutating func receive(
        _ message: RaftMessage, now: Moment, into effects: inout [RaftEffect]
    ) {
        guard message.group == group, message.to.replica == replica,
            message.from.replica != replica
        else { return }
        member = message.to
        switch message.body {
        case .preVote(let request):
            receivePreVote(request, from: message, now: now, into: &effects)
        case .vote(let request):
            receiveVote(request, from: message, now: now, into: &effects)
        case .preVoteResponse(let response):
            receivePreVoteResponse(response, from: message, now: now, into: &effects)
        case .append, .heartbeat:
            receiveFromLeader(message, now: now, into: &effects)
        case .voteResponse, .appendAccepted, .appendRejected, .heartbeatResponse, .timeoutNow:
            receiveInTerm(message, now: now, into: &effects)
        }
        announce(into: &effects)
    }

    /// Appends a command to the log.
    ///
    /// - Returns: Its index; `nil` when this replica doesn't lead, is handing over, or has too many
    ///   uncommitted bytes.
    package mutating func propose(
        _ payload: [UInt8], now: Moment, into effects: inout [RaftEffect]
    ) -> LogIndex? {
        guard role == .leader, transfer == nil,
            uncommittedByteCount == 0
                || uncommittedByteCount + payload.count <= settings.maxUncommittedByteCount
        else { return nil }
        let index = appendOwn(.command, payload, now: now, into: &effects)
        announce(into: &effects)
        return index
    }

    /// Drops entries up to and with `index` from memory. They must be applied. A follower that needs
    /// them will need a snapshot.
    package mutating func forgetEntries(through index: LogIndex) {
        precondition(index <= commitIndex, "forgetting \(index), committed \(commitIndex)")
        log.forget(through: index)
        configurations.forget(through: index)
    }

    /// Drops applied entries from memory, the oldest first.
    ///
    /// - Parameters:
    ///   - last: The last one that may go; it must be applied.
    ///   - byteCount: How many bytes are to go at most, but for a part of one entry.
    /// - Returns: How many bytes went.
    package mutating func forgetEntries(through last: LogIndex, byteCount: Int) -> Int {
        var forgotten = 0
        var next = firstIndex
        while forgotten < byteCount, next <= last, let entry = log.entry(at: next) {
            forgotten += entry.byteCount
            next = next.next
        }
        if next > firstIndex { forgetEntries(through: next.previous) }
        return forgotten
    }

    /// What routing asks of a group.
    package struct Standing: Sendable {
        package var isLeader: Bool
        package var term: Term
        package var isTransferring: Bool
        package var lacksRoom: Bool
        package var leaseEnd: Instant
        package var readFloor: LogIndex
        package var stamp: Int64
    }

    /// How the group stands. It changes nothing, and is mutating so that the group, which is large, isn't
    /// copied from where it is held to be asked (docs/decisions/0016).
    package mutating func standing(now: Moment) -> Standing {
        Standing(
            isLeader: role == .leader, term: term, isTransferring: isTransferring,
            lacksRoom: lacksRoom(now: now), leaseEnd: leaseEnd, readFloor: readFloor,
            stamp: stamp(now: now))
    }

    // MARK: Shared by the aspects

    var isSoleVoter: Bool {
        let configuration = configuration
        return !configuration.isJoint && configuration.voters.count == 1
            && configuration.voters[0].replica == replica
    }

    var quorum: Quorum { Quorum(configuration, fault: settings.fault) }

    mutating func resetElectionDeadline(_ now: Moment) {
        let extra = generator.below(settings.electionMilliseconds)
        electionDeadline = now.boot.advanced(
            milliseconds: settings.electionMilliseconds + extra)
    }

    /// Breaks off when Raft's own rules are broken. With a planted bug that is expected, and left to
    /// the test's checkers.
    func breach(_ text: @autoclosure () -> String) {
        precondition(settings.fault != nil, "group \(group) replica \(replica): \(text())")
    }

    static func configuration(of entry: LogEntry) -> Configuration {
        var reader = ByteReader(entry.payload)
        do throws(DecodingFailure) {
            return try Configuration(reading: &reader)
        } catch {
            preconditionFailure("configuration at \(entry.index): \(error)")
        }
    }

    func message(_ body: RaftMessage.Body, to target: Member, term: Term) -> RaftMessage {
        RaftMessage(
            group: group, from: member, to: target, term: term, body: body)
    }

    /// Tells the host if term, leader or role are not what it was told last.
    mutating func announce(into effects: inout [RaftEffect]) {
        let present = Announcement(term: term, leader: leader, role: role)
        guard present != announced else { return }
        announced = present
        effects.append(.leaderChanged(term, leader))
    }

    private struct Announcement: Equatable {
        var term: Term
        var leader: Member?
        var role: Role
    }
}
