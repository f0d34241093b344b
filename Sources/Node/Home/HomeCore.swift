package import Gossip
package import Primitives
package import Topology

/// The part of a node that there is once: it finds or founds the cluster, gossips, follows the
/// directory, and, while this node leads group 0, registers nodes, creates the shards and spreads
/// the leaders.
///
/// A pure core: events come with the time in them and append effects. It runs on loop 0's thread, and
/// talks with the loops by ``CoreMessage``.
package struct HomeCore: ~Copyable {
    let settings: HomeSettings
    var founding: Founding
    var gossip: GossipCore
    private var sealer: any PacketSealing
    /// For the cluster's hash secret.
    var generator: SeededGenerator

    /// As loop 0 posted it last; it may lag behind other nodes'.
    package internal(set) var directory = DirectoryState()
    /// What this node's loops say of the groups that they host.
    var ownReports = SortedMap<GroupID, OwnReport>()
    /// What the leader of each group said last, on whichever node it is.
    var leaderReports = SortedMap<GroupID, LeaderReport>()
    /// What the leader of group 0 has been asked for.
    var wishes = SortedMap<NodeID, RegistrationWish>()
    /// When the present leader of group 0, if it is this node, proposed what is done once.
    var proposals = DirectoryProposals()
    var directoryLead: DirectoryLead?
    var balance = BalanceWatch()
    var links: [PeerLink] = []
    var nextReportAt: Instant
    var nextRegistrationAt: Instant
    var drain: Drain?
    /// By loop, what it must not use any more of its replicas.
    var quarantines: [[QuarantinedReplica]]
    var nextQuarantineReportAt: Instant
    /// What nodes have told the leader of group 0 of the replicas that they must not use.
    var quarantineReports = SortedMap<NodeID, QuarantineReport>()
    /// Changes of parameters that clients of this node wait for; the first one is on its way.
    var parameterChanges: [AwaitedParameterChange] = []
    var lastParameterChange: ParameterChangeMark

    /// Datagrams that did not open: of another secret, or damaged.
    package private(set) var rejectedDatagramCount = 0
    /// Datagrams and frames whose contents make no sense.
    private var unreadableCount = 0
    package var malformedCount: Int { unreadableCount + gossip.malformedCount }

    /// What a loop said of a group, and which loop it was.
    struct OwnReport: Sendable {
        var status: GroupStatus
        var loop: Int
    }

    /// What a group's leader said, and when.
    struct LeaderReport: Sendable {
        var status: GroupStatus
        var leader: NodeID
        var at: Instant
    }

    /// - Parameters:
    ///   - settings: From the configuration.
    ///   - identity: The contents of the identity file; `nil` for an empty folder.
    ///   - newNodeID: The node's id if the folder is empty; drawn at random.
    ///   - processSeed: Drawn at random at each start.
    ///   - seed: Of everything random here; another one at each start.
    ///   - sealer: Seals datagrams with the cluster's secret.
    ///   - now: The time.
    /// - Throws: Why the folder can't be used with this configuration.
    package init(
        settings: HomeSettings, identity: [UInt8]?, newNodeID: NodeID, processSeed: UInt64,
        seed: UInt64, sealer: any PacketSealing, now: Moment
    ) throws(IdentityError) {
        let known =
            if let identity {
                try NodeIdentity(decoding: identity, clusterName: settings.clusterName)
            } else {
                NodeIdentity(node: newNodeID, clusterName: settings.clusterName)
            }
        self.settings = settings
        self.sealer = sealer
        generator = SeededGenerator(seed: seed)
        founding = Founding(
            identity: known, isNew: identity == nil,
            settings: FoundingSettings(
                name: settings.clusterName, seeds: settings.seeds, addresses: settings.addresses),
            seed: generator.next(), now: now.boot)
        gossip = GossipCore(
            self: known.node, addresses: settings.addresses,
            clusterID: founding.membership?.clusterID,
            startIncarnation: UInt64(max(0, now.wallMilliseconds)), seeds: settings.seeds,
            settings: settings.gossip, seed: generator.next(), processSeed: processSeed,
            now: now.boot)
        lastParameterChange = ParameterChangeMark(process: processSeed, number: 0)
        nextReportAt = now.boot
        nextRegistrationAt = now.boot
        quarantines = Array(repeating: [], count: settings.loopCount)
        nextQuarantineReportAt = now.boot
    }

    package var nodeID: NodeID { founding.node }
    /// `nil` until the node's place in a cluster is durable.
    package var clusterID: ClusterID? { founding.membership?.clusterID }

    /// Gossip packets and news of another cluster.
    package var foreignPacketCount: Int { gossip.foreignCount }

    // MARK: Events

    package mutating func start(now: Moment, into effects: inout [HomeEffect]) {
        var steps: [FoundingEffect] = []
        founding.start(now: now.boot, into: &steps)
        carryOut(steps, now: now, into: &effects)
        updateLinks(into: &effects)
    }

    /// Called every 10 to 50 ms.
    package mutating func tick(now: Moment, into effects: inout [HomeEffect]) {
        var steps: [FoundingEffect] = []
        founding.tick(now: now.boot, into: &steps)
        carryOut(steps, now: now, into: &effects)
        var news: [GossipEffect] = []
        gossip.tick(now: now.boot, into: &news)
        carryOut(news, into: &effects)
        tellReports(now: now.boot, into: &effects)
        registerSelf(now: now.boot, into: &effects)
        reportQuarantines(now: now.boot, into: &effects)
        direct(now: now.boot, into: &effects)
        continueParameterChanges(now: now.boot, into: &effects)
        continueDraining(now: now.boot, into: &effects)
        updateLinks(into: &effects)
    }

    /// The oldest ``HomeEffect/persistIdentity(_:)`` is durable.
    package mutating func identityPersisted(now: Moment, into effects: inout [HomeEffect]) {
        var steps: [FoundingEffect] = []
        founding.persisted(now: now.boot, into: &steps)
        carryOut(steps, now: now, into: &effects)
        updateLinks(into: &effects)
    }

    /// A datagram as it came from the network.
    package mutating func datagramReceived(
        _ bytes: [UInt8], from source: Address, now: Moment, into effects: inout [HomeEffect]
    ) {
        guard let kind = bytes.first.flatMap(DatagramKind.init(rawValue:)) else {
            unreadableCount += 1
            return
        }
        guard let plain = sealer.open(Array(bytes.dropFirst()), context: [kind.rawValue]) else {
            rejectedDatagramCount += 1
            return
        }
        switch kind {
        case .gossip:
            var news: [GossipEffect] = []
            gossip.receive(datagram: plain, from: source, now: now.boot, into: &news)
            carryOut(news, into: &effects)
        case .founding:
            do throws(DecodingFailure) {
                let message = try FoundingMessage(decoding: plain)
                var steps: [FoundingEffect] = []
                founding.receive(
                    message, from: source, directory: directory, now: now.boot, into: &steps)
                carryOut(steps, now: now, into: &effects)
            } catch {
                unreadableCount += 1
            }
        }
        updateLinks(into: &effects)
    }

    /// The body of a ``FrameType/home`` frame.
    package mutating func frameReceived(
        from node: NodeID, body: [UInt8], now: Moment, into effects: inout [HomeEffect]
    ) {
        let message: HomeMessage
        do throws(DecodingFailure) {
            message = try HomeMessage(decoding: body)
        } catch {
            unreadableCount += 1
            return
        }
        switch message {
        case .gossip(let packet):
            var news: [GossipEffect] = []
            gossip.receive(stream: packet, from: node, now: now.boot, into: &news)
            carryOut(news, into: &effects)
            updateLinks(into: &effects)
        case .register(let wisher, let addresses):
            wish(wisher, addresses, now: now.boot)
            direct(now: now.boot, into: &effects)
        case .transferLeadership(let group, let successor):
            guard let report = ownReports[group] else { return }
            effects.append(
                .post(.transferLeadership(group, to: successor), to: .loop(report.loop)))
        case .reports(let reports):
            hear(reports, from: node, now: now.boot, into: &effects)
        case .quarantined(let replicas):
            take(replicas, from: node, now: now.boot, into: &effects)
        case .currentReplica(let group, let replica, let configuration):
            learnReplica(group, replica, configuration, into: &effects)
        case .propose(let command):
            if ledDirectory != nil { propose(command, into: &effects) }
        case .removed: stopAsRemoved(into: &effects)
        }
    }

    package mutating func received(
        _ message: CoreMessage, from core: CoreID, now: Moment, into effects: inout [HomeEffect]
    ) {
        switch message {
        case .directory(let state):
            guard state.epoch >= directory.epoch else { return }
            directory = state
            gossip.setTopologyEpoch(state.epoch)
            if state.removedNodes.contains(nodeID) { stopAsRemoved(into: &effects) }
            updateLinks(into: &effects)
            registerSelf(now: now.boot, into: &effects)
            continueParameterChanges(now: now.boot, into: &effects)
        case .formerPeers(let addresses): gossip.add(seeds: addresses, now: now.boot)
        case .changeParameters(let ticket, let values):
            change(values, ticket: ticket, for: core, now: now.boot, into: &effects)
        case .groupStatus(let reports):
            guard case .loop(let loop) = core else { return }
            take(reports, loop: loop, now: now.boot, into: &effects)
        case .quarantines(let replicas):
            guard case .loop(let loop) = core else { return }
            if quarantines[loop] != replicas { nextQuarantineReportAt = now.boot }
            quarantines[loop] = replicas
            // A replica that led reports no more that it doesn't.
            ownReports.removeAll { group, report in
                replicas.contains { $0.group == group && $0.replica == report.status.replica }
            }
            if ownReports[.directory] == nil { directoryLead = nil }
        case .hostDirectory, .currentReplica, .proposeDirectory, .changeDirectoryMembers,
            .transferLeadership,
            .leaderHints, .cluster, .continueApplying, .continueInBackground, .relayed,
            .parametersChanged, .parametersRefused:
            preconditionFailure("a loop posted \(message) to the home")
        }
        direct(now: now.boot, into: &effects)
    }

    /// A link to `node` is up: it is told at once what this node leads.
    package mutating func linkUp(_ node: NodeID, now: Moment, into effects: inout [HomeEffect]) {
        let reports = ledReports
        if !reports.isEmpty { send(.reports(reports), to: node, into: &effects) }
        if node == directoryLeader { registerSelf(now: now.boot, into: &effects) }
    }

    // MARK: Sending

    func send(_ message: HomeMessage, to node: NodeID, into effects: inout [HomeEffect]) {
        effects.append(.frame(to: node, PeerFrame(type: .home, body: message.encode())))
    }

    mutating func send(
        _ kind: DatagramKind, _ plain: [UInt8], to address: Address,
        into effects: inout [HomeEffect]
    ) {
        let sealed = sealer.seal(plain, context: [kind.rawValue])
        effects.append(.datagram(to: address, [kind.rawValue] + sealed))
    }

    func post(toEachLoop message: CoreMessage, into effects: inout [HomeEffect]) {
        for loop in 0..<settings.loopCount { effects.append(.post(message, to: .loop(loop))) }
    }
}
