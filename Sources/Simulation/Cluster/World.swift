import Journal
import Node
import Primitives
import Topology

/// A whole cluster in virtual time: machines, network, clients, what goes wrong, and the checkers.
///
/// Everything that happens is an event in one queue, and everything random is drawn from one seed,
/// so that a seed is one history.
final class World {
    let plan: SimulationPlan
    let bug: PlantedBug?
    var random: SeededGenerator
    var queue = EventQueue<WorldEvent>()
    var trace: Trace

    var nodes: [SimulatedNode] = []
    var paths: Paths
    var streams: Streams<WorldPayload>
    /// What each stream is for, by its index.
    var purposes: [StreamPurpose?] = []

    var workload: Workload
    /// The stream of each client, by client.
    var clientStreams: [StreamID?]

    // What is known of the cluster from its own reports.
    var directory = DirectoryState()
    var leaders = SortedMap<GroupID, KnownLeader>()
    /// What the newest leader of each group said last.
    var leaderStatuses = SortedMap<GroupID, GroupStatus>()
    var loss: Loss?
    /// Replicas that were seen to be quarantined, or told to be.
    var quarantined: [HostedReplica] = []
    /// Groups of which a replica was spoilt: any of theirs may be found to differ from then on.
    var spoiltGroups: [GroupID] = []
    /// Whether the next snapshot that is read for a follower rots.
    var rotsNextSnapshot = false

    // Checkers.
    var canonical = CanonicalHistory()
    var promises = PromiseHistory()
    var majorities = MajorityHistory()
    var stamps = StampHistory()
    var directories: DirectoryHistory
    var violations: [String] = []
    var marks = Marks()
    /// Stretches of time in which the durability mode allows acknowledged writes to be lost.
    var allowedLosses: [ClosedRange<UInt64>] = []
    /// When all machines of a majority booted with wall clocks that had been stepped.
    var clockLosses: [UInt64] = []
    var wallStepped = false

    /// When the cluster was formed.
    var formedAt: UInt64?
    var burstUntil: UInt64 = 0
    /// Until then clients only read, whatever else begins.
    var readingUntil: UInt64 = 0
    /// No disk finishes a write before the next reboot.
    var areDisksStalled = false
    var isHealed = false
    private var stormSecond: UInt64 = 0
    private var stormEventCount = 0
    /// More events than this in a virtual second are no work; some thousands are usual.
    private static let stormLimit = 150_000

    init(plan: SimulationPlan, bug: PlantedBug?, traceCapacity: Int) {
        self.plan = plan
        self.bug = bug
        // What the plan draws and what the run draws must not be the same numbers.
        random = SeededGenerator(seed: plan.seed ^ 0x4D41_5254_4C45_5400)
        trace = Trace(capacity: traceCapacity)
        let hostCount = plan.nodeCount + SimulationPlan.clientCount
        paths = Paths(hostCount: hostCount, weather: plan.weather, seed: random.next())
        streams = Streams(seed: random.next())
        directories = DirectoryHistory(nodeCount: plan.nodeCount)
        clientStreams = Array(repeating: nil, count: SimulationPlan.clientCount)
        var clientAddresses: [Address] = []
        for index in 0..<plan.nodeCount {
            let host = "10.0.0.\(index + 1)"
            let clientAddress = Address(host: host, port: 7000)
            clientAddresses.append(clientAddress)
            var disks: [VirtualDisk] = []
            for _ in 0...plan.loopCount {
                var disk = VirtualDisk(speed: plan.diskSpeed, seed: random.next())
                disk.failureMarker = JournalFile.suspect.name
                disks.append(disk)
            }
            nodes.append(
                SimulatedNode(
                    index: index, address: Address(host: host, port: 17000),
                    clientAddress: clientAddress,
                    clock: VirtualClock(
                        driftPartsPerMillion: plan.driftPartsPerMillion[index],
                        wallOffsetMilliseconds: plan.wallOffsetMilliseconds[index],
                        bootID: random.next()),
                    disks: disks))
        }
        workload = Workload(
            clientCount: SimulationPlan.clientCount, nodes: clientAddresses, activeCount: 8,
            plainDatabaseZero: plan.plainDatabaseZero, seed: random.next())
    }

    var now: UInt64 { queue.now }

    func moment(_ node: Int) -> Moment { nodes[node].clock.moment(at: now) }

    /// The process that `life` names, unless it is over.
    func process(_ life: NodeLife) -> SimulatedProcess? {
        nodes[life.node].life == life.life ? nodes[life.node].process : nil
    }

    func life(of node: Int) -> NodeLife { NodeLife(node: node, life: nodes[node].life) }

    func violate(_ what: String) {
        trace.record(.fault, at: now, host: 0, text: "VIOLATION \(what)")
        violations.append(what)
    }

    func schedule(_ event: WorldEvent, after nanoseconds: UInt64) {
        queue.schedule(event, after: nanoseconds)
    }

    // MARK: Running

    /// Runs until virtual time `limit`, or until a checker has found something.
    func run(until limit: UInt64) {
        while violations.isEmpty, let time = queue.nextTime, time <= limit {
            guard let event = queue.next() else { return }
            handle(event)
            watchForStorms()
        }
    }

    /// Nodes that answer each other without end do no work and leave none for others.
    private func watchForStorms() {
        let second = now / .seconds(1)
        if second != stormSecond {
            stormSecond = second
            stormEventCount = 0
        }
        stormEventCount += 1
        if stormEventCount == Self.stormLimit {
            violate("\(Self.stormLimit) events in one second: nodes keep answering each other")
        }
    }

    func handle(_ event: WorldEvent) {
        if let node = node(of: event), nodes[node].isPaused {
            // A socket's buffer holds only so much; what is beyond is as lost as on the way.
            if case .datagram = event, nodes[node].deferred.count > 400 { return }
            nodes[node].deferred.append(event)
            return
        }
        switch event {
        case .tick(let life, let loop): tick(life, loop)
        case .homeTick(let life): tickHome(life)
        case .endTurn(let life, let loop): endTurn(life, loop)
        case .post(let life, let message, let sender, let receiver):
            deliver(message, life, from: sender, to: receiver)
        case .diskDone(let life, let disk): finishDisk(life, disk)
        case .stream(.arrival(let id, let end)): arrive(id, end)
        case .stream(.close(let id, let end)): closeArrives(id, end)
        case .datagram(let sender, let receiver, let bytes):
            receiveDatagram(bytes, from: sender, to: receiver)
        case .dial(let life, let link): dial(life, link)
        case .handshake(let life, let link, let attempt): shakeHands(life, link, attempt)
        case .accept(let client, let node, let listener, let id):
            accept(client: client, node: node, listener, id)
        case .clientConnected(let client, let id): clientConnected(client, id)
        case .clientRefused(let client, let id): clientRefused(client, id)
        case .writable(let life, let loop, let id): pump(life, loop, id)
        case .clientWake(let client, let token): wake(client, token)
        case .start(let node): startProcess(node)
        case .fault(let number): begin(plan.faults[number].kind)
        case .step(let step): perform(step)
        case .errand: runErrand()
        case .supervise: supervise()
        }
    }

    /// The node whose process must run for the event to be handled.
    private func node(of event: WorldEvent) -> Int? {
        switch event {
        case .tick(let life, _), .homeTick(let life), .endTurn(let life, _),
            .post(let life, _, _, _), .diskDone(let life, _), .dial(let life, _),
            .writable(let life, _, _):
            life.node
        case .stream(.arrival(let id, let end)), .stream(.close(let id, let end)):
            streams.host(id, end).flatMap { $0 < nodes.count ? $0 : nil }
        case .datagram(_, let receiver, _): receiver
        case .accept(_, let node, _, _): node
        case .handshake, .clientConnected, .clientRefused, .clientWake, .start, .fault, .step,
            .errand, .supervise:
            nil
        }
    }

    // MARK: Cores

    /// Lets something happen in a loop core, in a turn that ends a little later.
    func withLoop(
        _ life: NodeLife, _ loop: Int, _ body: (inout LoopCore, Moment) -> Void
    ) {
        guard let host = process(life)?.loops[loop] else { return }
        body(&host.core, moment(life.node))
        guard !host.isTurnOpen else { return }
        host.isTurnOpen = true
        schedule(.endTurn(life, loop: loop), after: random.time(in: 0...(.microseconds(60))))
    }

    /// Lets something happen in a home core, and does what it asks for.
    func withHome(
        _ life: NodeLife, _ body: (inout HomeCore, Moment, inout [HomeEffect]) -> Void
    ) {
        guard let process = process(life) else { return }
        var effects: [HomeEffect] = []
        body(&process.home.core, moment(life.node), &effects)
        for effect in effects { perform(effect, life) }
    }

    private func tick(_ life: NodeLife, _ loop: Int) {
        guard process(life) != nil else { return }
        trace.record(.tick, at: now, host: life.node, UInt64(loop))
        withLoop(life, loop) { core, moment in core.tick(now: moment) }
        schedule(.tick(life, loop: loop), after: .milliseconds(10))
    }

    private func tickHome(_ life: NodeLife) {
        guard process(life) != nil else { return }
        withHome(life) { core, moment, effects in core.tick(now: moment, into: &effects) }
        schedule(.homeTick(life), after: .milliseconds(50))
    }

    private func endTurn(_ life: NodeLife, _ loop: Int) {
        guard let host = process(life)?.loops[loop] else { return }
        trace.record(.turn, at: now, host: life.node, UInt64(loop))
        host.core.endTurn(now: moment(life.node))
        host.isTurnOpen = false
        drain(host, life, loop)
    }

    func drain(_ host: LoopHost, _ life: NodeLife, _ loop: Int) {
        while process(life) != nil {
            let effects = host.core.takeEffects()
            if effects.isEmpty { break }
            for effect in effects { perform(effect, life, loop) }
        }
        check(host, life)
    }

    private func deliver(
        _ message: CoreMessage, _ life: NodeLife, from sender: CoreID, to receiver: CoreID
    ) {
        switch receiver {
        case .home:
            withHome(life) { core, moment, effects in
                core.received(message, from: sender, now: moment, into: &effects)
            }
        case .loop(let loop):
            withLoop(life, loop) { core, moment in
                core.received(message, from: sender, now: moment)
            }
        }
    }

    // MARK: Effects

    private func perform(_ effect: LoopEffect, _ life: NodeLife, _ loop: Int) {
        guard process(life) != nil else { return }
        switch effect {
        case .clientOutput(let id): pump(life, loop, id)
        case .closeClient(let id), .dropClient(let id): closeByServer(life, loop, id)
        case .pauseClient(let id): setPaused(true, life, loop, id)
        case .resumeClient(let id): setPaused(false, life, loop, id)
        case .frame(let node, let frame, let kind): send(frame, to: node, kind, life, loop)
        case .disk(let request): submit(DiskOperation(request), life, disk: loop)
        case .snapshot(let request): submit(DiskOperation(request), life, disk: loop)
        case .post(let message, let receiver):
            hear(message, life)
            schedule(
                .post(life, message, from: .loop(loop), to: receiver), after: .microseconds(5))
        case .log(let level, let text): log(level, text, life)
        case .stop(let reason): stop(reason, life)
        }
    }

    private func perform(_ effect: HomeEffect, _ life: NodeLife) {
        guard let process = process(life) else { return }
        switch effect {
        case .datagram(let address, let bytes): sendDatagram(bytes, to: address, life)
        case .frame(let node, let frame): send(frame, to: node, .consensus, life, 0)
        case .links(let links): keep(links, process, life)
        case .persistIdentity(let bytes):
            submit(
                .replace(name: SimulatedNode.identityFile, bytes: bytes), life,
                disk: nodes[life.node].identityDisk)
        case .post(let message, let receiver):
            schedule(.post(life, message, from: .home, to: receiver), after: .microseconds(5))
        case .log(let level, let text): log(level, text, life)
        case .stop(let reason): stop(reason, life)
        }
    }

    func log(_ level: LogLevel, _ text: String, _ life: NodeLife) {
        trace.record(.log, at: now, host: life.node, UInt64(level.rawValue), text: text)
    }

    // MARK: Disks

    private func submit(_ operation: DiskOperation, _ life: NodeLife, disk: Int) {
        if case .rename = operation { marks.recycledSegments += 1 }
        nodes[life.node].disks[disk].submit(operation)
        beginDisk(life, disk)
    }

    func beginDisk(_ life: NodeLife, _ disk: Int) {
        guard let duration = nodes[life.node].disks[disk].begin() else { return }
        schedule(.diskDone(life, disk: disk), after: duration)
    }

    private func finishDisk(_ life: NodeLife, _ disk: Int) {
        guard process(life) != nil else { return }
        let operation = nodes[life.node].disks[disk].current
        let (isFull, used) = (
            nodes[life.node].disks[disk].isFull, nodes[life.node].disks[disk].reserveUsedByteCount
        )
        let result = nodes[life.node].disks[disk].finish(now: now)
        if nodes[life.node].disks[disk].reserveUsedByteCount > used { marks.reserveUses += 1 }
        if isFull, result == .done, case .create(_, 1...)? = operation {
            marks.makeshiftSegments += 1
        }
        trace.record(
            .disk, at: now, host: life.node, UInt64(disk), UInt64(result == .done ? 0 : 1),
            detail: operation?.summary)
        if disk == nodes[life.node].identityDisk {
            withHome(life) { core, moment, effects in
                core.identityPersisted(now: moment, into: &effects)
            }
        } else if let operation, operation.isForSnapshots {
            if case .read(let name, _, _) = operation { rotWhatIsRead(name, on: life, disk) }
            let outcome = snapshotOutcome(of: operation, result, nodes[life.node].disks[disk])
            withLoop(life, disk) { core, moment in
                core.snapshotCompleted(outcome, now: moment)
            }
        } else {
            finishJournal(operation, result, life, disk)
        }
        beginDisk(life, disk)
    }

    private func snapshotOutcome(
        of operation: DiskOperation, _ result: DiskResult, _ disk: VirtualDisk
    ) -> SnapshotOutcome {
        switch result {
        case .full: return .full(code: 28, operation: "write")
        case .failed: return .failed(code: 5, operation: "fsync")
        case .reserved(let byteCount): return .reserved(byteCount: byteCount)
        case .done:
            guard case .read(let name, let offset, let byteCount) = operation else { return .done }
            return .bytes(
                disk.read(name).map { Array($0.dropFirst(offset).prefix(byteCount)) })
        }
    }

    private func finishJournal(
        _ operation: DiskOperation?, _ result: DiskResult, _ life: NodeLife, _ disk: Int
    ) {
        let outcome: DiskOutcome =
            switch result {
            case .done, .reserved: .done
            case .full: .full(code: 28, operation: "write")
            case .failed: .failed(code: 5, operation: "fdatasync")
            }
        withLoop(life, disk) { core, moment in
            // A segment that is not there is no failure of what asked for it.
            guard case .create? = operation, result != .failed else {
                return core.diskCompleted(outcome, now: moment)
            }
            core.diskCompleted(.done, now: moment)
            core.segmentMade(outcome, now: moment)
        }
    }
}
