import Consensus
import Primitives

/// What a seed's life is made of.
struct FuzzPlan {
    var seed: UInt64
    var roundCount = 1500
    var fault: RaftFault?
    /// Entries count as durable when written, and a power cut may lose them.
    var isPeriodic = false
    /// In periodic mode, restarts without the amnesia rule.
    var forgetsAmnesia = false
}

/// What a life came to.
struct FuzzReport {
    var violation: String?
    var writes = 0
    var reads = 0
    var leaseReads = 0
    var elections = 0
    var crashes = 0
    var powerCuts = 0
    var snapshots = 0
    var truncations = 0
    var configurations = 0
    var transfers = 0
    var amnesiaEnds = 0
}

/// Five replicas, of which some take part, under faults drawn from a seed.
struct FuzzCluster {
    private enum Packet {
        case message(RaftMessage)
        case snapshot(SnapshotMetadata, from: ReplicaID, to: ReplicaID)

        var ends: (from: ReplicaID, to: ReplicaID) {
            switch self {
            case .message(let message): (message.from.replica, message.to.replica)
            case .snapshot(_, let from, let to): (from, to)
            }
        }
    }

    private struct PendingWrite {
        var replica: ReplicaID
        var index: LogIndex
        var term: Term
        /// The highest index that was visible to a client when the write began.
        var floor: LogIndex
    }

    private struct PendingRead {
        var replica: ReplicaID
        var round: UInt64
        var floor: LogIndex
    }

    static let replicaCount = 5

    private let plan: FuzzPlan
    private var settings = RaftSettings()
    private let initial: Configuration
    private var random: SeededGenerator
    private var replicas: [TestReplica] = []
    /// Boot clocks run this many parts in 1000 fast or slow.
    private var drifts: [Int] = []
    private var packets: [Packet] = []
    private var sides: [Int]
    /// In periodic mode: how much of each replica's log is synced.
    private var synced: [LogIndex]
    private var lossPercent = 0
    private var deliveryPercent = 60
    private var diskPercent = 60
    private var disturbancePercent = 3
    private var failureFactor: Int
    /// It receives nothing for now.
    private var deaf: Int?
    /// It crashes after this round.
    private var doomed: Int?
    private var nextPayload: UInt32 = 0
    private var pendingWrites: [PendingWrite] = []
    private var pendingReads: [PendingRead] = []
    private var checker = RaftChecker()
    private(set) var report = FuzzReport()

    init(_ plan: FuzzPlan) {
        self.plan = plan
        random = SeededGenerator(seed: plan.seed)
        settings.fault = plan.fault
        settings.maxMessageByteCount = random.chance(percent: 50) ? 1 : 1 << 20
        if random.chance(percent: 50) {
            settings.heartbeatMilliseconds = 20
            settings.electionMilliseconds = 100
            settings.leaseMilliseconds = 90
        }
        failureFactor = random.chance(percent: 30) ? 6 : 1
        settings.maxInflightMessageCount = 1 + random.below(8)
        let voters = random.chance(percent: 50) ? 3 : 5
        initial = Configuration(voters: (1...voters).map(Self.member))
        sides = Array(repeating: 0, count: Self.replicaCount)
        synced = Array(repeating: .zero, count: Self.replicaCount)
        for number in 1...Self.replicaCount {
            let start = Moment(
                boot: Instant(nanoseconds: UInt64(random.below(1 << 40))),
                wallMilliseconds: 1_700_000_000_000 + Int64(random.below(4000)))
            var replica = TestReplica(id: ReplicaID(UInt64(number)), now: start)
            replica.start(initial: initial, settings: settings, seed: random.next())
            replicas.append(replica)
            drifts.append(random.below(41) - 20)
        }
    }

    static func member(_ number: Int) -> Member {
        Member(replica: ReplicaID(UInt64(number)), node: NodeID(UInt64(number)))
    }

    /// Lives the whole life, or up to the first violation.
    mutating func run() -> FuzzReport {
        for round in 0..<plan.roundCount where checker.violation == nil {
            if round % 100 == 0 { changeWeather() }
            passTime()
            moveDisks()
            movePackets()
            if random.chance(percent: 70) { write() }
            if random.chance(percent: 70) { read() }
            if random.chance(percent: disturbancePercent) { disturb() }
            recoverSome()
            if let doomed { crash(doomed) }
            doomed = nil
            if round % 20 == 0 { checker.checkLogs(replicas.compactMap(\.group)) }
        }
        report.violation = checker.violation
        return report
    }

    /// Ends all faults and waits for a write at a leader to commit everywhere.
    ///
    /// - Returns: Whether it did.
    mutating func heal() -> Bool {
        sides = Array(repeating: 0, count: Self.replicaCount)
        deaf = nil
        failureFactor = 0
        lossPercent = 0
        deliveryPercent = 90
        diskPercent = 90
        for position in replicas.indices where replicas[position].group == nil { restart(position) }
        for _ in 0..<1500 {
            passTime()
            moveDisks()
            movePackets()
        }
        let before = report.writes
        for _ in 0..<400 {
            write()
            passTime()
            moveDisks()
            movePackets()
        }
        return report.writes > before && checker.violation == nil
    }

    /// One line a replica, for a failed expectation.
    var description: String {
        var lines = [checker.violation ?? "no violation"]
        for group in replicas.compactMap(\.group) {
            let configuration = group.configuration
            lines.append(
                "\(group.replica) \(group.role) term=\(group.term) commit=\(group.commitIndex) "
                    + "last=\(group.lastIndex)@\(group.term(at: group.lastIndex) ?? .zero) "
                    + "voters=\(configuration.voters.map(\.replica)) "
                    + "outgoing=\(configuration.outgoing.map(\.replica)) "
                    + "learners=\(configuration.learners.map(\.replica))"
                    + (group.isAmnesiac ? " amnesiac" : ""))
        }
        return lines.joined(separator: "\n")
    }

    // MARK: The world

    private mutating func changeWeather() {
        lossPercent = random.chance(percent: 50) ? 0 : random.below(30)
        deliveryPercent = 20 + random.below(80)
        diskPercent = 10 + random.below(90)
        disturbancePercent = 1 + random.below(6)
    }

    private mutating func recoverSome() {
        for position in replicas.indices
        where replicas[position].group == nil && random.chance(percent: 8) {
            restart(position)
        }
        guard random.chance(percent: 3) else { return }
        deaf = nil
        sides = Array(repeating: 0, count: Self.replicaCount)
    }

    private mutating func passTime() {
        let nanoseconds = 1 + random.below(10_000_000)
        for position in replicas.indices {
            replicas[position].advance(
                nanoseconds: nanoseconds / 1000 * (1000 + drifts[position]))
            var effects: [RaftEffect] = []
            let now = replicas[position].now
            replicas[position].group?.tick(now: now, into: &effects)
            handle(effects, of: position)
        }
    }

    private mutating func moveDisks() {
        for position in replicas.indices where random.chance(percent: diskPercent) {
            guard !replicas[position].writes.isEmpty else { continue }
            let count = 1 + random.below(replicas[position].writes.count)
            var effects: [RaftEffect] = []
            replicas[position].persist(count, into: &effects)
            handle(effects, of: position)
            noteSynced(position)
        }
    }

    /// In periodic mode, all is synced now and then.
    private mutating func noteSynced(_ position: Int) {
        let last = replicas[position].disk.lastIndex
        if random.chance(percent: 3) { synced[position] = last }
        synced[position] = min(synced[position], last)
    }

    private mutating func movePackets() {
        var moving = packets
        packets = []
        random.shuffle(&moving)
        for packet in moving {
            let ends = packet.ends
            let from = Int(ends.from.rawValue) - 1
            let to = Int(ends.to.rawValue) - 1
            guard sides[from] == sides[to], to != deaf, !random.chance(percent: lossPercent) else {
                continue
            }
            guard random.chance(percent: deliveryPercent) else {
                packets.append(packet)
                continue
            }
            if random.chance(percent: 5) { packets.append(packet) }
            deliver(packet, to: to)
        }
        // A link holds only so much.
        if packets.count > 400 { packets.removeFirst(packets.count - 400) }
    }

    private mutating func deliver(_ packet: Packet, to position: Int) {
        let now = replicas[position].now
        var effects: [RaftEffect] = []
        switch packet {
        case .message(let message):
            replicas[position].group?.receive(message, now: now, into: &effects)
        case .snapshot(let metadata, _, _):
            let isTaken =
                replicas[position].group?.restore(metadata, now: now, into: &effects) ?? false
            if isTaken {
                replicas[position].appliedIndex = metadata.index
                report.snapshots += 1
            }
        }
        handle(effects, of: position)
    }

    private mutating func handle(_ effects: [RaftEffect], of position: Int) {
        for effect in effects {
            if effect.isPersist { replicas[position].writes.append(effect) }
            switch effect {
            case .send(let message):
                packets.append(.message(message))
                if case .voteResponse(let response) = message.body, response.isGranted {
                    failAt(position, percent: 10, isolates: false)
                }
            case .committed(let index):
                apply(through: index, at: position)
                if replicas[position].group?.role == .leader {
                    failAt(position, percent: 2, isolates: true)
                }
            case .becameLeader(let term):
                report.elections += 1
                if let group = replicas[position].group { checker.elected(group, term) }
                failAt(position, percent: 10, isolates: true)
            case .readsConfirmed(let round): serve(through: round, at: position)
            case .readsDropped:
                let id = replicas[position].id
                pendingReads.removeAll { $0.replica == id }
            case .needsSnapshot(let member): sendSnapshot(from: position, to: member)
            case .persistTruncation: report.truncations += 1
            case .persistCaughtUp: report.amnesiaEnds += 1
            case .persistHardState, .persistEntries, .persistSnapshot, .leaderChanged,
                .configurationChanged:
                break
            }
        }
    }

    private mutating func sendSnapshot(from position: Int, to member: Member) {
        guard let group = replicas[position].group,
            let metadata = group.snapshotMetadata(at: replicas[position].appliedIndex)
        else { return }
        packets.append(
            .snapshot(metadata, from: replicas[position].id, to: member.replica))
    }

    private mutating func apply(through index: LogIndex, at position: Int) {
        let id = replicas[position].id
        guard let group = replicas[position].group else { return }
        while replicas[position].appliedIndex < index {
            let next = replicas[position].appliedIndex.next
            guard let entry = group.entry(at: next) else {
                return checker.fail("\(id) has committed \(next) and doesn't hold it")
            }
            checker.applied(entry, by: id)
            replicas[position].appliedIndex = next
            for write in pendingWrites where write.replica == id && write.index == next {
                if write.term == entry.term {
                    checker.acknowledged(next, floor: write.floor)
                    report.writes += 1
                }
            }
            pendingWrites.removeAll { $0.replica == id && $0.index == next }
        }
    }

    // MARK: Clients

    private mutating func write() {
        guard let position = anyLeader() else { return }
        nextPayload += 1
        var payload: [UInt8] = []
        payload.append(littleEndian: nextPayload)
        var effects: [RaftEffect] = []
        let floor = checker.visibleIndex
        let now = replicas[position].now
        let index = replicas[position].group?.propose(
            payload, now: now, into: &effects)
        if let index, let term = replicas[position].group?.term {
            let id = replicas[position].id
            pendingWrites.append(
                PendingWrite(replica: id, index: index, term: term, floor: floor))
        }
        handle(effects, of: position)
    }

    /// One of the replicas that take themselves for leaders.
    private mutating func anyLeader() -> Int? {
        let leaders = replicas.indices.filter { replicas[$0].group?.role == .leader }
        return leaders.isEmpty ? nil : leaders[random.below(leaders.count)]
    }

    private mutating func read() {
        guard let position = anyLeader() else { return }
        var effects: [RaftEffect] = []
        let floor = checker.visibleIndex
        let now = replicas[position].now
        let permission = replicas[position].group?.requestRead(
            now: now, into: &effects)
        switch permission {
        case .now:
            report.leaseReads += 1
            finishRead(at: position, floor: floor)
        case .afterRound(let round):
            pendingReads.append(
                PendingRead(replica: replicas[position].id, round: round, floor: floor))
        case .notReady, .notLeader, nil: break
        }
        handle(effects, of: position)
    }

    private mutating func serve(through round: UInt64, at position: Int) {
        let id = replicas[position].id
        for read in pendingReads where read.replica == id && read.round <= round {
            finishRead(at: position, floor: read.floor)
        }
        pendingReads.removeAll { $0.replica == id && $0.round <= round }
    }

    private mutating func finishRead(at position: Int, floor: LogIndex) {
        guard let group = replicas[position].group,
            replicas[position].appliedIndex >= group.readFloor
        else { return }
        report.reads += 1
        checker.read(replicas[position].appliedIndex, floor: floor, by: replicas[position].id)
    }

    // MARK: Faults

    /// Crashes or cuts off a replica soon, at a moment that is worth it.
    private mutating func failAt(_ position: Int, percent: Int, isolates: Bool) {
        guard random.chance(percent: percent * failureFactor) else { return }
        if isolates, random.chance(percent: 70) {
            sides = Array(repeating: 0, count: Self.replicaCount)
            sides[position] = 1
        } else {
            doomed = position
        }
    }

    private mutating func disturb() {
        let position = random.below(replicas.count)
        switch random.below(12) {
        case 0: crash(position)
        case 1: if let leader = anyLeader() { crash(leader) }
        case 2: partition()
        case 3: compact(position)
        case 4, 5: configure()
        case 6, 7: transfer()
        case 8: deaf = position
        case 9, 10: compactAll()
        default: isolateLeader()
        }
    }

    private mutating func crash(_ position: Int) {
        guard replicas[position].group != nil else { return }
        let id = replicas[position].id
        report.crashes += 1
        replicas[position].crash()
        pendingWrites.removeAll { $0.replica == id }
        pendingReads.removeAll { $0.replica == id }
        if plan.isPeriodic, random.chance(percent: 50), mayLosePower() { cutPower(position) }
        if random.chance(percent: 50) { restart(position) }
    }

    private mutating func cutPower(_ position: Int) {
        report.powerCuts += 1
        replicas[position].bootID += 1
        replicas[position].disk.isAmnesiac = true
        let kept = max(
            synced[position],
            replicas[position].disk.entries.last { $0.kind != .command }?.index
                ?? .zero)
        replicas[position].disk.entries.removeAll { $0.index > kept }
    }

    /// Whether a majority of any configuration drawn here still keeps what it wrote.
    private func mayLosePower() -> Bool {
        !replicas.contains { $0.disk.isAmnesiac }
    }

    private mutating func restart(_ position: Int) {
        if plan.forgetsAmnesia { replicas[position].disk.isAmnesiac = false }
        replicas[position].start(initial: initial, settings: settings, seed: random.next())
    }

    private mutating func partition() {
        for position in sides.indices { sides[position] = random.below(2) }
    }

    private mutating func isolateLeader() {
        guard let leader = anyLeader() else { return }
        sides = Array(repeating: 0, count: Self.replicaCount)
        sides[leader] = 1
        if random.chance(percent: 50) { sides[random.below(Self.replicaCount)] = 1 }
    }

    /// Makes every replica that can forget what it has applied.
    private mutating func compactAll() {
        for position in replicas.indices { compact(position) }
    }

    private mutating func compact(_ position: Int) {
        guard let group = replicas[position].group,
            let metadata = group.snapshotMetadata(at: replicas[position].appliedIndex),
            metadata.index > replicas[position].disk.snapshot?.index ?? .zero,
            metadata.index <= replicas[position].disk.lastIndex
        else { return }
        // What is still on its way to disk may truncate, so wait for it.
        guard replicas[position].writes.isEmpty else { return }
        replicas[position].disk.write(.persistSnapshot(metadata))
        replicas[position].group?.forgetEntries(through: metadata.index)
    }

    private mutating func configure() {
        guard let leader = anyLeader() else { return }
        var numbers = Array(1...Self.replicaCount)
        random.shuffle(&numbers)
        // In periodic mode a power cut of one must stay a minority's.
        let least = plan.isPeriodic ? 3 : 1
        let count = least + random.below(Self.replicaCount + 1 - least)
        let voters = numbers.prefix(count).map(Self.member)
        let learners = numbers.dropFirst(count).prefix(random.below(3)).map(Self.member)
        var effects: [RaftEffect] = []
        let now = replicas[leader].now
        let isBegun = replicas[leader].group?.proposeConfiguration(
            voters: voters, learners: learners, now: now, into: &effects)
        if isBegun == true { report.configurations += 1 }
        handle(effects, of: leader)
    }

    private mutating func transfer() {
        guard let leader = anyLeader() else { return }
        let target = ReplicaID(UInt64(1 + random.below(Self.replicaCount)))
        var effects: [RaftEffect] = []
        let now = replicas[leader].now
        let isBegun = replicas[leader].group?.transferLeadership(
            to: target, now: now, into: &effects)
        if isBegun == true { report.transfers += 1 }
        if random.chance(percent: 50) { deaf = leader }
        handle(effects, of: leader)
    }
}

extension SeededGenerator {
    /// Fisher and Yates.
    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for position in elements.indices.reversed() where position > 0 {
            elements.swapAt(position, below(position + 1))
        }
    }
}
