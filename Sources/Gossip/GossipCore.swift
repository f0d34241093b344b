package import Primitives

/// Discovers the other nodes of a cluster, watches whether they live, and spreads hints.
///
/// SWIM (Das, Gupta and Motivala, 2002) with Lifeguard's local health, dogpile and buddy rules
/// (Dadgar, Phillips and Currey, 2018), a fallback ping over the peer link and a periodic exchange of the
/// whole state. What it says is only ever a hint.
///
/// A pure state machine: the caller brings datagrams (opened), pieces of the peer links and ticks
/// (about every 10 ms) with the time in them, and carries out the effects. All bytes are plain; the
/// caller seals them. Equal inputs and seed give equal effects.
package struct GossipCore: Sendable {
    /// This node, as it tells others.
    var me: MemberRecord
    let settings: GossipSettings
    var generator: SeededGenerator
    /// Every other node that is known, tombstones included.
    var peers = SortedMap<NodeID, Peer>()
    var knownHints = SortedMap<GroupID, LeaderHint>()
    var broadcasts = BroadcastQueue()
    var seeds: [Seed]

    /// How much this node doubts its own health: 0, or up to one below the highest multiplier.
    package internal(set) var health = 0
    var probe: Probe?
    /// The members in the order in which this round probes them, and the place in it.
    var probeOrder: [NodeID] = []
    var probeIndex = 0
    var relays: [Relay] = []

    var identityChecks: [IdentityCheck] = []
    /// Kept as long as it is heard.
    var duplicate: DuplicateIdentity?
    /// The last epoch that was reported, and when.
    var reportedEpoch: (epoch: UInt64, at: Instant)?

    var lastTick: Instant
    var nextProbeAt: Instant
    var nextGossipAt: Instant
    var nextPushPullAt: Instant
    var nextDeadRetryAt: Instant
    var nextSweepAt: Instant

    /// Packets that were damaged, of another version, or not from whom the link says.
    package internal(set) var malformedCount = 0
    /// Packets and news of another cluster.
    package internal(set) var foreignCount = 0

    /// - Parameters:
    ///   - id: This node.
    ///   - addresses: Where others reach it.
    ///   - clusterID: Its cluster, unless it has none yet.
    ///   - startIncarnation: The wall clock in milliseconds; higher than at the node's last start.
    ///   - seeds: Where other nodes may be. This node's own address may be among them.
    ///   - settings: Intervals and limits.
    ///   - seed: Of everything random here.
    ///   - processSeed: Drawn at random by this process; another process of the same node has another.
    ///   - now: The time.
    package init(
        self id: NodeID, addresses: AdvertisedAddresses, clusterID: ClusterID?,
        startIncarnation: UInt64,
        seeds: [Address], settings: GossipSettings, seed: UInt64, processSeed: UInt64, now: Instant
    ) {
        precondition(id.rawValue != 0, "a node's id is never 0")
        precondition(
            startIncarnation <= MemberRecord.highestIncarnation,
            "incarnation \(startIncarnation) leaves no room for refutations")
        me = MemberRecord(
            id: id, process: processSeed, started: startIncarnation,
            incarnation: startIncarnation, status: .alive, clusterID: clusterID, topologyEpoch: 0,
            addresses: addresses)
        self.settings = settings
        generator = SeededGenerator(seed: seed)
        self.seeds = []
        lastTick = now
        nextProbeAt = now.advanced(milliseconds: generator.below(settings.probeMilliseconds))
        nextGossipAt = now
        nextPushPullAt = now.advanced(
            milliseconds: settings.pushPullMilliseconds / 2
                + generator.below(settings.pushPullMilliseconds))
        nextDeadRetryAt = now.advanced(milliseconds: settings.deadRetryMilliseconds)
        nextSweepAt = now.advanced(milliseconds: 1_000)
        add(seeds: seeds, now: now)
    }

    /// Looks for other nodes at further addresses.
    package mutating func add(seeds addresses: [Address], now: Instant) {
        for address in addresses where !seeds.contains(where: { $0.address == address }) {
            seeds.append(
                Seed(
                    address: address, node: address == me.addresses.peer ? me.id : nil,
                    sequence: nil, nextAttempt: now,
                    pauseMilliseconds: settings.seedMilliseconds))
        }
    }

    // MARK: What is known

    /// Every other node that is known, sorted by id; dead and departed ones for a while too.
    package var members: [GossipMember] { peers.values.map(\.member) }

    package func member(_ id: NodeID) -> GossipMember? { peers[id]?.member }

    /// This node, as others are told.
    package var own: GossipMember { Peer(record: me, since: .zero).member }

    /// Sorted by group.
    package var hints: [LeaderHint] { knownHints.values }

    package func hint(_ group: GroupID) -> LeaderHint? { knownHints[group] }

    /// Who answered at an address from the configuration; this node's id where it is its own.
    package func node(atSeed address: Address) -> NodeID? {
        seeds.first { $0.address == address }?.node
    }

    /// Whether another live process has this node's id: its directory was copied. A restart is not
    /// taken for that, since the earlier process must answer now.
    package var hasDuplicateIdentity: Bool { duplicate != nil }

    // MARK: What the node tells

    /// The node has joined `clusterID`. Members of other clusters are forgotten.
    package mutating func setClusterID(_ clusterID: ClusterID) {
        precondition(
            me.clusterID == nil || me.clusterID == clusterID,
            "a node of cluster \(String(describing: me.clusterID)) can't move to \(clusterID)")
        guard me.clusterID == nil else { return }
        me.clusterID = clusterID
        me.incarnation += 1
        broadcasts.replace(member: me.id, accuser: nil)
        let foreign = peers.values.map(\.record).filter { !admits($0.clusterID) }
        for record in foreign {
            peers[record.id] = nil
            broadcasts.forget(member: record.id)
        }
    }

    /// The node has applied the directory up to `epoch`; a lower one than before changes nothing.
    package mutating func setTopologyEpoch(_ epoch: UInt64) {
        me.topologyEpoch = max(me.topologyEpoch, epoch)
    }

    /// Spreads `hint` if it is of a later term than what is held of its group.
    package mutating func offer(hint: LeaderHint) { _ = adopt(hint) }

    /// Says goodbye: others hold the node as departed at once, and nothing is probed any more.
    package mutating func leave(now: Instant, into effects: inout [GossipEffect]) {
        guard me.status != .left else { return }
        me.status = .left
        me.incarnation += 1
        probe = nil
        broadcasts.replace(member: me.id, accuser: nil)
        for peer in choosePeers(settings.leaveFanout, where: { $0.isReachable }) {
            send([], to: .address(peer.record.addresses.peer), into: &effects)
        }
    }

    // MARK: Time

    package mutating func tick(now: Instant, into effects: inout [GossipEffect]) {
        noticeStall(now: now)
        lastTick = now
        expireSuspicions(now: now, into: &effects)
        advanceRelays(now: now, into: &effects)
        if now >= nextSweepAt {
            nextSweepAt = now.advanced(milliseconds: 1_000)
            forgetTombstones(now: now)
            followDuplicate(now: now, into: &effects)
        }
        if me.status == .alive {
            advanceProbe(now: now, into: &effects)
            contactSeeds(now: now, into: &effects)
            retryDead(now: now, into: &effects)
            exchangePeriodically(now: now, into: &effects)
        }
        gossip(now: now, into: &effects)
    }

    /// A process that stood still must not hold its own silence against others: suspicions run on
    /// from here, and what was being probed is probed anew.
    private mutating func noticeStall(now: Instant) {
        guard now.milliseconds(since: lastTick) > settings.stallMilliseconds else { return }
        let gap = now.nanoseconds(since: lastTick)
        for index in peers.keys.indices {
            peers[valueAt: index].suspicion?.postpone(nanoseconds: gap)
        }
        probe = nil
        nextProbeAt = now
        worsenHealth(by: 1)
    }

    private mutating func expireSuspicions(now: Instant, into effects: inout [GossipEffect]) {
        for peer in peers.values {
            guard let suspicion = peer.suspicion, now >= suspicion.deadline else { continue }
            var record = peer.record
            record.status = .dead
            adopt(record, accuser: nil, now: now, into: &effects)
        }
    }

    private mutating func forgetTombstones(now: Instant) {
        let forgetMilliseconds = settings.deadForgetMilliseconds
        peers.removeAll { _, peer in
            !peer.isReachable && now.milliseconds(since: peer.since) >= forgetMilliseconds
        }
    }

    /// Sends news to a few members, while there is any.
    private mutating func gossip(now: Instant, into effects: inout [GossipEffect]) {
        guard now >= nextGossipAt else { return }
        nextGossipAt = now.advanced(milliseconds: settings.gossipMilliseconds)
        guard !broadcasts.isEmpty else { return }
        let deadMilliseconds = settings.deadGossipMilliseconds
        let targets = choosePeers(settings.gossipFanout) { peer in
            peer.isReachable
                || peer.record.status == .dead
                    && now.milliseconds(since: peer.since) < deadMilliseconds
        }
        for peer in targets where !broadcasts.isEmpty {
            send([], to: .address(peer.record.addresses.peer), into: &effects)
        }
    }

    // MARK: Health (Lifeguard §IV-A)

    func scaled(_ milliseconds: Int) -> Int { milliseconds * (health + 1) }

    mutating func worsenHealth(by amount: Int) {
        health = min(settings.maxHealthMultiplier - 1, health + amount)
    }

    mutating func improveHealth() { health = max(0, health - 1) }
}
