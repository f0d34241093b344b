import Consensus
import Gossip
import Node
import Primitives
import Topology

/// Seals by a checksum over secret, context and contents: enough to tell who knows the secret.
struct ChecksumSealer: PacketSealing {
    var secret: UInt8

    private func tag(_ bytes: [UInt8], _ context: [UInt8]) -> [UInt8] {
        var sum: [UInt8] = []
        sum.append(littleEndian: crc32c((([secret] + context) + bytes).span))
        return sum
    }

    mutating func seal(_ plain: [UInt8], context: [UInt8]) -> [UInt8] {
        tag(plain, context) + plain
    }

    mutating func open(_ sealed: [UInt8], context: [UInt8]) -> [UInt8]? {
        let plain = Array(sealed.dropFirst(4))
        return tag(plain, context) == Array(sealed.prefix(4)) ? plain : nil
    }
}

/// A home core where a list of machines can hold it.
final class HomeBox {
    var core: HomeCore
    init(_ core: consuming HomeCore) { self.core = core }
}

/// Home cores on a virtual network. Their loops are feigned: one shared log stands for group 0, which
/// every machine that hosts it and lives applies, and leaders are appointed at random.
final class HomeWorld {
    struct Machine {
        var address: Address
        var seeds: [Address]
        var secret: UInt8 = 1
        var home: HomeBox?
        var file: [UInt8]?
        var writes: [(at: Int, bytes: [UInt8])] = []
        /// Of group 0, once the loop was told to host it.
        var replica: ReplicaID?
        var appliedCount = 0
        /// Whether leaders say that it has acknowledged what they sent.
        var acknowledges = true
        /// What the loops say of the machine's disk.
        var hindrance = Hindrance.none
        var directory = DirectoryState()
        var links: [PeerLink] = []
        var stop: StopReason?
        var warnings: [String] = []
        /// What the home has answered to changes of parameters, by ticket.
        var parameterAnswers = SortedMap<UInt64, String>()
        var hints = SortedMap<GroupID, LeaderHint>()
        var clusterSeen: ClusterID?
    }

    private enum Parcel {
        case datagram([UInt8], from: Address)
        case frame([UInt8], from: NodeID)
    }

    /// A group with an appointed leader.
    struct Group {
        var configuration: Configuration
        var leader: Member?
        var term: UInt64 = 0
        var electsAt = 0
    }

    private(set) var machines: [Machine] = []
    private(set) var millisecond = 1000
    private(set) var groups = SortedMap<GroupID, Group>()
    private(set) var log: [(at: Int, command: DirectoryCommand)] = []
    private(set) var transferCount = 0
    var lossPercent = 0
    var generator: SeededGenerator
    private var parcels: [(at: Int, to: Int, parcel: Parcel)] = []

    init(seedCount: Int, extraCount: Int = 0, seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        let addresses = (0..<seedCount + extraCount).map {
            Address(host: "machine\($0)", port: 17000)
        }
        for address in addresses {
            machines.append(Machine(address: address, seeds: Array(addresses[..<seedCount])))
        }
    }

    var now: Moment {
        Moment(
            boot: Instant.zero.advanced(milliseconds: millisecond),
            wallMilliseconds: 1_700_000_000_000 + Int64(millisecond))
    }

    func node(_ index: Int) -> NodeID? { machines[index].home?.core.nodeID }
    func status(_ index: Int) -> ClusterStatus? { machines[index].home?.core.status(now: now) }

    /// How many shards each live machine leads.
    var leaderCounts: [Int] {
        machines.indices.filter { machines[$0].home != nil }.map { index in
            groups.count { $0.0 != .directory && $0.1.leader?.node == node(index) }
        }
    }

    // MARK: Machines

    func adjust(_ index: Int, _ change: (inout Machine) -> Void) { change(&machines[index]) }

    func start(_ index: Int, advertisedPort: UInt16? = nil) throws {
        var peer = machines[index].address
        let other = Address(host: peer.host, port: advertisedPort ?? 7000)
        if machines[index].seeds.isEmpty { peer = Address(host: "127.0.0.1", port: 17000) }
        let settings = HomeSettings(
            clusterName: "demo", seeds: machines[index].seeds,
            addresses: AdvertisedAddresses(peer: peer, cluster: other, plain: other, admin: other))
        let home = HomeBox(
            try HomeCore(
                settings: settings, identity: machines[index].file,
                newNodeID: NodeID(generator.next() | 1), processSeed: generator.next(),
                seed: generator.next(), sealer: ChecksumSealer(secret: machines[index].secret),
                now: now))
        machines[index].home = home
        act(index) { $0.start(now: $1, into: &$2) }
    }

    func startAll() throws {
        for index in machines.indices { try start(index) }
    }

    func kill(_ index: Int) {
        guard let dead = node(index) else { return }
        machines[index].home = nil
        machines[index].writes = []
        machines[index].appliedCount = 0
        machines[index].directory = DirectoryState()
        for group in groups.keys where groups[group]?.leader?.node == dead {
            groups[group]?.leader = nil
            groups[group]?.electsAt = millisecond + 300 + generator.below(300)
        }
    }

    func drain(_ index: Int) { act(index) { $0.beginDraining(now: $1, into: &$2) } }

    func run(milliseconds: Int) {
        for _ in 0..<milliseconds / 10 { step() }
    }

    // MARK: A step of 10 ms

    private func step() {
        millisecond += 10
        deliver()
        for index in machines.indices {
            while let write = machines[index].writes.first, write.at <= millisecond {
                machines[index].writes.removeFirst()
                machines[index].file = write.bytes
                act(index) { $0.identityPersisted(now: $1, into: &$2) }
            }
            if millisecond % 50 == 0 { act(index) { $0.tick(now: $1, into: &$2) } }
            applyLog(index)
            if millisecond % 1000 == 0 { report(index) }
        }
        elect()
        if millisecond % 300 == 0 { moveReplicas() }
    }

    /// The leaders of shards bring them to where the directory wants them.
    private func moveReplicas() {
        let live = machines.filter { $0.home != nil }
        guard let directory = live.map(\.directory).max(by: { $0.epoch < $1.epoch }) else { return }
        for (id, group) in groups {
            guard id != .directory, let target = directory.shards[id]?.target,
                group.configuration.voters != target, group.leader != nil,
                target.allSatisfy({ member in
                    live.contains { $0.home?.core.nodeID == member.node }
                })
            else { continue }
            groups[id]?.configuration = Configuration(voters: target)
            if let leader = group.leader, !target.contains(leader) {
                groups[id]?.leader = target[0]
                groups[id]?.term += 1
            }
            for index in machines.indices { report(index) }
        }
    }

    /// Asks a machine's home for something.
    func request(_ wish: ClusterWish, of index: Int) -> String? {
        var answer: String?
        act(index) { home, _, effects in answer = home.request(wish, into: &effects) }
        return answer
    }

    /// A client of a machine sets a parameter.
    func setParameter(_ name: String, _ value: String, ticket: UInt64, of index: Int) {
        act(index) {
            $0.received(
                .changeParameters(ticket: ticket, [ParameterValue(name, value)]), from: .loop(0),
                now: $1, into: &$2)
        }
    }

    /// A loop of a machine says that it must not use a replica.
    func quarantine(_ index: Int, _ replica: QuarantinedReplica?) {
        act(index) {
            $0.received(
                .quarantines(replica.map { [$0] } ?? []), from: .loop(0), now: $1, into: &$2)
        }
    }

    private func act(_ index: Int, _ body: (inout HomeCore, Moment, inout [HomeEffect]) -> Void) {
        guard let home = machines[index].home else { return }
        var effects: [HomeEffect] = []
        body(&home.core, now, &effects)
        let sender = home.core.nodeID
        for effect in effects { carryOut(effect, of: index, sender) }
    }

    private func carryOut(_ effect: HomeEffect, of index: Int, _ sender: NodeID) {
        switch effect {
        case .datagram(let address, let bytes):
            guard let target = machines.firstIndex(where: { $0.address == address }),
                !generator.chance(percent: lossPercent)
            else { return }
            post(.datagram(bytes, from: machines[index].address), to: target)
        case .frame(let node, let frame):
            // A link needs an address, and someone of that id behind it.
            guard let link = machines[index].links.first(where: { $0.node == node }),
                let target = machines.firstIndex(where: { $0.address == link.address }),
                self.node(target) == node
            else { return }
            post(.frame(frame.body, from: sender), to: target)
        case .links(let links): machines[index].links = links
        case .persistIdentity(let bytes):
            let earliest = machines[index].writes.last?.at ?? millisecond
            machines[index].writes.append((earliest + generator.below(30), bytes))
        case .post(let message, _): receive(message, by: index, sender)
        case .log(let level, let text):
            if level >= .warning { machines[index].warnings.append(text) }
        case .stop(let reason):
            machines[index].stop = reason
            kill(index)
        }
    }

    private func post(_ parcel: Parcel, to target: Int) {
        parcels.append((millisecond + 1 + generator.below(30), target, parcel))
    }

    private func deliver() {
        let due = parcels.filter { $0.at <= millisecond }
        parcels.removeAll { $0.at <= millisecond }
        for (_, target, parcel) in due {
            act(target) { home, now, effects in
                switch parcel {
                case .datagram(let bytes, let source):
                    home.datagramReceived(bytes, from: source, now: now, into: &effects)
                case .frame(let body, let node):
                    home.frameReceived(from: node, body: body, now: now, into: &effects)
                }
            }
        }
    }

    // MARK: The feigned loops

    private func receive(_ message: CoreMessage, by index: Int, _ sender: NodeID) {
        switch message {
        case .hostDirectory(let replica, let configuration):
            machines[index].replica = replica
            if groups[.directory] == nil {
                groups[.directory] = Group(
                    configuration: configuration, electsAt: millisecond + 300)
            }
        case .proposeDirectory(let command):
            if leads(.directory, sender) { log.append((millisecond + 20, command)) }
        case .changeDirectoryMembers(let voters, let learners):
            guard leads(.directory, sender) else { return }
            groups[.directory]?.configuration = Configuration(voters: voters, learners: learners)
            report(index)
        case .transferLeadership(let group, let node): transfer(group, from: sender, to: node)
        case .leaderHints(let hints):
            for hint in hints { machines[index].hints[hint.group] = hint }
        case .cluster(let cluster): machines[index].clusterSeen = cluster
        case .currentReplica(let group, let replica, _):
            if group == .directory { machines[index].replica = replica }
        case .parametersChanged(let ticket, _): machines[index].parameterAnswers[ticket] = "OK"
        case .parametersRefused(let ticket, let text):
            machines[index].parameterAnswers[ticket] = text
        case .directory, .groupStatus, .quarantines, .continueApplying, .continueInBackground,
            .relayed, .changeParameters, .formerPeers:
            break
        }
    }

    private func leads(_ group: GroupID, _ node: NodeID) -> Bool {
        groups[group]?.leader?.node == node
    }

    private func transfer(_ group: GroupID, from: NodeID, to: NodeID) {
        guard leads(group, from),
            let successor = groups[group]?.configuration.voters.first(where: { $0.node == to }),
            machines.indices.contains(where: { node($0) == to })
        else { return }
        transferCount += 1
        groups[group]?.leader = successor
        groups[group]?.term += 1
        for index in machines.indices { report(index) }
    }

    /// A learner or voter of group 0 applies what is committed.
    private func applyLog(_ index: Int) {
        guard let node = node(index), machines[index].replica != nil,
            groups[.directory]?.configuration.members.contains(where: { $0.node == node }) == true
        else { return }
        var hasNews = false
        while machines[index].appliedCount < log.count,
            log[machines[index].appliedCount].at <= millisecond
        {
            let command = log[machines[index].appliedCount].command
            machines[index].appliedCount += 1
            if machines[index].directory.apply(command.encode()) == .applied { hasNews = true }
        }
        guard hasNews else { return }
        let directory = machines[index].directory
        for shard in directory.shards.values where groups[shard.id] == nil {
            groups[shard.id] = Group(
                configuration: shard.initialConfiguration,
                electsAt: millisecond + 200 + generator.below(300))
        }
        act(index) { $0.received(.directory(directory), from: .loop(0), now: $1, into: &$2) }
    }

    private func elect() {
        for (id, group) in groups where group.leader == nil && group.electsAt <= millisecond {
            let candidates = group.configuration.voters.filter { member in
                machines.contains { $0.home?.core.nodeID == member.node && $0.replica != nil }
            }
            guard candidates.count * 2 > group.configuration.voters.count else { continue }
            groups[id]?.leader = candidates[generator.below(candidates.count)]
            groups[id]?.term += 1
            for index in machines.indices { report(index) }
        }
    }

    private func report(_ index: Int) {
        guard let node = node(index), machines[index].replica != nil else { return }
        var reports: [GroupStatus] = []
        for (id, group) in groups {
            guard let member = group.configuration.members.first(where: { $0.node == node })
            else { continue }
            let last = LogIndex(UInt64(log.count + 1))
            let isLeader = group.leader == member
            let followers = group.configuration.members.filter { $0 != member }.map { other in
                let machine = machines.indices.first { self.node($0) == other.node }
                return FollowerStatus(
                    member: other,
                    matchIndex: machine.map { machines[$0].acknowledges } == false ? .zero : last,
                    lastHeardMilliseconds: machine == nil ? 60_000 : 30,
                    hindrance: machine.map { machines[$0].hindrance } ?? .none)
            }
            reports.append(
                GroupStatus(
                    group: id, replica: member.replica, term: Term(group.term),
                    leader: group.leader, isLeader: isLeader, commitIndex: last,
                    appliedIndex: last, lastIndex: last, keyCount: 0,
                    configuration: group.configuration, isSettled: true,
                    hindrance: machines[index].hindrance, followers: isLeader ? followers : []))
        }
        act(index) { $0.received(.groupStatus(reports), from: .loop(0), now: $1, into: &$2) }
    }
}
