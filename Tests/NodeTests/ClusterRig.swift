import Consensus
import Journal
import Node
import Primitives
import Topology

/// Several nodes, on a network without delay that loses what a test wants it to.
final class ClusterRig {
    struct Client {
        var node: Int
        /// The loop that the connection came in on.
        var loop = 0
        var id: ConnectionID
    }

    private final class Box {
        var core: LoopCore
        init(_ core: consuming LoopCore) { self.core = core }
    }

    private struct Machine {
        /// For each loop its journal's folder, its core (none while the node is down), its disk
        /// requests and what its clients have received.
        let folders: [MemoryFolder]
        var boxes: [Box] = []
        var waiting: [[DiskRequest]] = []
        var waitingSnapshots: [[SnapshotRequest]] = []
        var received: [SortedMap<ConnectionID, [UInt8]>] = []
        var statuses = SortedMap<GroupID, GroupStatus>()
        var stops: [StopReason] = []
        /// Whether there is no room for new files, nor for more in those of snapshots.
        var isDiskFull = false
        /// Whether disk requests are left undone.
        var isDiskHung = false
        var log: [String] = []
    }

    private var machines: [Machine] = []
    private var startCount: UInt64 = 1
    private let loopCount: Int
    private let segmentByteCount: Int
    private let adjust: (Int, inout LoopSettings) -> Void
    private(set) var now = Moment(
        boot: Instant(nanoseconds: 1_000_000_000), wallMilliseconds: 1_700_000_000_000)
    /// Which messages of Raft arrive, by the places of sender and receiver.
    var delivers: (_ from: Int, _ to: Int, RaftMessage) -> Bool = { _, _, _ in true }
    /// Changes what arrives.
    var alters: (_ to: Int, inout RaftMessage) -> Void = { _, _ in }
    /// Which parts of snapshots and acknowledgements of them arrive.
    var deliversBulk: (_ from: Int, _ to: Int) -> Bool = { _, _ in true }
    /// Whether the loops of a node hear from each other who leads.
    var deliversStatusBetweenLoops = true
    private(set) var largestFrameByteCount = 0
    /// Of parts of snapshots and their acknowledgements that have arrived.
    private(set) var bulkByteCount = 0
    private var frames: [(from: Int, to: Int, loop: Int, frame: PeerFrame)] = []

    /// - Parameters:
    ///   - count: How many nodes there are.
    ///   - loops: How many loops each of them has.
    ///   - segmentByteCount: The size of a journal's segments.
    ///   - adjust: Changes a node's settings.
    /// - Throws: What the start of a node throws.
    init(
        count: Int = 3, loops: Int = 1, segmentByteCount: Int = 1 << 20,
        adjust: @escaping (Int, inout LoopSettings) -> Void = { _, _ in }
    ) throws {
        self.adjust = adjust
        loopCount = loops
        self.segmentByteCount = segmentByteCount
        for _ in 0..<count {
            machines.append(Machine(folders: (0..<loops).map { _ in MemoryFolder() }))
        }
        for node in machines.indices { try start(node) }
        found()
    }

    static func nodeID(_ node: Int) -> NodeID { NodeID(UInt64(node) + 1) }

    // MARK: Nodes

    /// - Parameters:
    ///   - node: Its place.
    ///   - crashes: What its processes were applying when they died.
    /// - Throws: What the start of a node throws.
    func start(_ node: Int, crashes: [CrashMark] = []) throws {
        startCount += 1
        let journal = JournalSettings(
            segmentByteCount: segmentByteCount, durability: .sync)
        machines[node].waiting = machines[node].folders.map { _ in [] }
        machines[node].waitingSnapshots = machines[node].folders.map { _ in [] }
        machines[node].received = machines[node].folders.map { _ in SortedMap() }
        for (loop, folder) in machines[node].folders.enumerated() {
            var settings = LoopSettings(nodeID: Self.nodeID(node), journal: journal)
            settings.loopIndex = loop
            settings.loopCount = loopCount
            settings.unknownMilliseconds = 60_000
            adjust(node, &settings)
            let recovery = try Journal.recover(
                from: folder, settings: journal, bootID: 1, seed: startCount, now: now)
            machines[node].boxes.append(
                Box(
                    try LoopCore(
                        settings: settings, recovery: recovery, disk: folder, crashes: crashes,
                        bootID: 1, seed: startCount, now: now)))
        }
        for box in machines[node].boxes { box.core.start(now: now) }
    }

    /// Ends a node without any warning; what its disk has completed stays.
    func crash(_ node: Int) {
        machines[node].boxes = []
        frames.removeAll { $0.from == node || $0.to == node }
    }

    private func core(_ node: Int, loop: Int = 0) -> Box {
        precondition(!machines[node].boxes.isEmpty, "node \(node) is down")
        return machines[node].boxes[loop]
    }

    /// The core that hosts a group's replica on a node.
    private func core(_ node: Int, hosting group: UInt32) -> Box {
        core(node, loop: Int(group) % loopCount)
    }

    private func inspections(_ node: Int) -> [GroupInspection] {
        machines[node].boxes.flatMap { $0.core.inspect() }
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

    /// Lets the nodes forward to each other what plain connections ask.
    func link() {
        for node in machines.indices {
            for other in machines.indices where other != node {
                for box in machines[node].boxes {
                    box.core.linkChanged(Self.nodeID(other), .bulk, isUp: true, now: now)
                }
            }
        }
    }

    func propose(_ command: DirectoryCommand) {
        for node in machines.indices {
            core(node).core.received(.proposeDirectory(command), from: .home, now: now)
        }
        settle()
    }

    /// The node that leads a group at the newest term.
    func leader(of group: UInt32) -> Int? {
        let leaders = machines.indices.compactMap { node -> (Term, Int)? in
            let found = inspections(node).first { $0.group == GroupID(group) }
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
            core(leader, hosting: group).core.received(
                .transferLeadership(GroupID(group), to: Self.nodeID(node)), from: .home, now: now)
            advance(milliseconds: 500)
        }
    }

    func inspect(_ node: Int, group: UInt32 = 1) -> GroupInspection? {
        inspections(node).first { $0.group == GroupID(group) }
    }

    func stateHash(_ node: Int, group: UInt32 = 1) -> UInt64? {
        machines[node].boxes.isEmpty
            ? nil : core(node, hosting: group).core.stateHash(of: GroupID(group))
    }

    func counters(_ node: Int) -> LoopStatistics { core(node).core.counters }

    /// What the loops of a node are still asked to do for commands that concern all its shards.
    func unfinishedPartCount(_ node: Int) -> Int {
        machines[node].boxes.reduce(0) { $0 + $1.core.unfinishedPartCount }
    }

    /// How far the leader of a group knows another node's log to agree.
    func matchIndex(of node: Int, group: UInt32 = 1) -> LogIndex? {
        leader(of: group).flatMap { machines[$0].statuses[GroupID(group)] }?.followers
            .first { $0.member.node == Self.nodeID(node) }?.matchIndex
    }

    /// What a node has said in its log.
    func log(_ node: Int) -> [String] { machines[node].log }

    /// Changes the snapshots of group 1 that a node has on its disk.
    ///
    /// - Returns: Whether there are any.
    func changeSnapshots(on node: Int, _ change: (inout [UInt8]) -> Void) -> Bool {
        let folder = machines[node].folders[1 % loopCount]
        let files = folder.contents.keys.filter {
            if case .snapshot(GroupID(1), _) = $0 { true } else { false }
        }
        for file in files {
            var bytes = folder.contents[file] ?? []
            change(&bytes)
            folder.contents[file] = bytes
        }
        return !files.isEmpty
    }

    func setDisk(of node: Int, isFull: Bool = false, isHung: Bool = false) {
        machines[node].isDiskFull = isFull
        machines[node].isDiskHung = isHung
    }

    /// What a file system does that can't set room aside.
    func emptyReserve(of node: Int) {
        for folder in machines[node].folders { folder.reservedByteCount = 0 }
    }

    func stops(_ node: Int) -> [StopReason] { machines[node].stops }

    // MARK: Clients

    func connect(_ node: Int, loop: Int = 0, _ listener: ListenerKind = .cluster) -> Client {
        Client(
            node: node, loop: loop,
            id: core(node, loop: loop).core.clientConnected(
                listener, remote: Address(host: "127.0.0.1", port: 5), now: now))
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
        core(client.node, loop: client.loop).core.clientReceived(client.id, bytes.span, now: now)
        settle()
        return take(client)
    }

    func take(_ client: Client) -> String {
        defer { machines[client.node].received[client.loop][client.id] = nil }
        return String(
            decoding: machines[client.node].received[client.loop][client.id] ?? [], as: UTF8.self)
    }

    func disconnect(_ client: Client) {
        core(client.node, loop: client.loop).core.clientClosed(client.id, now: now)
        settle()
    }

    // MARK: Time

    func advance(milliseconds: Int) {
        for _ in 0..<milliseconds / 10 {
            now.boot = now.boot.advanced(milliseconds: 10)
            now.wallMilliseconds += 10
            for machine in machines { for box in machine.boxes { box.core.tick(now: now) } }
            settle()
        }
    }

    func settle() {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            for node in machines.indices {
                for loop in machines[node].boxes.indices where !settle(node, loop) {
                    isQuiet = false
                }
            }
            if !frames.isEmpty { isQuiet = false }
            let arriving = frames
            frames = []
            for (from, to, loop, frame) in arriving { deliver(frame, from: from, to: to, loop) }
        }
    }

    /// - Returns: Whether nothing happened.
    private func settle(_ node: Int, _ loop: Int) -> Bool {
        let box = core(node, loop: loop)
        box.core.endTurn(now: now)
        let effects = box.core.takeEffects()
        var isQuiet = effects.isEmpty
        for effect in effects { carryOut(effect, of: node, loop) }
        if machines[node].isDiskHung { return isQuiet }
        while !machines[node].waiting[loop].isEmpty {
            isQuiet = false
            complete(machines[node].waiting[loop].removeFirst(), on: node, loop)
        }
        while !machines[node].waitingSnapshots[loop].isEmpty {
            isQuiet = false
            let request = machines[node].waitingSnapshots[loop].removeFirst()
            let folder = machines[node].folders[loop]
            box.core.snapshotCompleted(
                machines[node].isDiskFull
                    ? folder.carryOutWhenFull(request) : folder.carryOut(request), now: now)
        }
        return isQuiet
    }

    private func complete(_ request: DiskRequest, on node: Int, _ loop: Int) {
        let box = core(node, loop: loop)
        guard case .createSegment = request else {
            machines[node].folders[loop].carryOut(request)
            return box.core.diskCompleted(.done, now: now)
        }
        let folder = machines[node].folders[loop]
        let isRefused = machines[node].isDiskFull && !folder.takeGiven(for: request)
        box.core.diskCompleted(.done, now: now)
        if !isRefused { folder.carryOut(request) }
        box.core.segmentMade(
            isRefused ? .full(code: 28, operation: "make a segment") : .done, now: now)
    }

    private func carryOut(_ effect: LoopEffect, of node: Int, _ loop: Int) {
        switch effect {
        case .clientOutput(let id):
            core(node, loop: loop).core.sendOutput(of: id) { bytes in
                machines[node].received[loop][id, default: []].append(copying: bytes)
                return bytes.count
            }
        case .disk(let request): machines[node].waiting[loop].append(request)
        case .snapshot(let request): machines[node].waitingSnapshots[loop].append(request)
        case .post(.groupStatus, .loop) where !deliversStatusBetweenLoops: break
        case .post(let message, .loop(let target)):
            core(node, loop: target).core.received(message, from: .loop(loop), now: now)
        case .post(.groupStatus(let reports), .home):
            for report in reports { machines[node].statuses[report.group] = report }
        case .frame(let target, let frame, _):
            largestFrameByteCount = max(largestFrameByteCount, frame.body.count)
            frames.append((node, Int(target.rawValue) - 1, loop, frame))
        case .stop(let reason): machines[node].stops.append(reason)
        case .log(_, let text): machines[node].log.append(text)
        case .post, .pauseClient, .resumeClient, .closeClient, .dropClient: break
        }
    }

    private func deliver(_ frame: PeerFrame, from: Int, to: Int, _ loop: Int) {
        // A test may have registered a node that there isn't.
        guard machines.indices.contains(to), !machines[to].boxes.isEmpty else { return }
        let box = core(to, loop: loop)
        let sender = Self.nodeID(from)
        guard frame.type == .consensus else {
            if frame.type == .stateReport {
                box.core.frameReceived(from: sender, frame, now: now)
            } else if deliversBulk(from, to) {
                bulkByteCount += frame.body.count
                box.core.frameReceived(from: sender, frame, now: now)
            }
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
