import Consensus
import Journal
import Node
import Primitives
import Topology

/// Several nodes of one loop each, on a network without delay that loses what a test wants it to.
final class ClusterRig {
    struct Client {
        var node: Int
        var id: ConnectionID
    }

    private final class Box {
        var core: LoopCore
        init(_ core: consuming LoopCore) { self.core = core }
    }

    private struct Machine {
        let folder = MemoryFolder()
        var box: Box?
        var waiting: [DiskRequest] = []
        var received = SortedMap<ConnectionID, [UInt8]>()
        var statuses = SortedMap<GroupID, GroupStatus>()
        var stops: [StopReason] = []
    }

    private var machines: [Machine] = []
    private var startCount: UInt64 = 1
    private let adjust: (Int, inout LoopSettings) -> Void
    private(set) var now = Moment(
        boot: Instant(nanoseconds: 1_000_000_000), wallMilliseconds: 1_700_000_000_000)
    /// Which messages of Raft arrive, by the places of sender and receiver.
    var delivers: (_ from: Int, _ to: Int, RaftMessage) -> Bool = { _, _, _ in true }
    /// Changes what arrives.
    var alters: (_ to: Int, inout RaftMessage) -> Void = { _, _ in }
    /// Which parts of snapshots and acknowledgements of them arrive.
    var deliversBulk: (_ from: Int, _ to: Int) -> Bool = { _, _ in true }
    private(set) var largestFrameByteCount = 0
    private var frames: [(from: Int, to: Int, frame: PeerFrame)] = []

    /// - Parameters:
    ///   - count: How many nodes there are.
    ///   - adjust: Changes a node's settings.
    /// - Throws: What the start of a node throws.
    init(
        count: Int = 3, adjust: @escaping (Int, inout LoopSettings) -> Void = { _, _ in }
    ) throws {
        self.adjust = adjust
        for _ in 0..<count { machines.append(Machine()) }
        for node in machines.indices { try start(node) }
        found()
    }

    static func nodeID(_ node: Int) -> NodeID { NodeID(UInt64(node) + 1) }

    // MARK: Nodes

    func start(_ node: Int) throws {
        startCount += 1
        let journal = JournalSettings(segmentByteCount: 1 << 20, durability: .sync)
        var settings = LoopSettings(nodeID: Self.nodeID(node), journal: journal)
        settings.unknownMilliseconds = 60_000
        adjust(node, &settings)
        let recovery = try Journal.recover(
            from: machines[node].folder, settings: journal, bootID: 1, seed: startCount, now: now)
        let box = Box(
            try LoopCore(
                settings: settings, recovery: recovery, disk: machines[node].folder, bootID: 1,
                seed: startCount, now: now))
        machines[node].box = box
        machines[node].waiting = []
        machines[node].received = SortedMap()
        box.core.start(now: now)
    }

    /// Ends a node without any warning; what its disk has completed stays.
    func crash(_ node: Int) {
        machines[node].box = nil
        frames.removeAll { $0.from == node || $0.to == node }
    }

    private func core(_ node: Int) -> Box {
        guard let box = machines[node].box else { preconditionFailure("node \(node) is down") }
        return box
    }

    private func found() {
        let members = machines.indices.map {
            Member(replica: ReplicaID(UInt64($0) + 1), node: Self.nodeID($0))
        }
        for (node, member) in members.enumerated() {
            core(node).core.received(
                .hostDirectory(member.replica, Configuration(voters: members)), from: .home,
                now: now)
        }
        advance(milliseconds: 3000)
        propose(
            .createCluster(
                ClusterFounding(
                    clusterID: ClusterID(9), name: "rig", hashSecret: 11,
                    replicationFactor: UInt8(members.count), founders: members)))
        for node in machines.indices {
            let address = Address(host: "node\(node)", port: 7000)
            propose(
                .registerNode(
                    Self.nodeID(node),
                    AdvertisedAddresses(
                        peer: address, cluster: address, plain: address, admin: address)))
        }
        let nodes = members.map(\.node)
        let halves: [(UInt32, ClosedRange<UInt16>)] = [(1, 0...8191), (2, 8192...16383)]
        propose(
            .createShards(
                halves.map { number, slots in
                    ShardPlan(
                        id: GroupID(number), nodes: nodes, preferredLeader: nodes[0],
                        slots: [slots])
                }))
        advance(milliseconds: 3000)
        for group: UInt32 in [0, 1, 2] { lead(0, group: group) }
    }

    private func propose(_ command: DirectoryCommand) {
        for node in machines.indices {
            core(node).core.received(.proposeDirectory(command), from: .home, now: now)
        }
        settle()
    }

    /// The node that leads a group at the newest term.
    func leader(of group: UInt32) -> Int? {
        let leaders = machines.indices.compactMap { node -> (Term, Int)? in
            let found = machines[node].box?.core.inspect().first { $0.group == GroupID(group) }
            guard let found, found.role == .leader else { return nil }
            return (found.term, node)
        }
        return leaders.max { $0.0 < $1.0 }?.1
    }

    /// Hands a group's leadership to a node.
    func lead(_ node: Int, group: UInt32 = 1) {
        var attempts = 0
        while let leader = leader(of: group), leader != node, attempts < 10 {
            attempts += 1
            core(leader).core.received(
                .transferLeadership(GroupID(group), to: Self.nodeID(node)), from: .home, now: now)
            advance(milliseconds: 500)
        }
    }

    func inspect(_ node: Int, group: UInt32 = 1) -> GroupInspection? {
        machines[node].box?.core.inspect().first { $0.group == GroupID(group) }
    }

    func stateHash(_ node: Int, group: UInt32 = 1) -> UInt64? {
        machines[node].box?.core.stateHash(of: GroupID(group))
    }

    func counters(_ node: Int) -> LoopStatistics { core(node).core.counters }

    /// How far the leader of a group knows another node's log to agree.
    func matchIndex(of node: Int, group: UInt32 = 1) -> LogIndex? {
        leader(of: group).flatMap { machines[$0].statuses[GroupID(group)] }?.followers
            .first { $0.member.node == Self.nodeID(node) }?.matchIndex
    }

    func stops(_ node: Int) -> [StopReason] { machines[node].stops }

    // MARK: Clients

    func connect(_ node: Int) -> Client {
        Client(
            node: node,
            id: core(node).core.clientConnected(
                .cluster, remote: Address(host: "127.0.0.1", port: 5), now: now))
    }

    /// Sends commands and runs until nothing happens any more.
    ///
    /// - Returns: What the client has received since the last call.
    func run(_ commands: [[String]], on client: Client) -> String {
        send(commands.map(resp).joined(), on: client)
    }

    /// The same for commands as text.
    func send(_ text: String, on client: Client) -> String {
        let bytes = [UInt8](text.utf8)
        core(client.node).core.clientReceived(client.id, bytes.span, now: now)
        settle()
        return take(client)
    }

    func take(_ client: Client) -> String {
        defer { machines[client.node].received[client.id] = nil }
        return String(decoding: machines[client.node].received[client.id] ?? [], as: UTF8.self)
    }

    // MARK: Time

    func advance(milliseconds: Int) {
        for _ in 0..<milliseconds / 10 {
            now.boot = now.boot.advanced(milliseconds: 10)
            now.wallMilliseconds += 10
            for machine in machines { machine.box?.core.tick(now: now) }
            settle()
        }
    }

    func settle() {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            for node in machines.indices {
                guard let box = machines[node].box else { continue }
                box.core.endTurn(now: now)
                let effects = box.core.takeEffects()
                if !effects.isEmpty { isQuiet = false }
                for effect in effects { carryOut(effect, of: node, box) }
                while !machines[node].waiting.isEmpty {
                    isQuiet = false
                    machines[node].folder.carryOut(machines[node].waiting.removeFirst())
                    box.core.diskCompleted(.done, now: now)
                }
            }
            if !frames.isEmpty { isQuiet = false }
            let arriving = frames
            frames = []
            for (from, to, frame) in arriving { deliver(frame, from: from, to: to) }
        }
    }

    private func carryOut(_ effect: LoopEffect, of node: Int, _ box: Box) {
        switch effect {
        case .clientOutput(let id):
            box.core.sendOutput(of: id) { bytes in
                machines[node].received[id, default: []].append(copying: bytes)
                return bytes.count
            }
        case .disk(let request): machines[node].waiting.append(request)
        case .post(let message, .loop): box.core.received(message, from: .loop(0), now: now)
        case .post(.groupStatus(let reports), .home):
            for report in reports { machines[node].statuses[report.group] = report }
        case .frame(let target, let frame, _):
            largestFrameByteCount = max(largestFrameByteCount, frame.body.count)
            frames.append((node, Int(target.rawValue) - 1, frame))
        case .stop(let reason): machines[node].stops.append(reason)
        case .post, .pauseClient, .resumeClient, .closeClient, .log: break
        }
    }

    private func deliver(_ frame: PeerFrame, from: Int, to: Int) {
        guard let box = machines[to].box else { return }
        let sender = Self.nodeID(from)
        guard frame.type == .consensus else {
            if deliversBulk(from, to) { box.core.frameReceived(from: sender, frame, now: now) }
            return
        }
        var reader = ByteReader(frame.body)
        var body: [UInt8] = []
        while !reader.isAtEnd, var message = try? RaftMessage(reading: &reader) {
            alters(to, &message)
            if delivers(from, to, message) { message.encode(into: &body) }
        }
        if !body.isEmpty {
            box.core.frameReceived(
                from: sender, PeerFrame(type: .consensus, body: body), now: now)
        }
    }
}
