import EventLoop
import Journal
import Node
import Primitives

/// One loop of a node: carries bytes and requests between a loop core and the world.
///
/// Confined to its thread. Events call the core; at the end of each turn its effects are carried
/// out. No callback of EventLoop's comes while the core is being changed.
final class LoopShell {
    /// What the disk thread is given; only requests have an outcome.
    enum DiskWork: Sendable {
        case request(DiskRequest)
        case tellDisk
    }

    let context: LoopContext
    let index: Int
    let nodeID: NodeID
    let loop: Loop
    let journal: JournalFolder
    var core: LoopCore
    var home: HomeShell?
    var listeners: Listeners?
    var mailboxes: [Mailbox<ShellMail>] = []

    // Clients and peers.
    var clients: [Client?] = []
    var cluster: ClusterID?
    var links: [OutgoingLink] = []
    var incoming: [IncomingLink] = []
    private var failures = FailureLog()
    private var nextLoop = 0

    // Disk.
    private(set) var disk: DiskThread<DiskWork, DiskOutcome?>?
    private var snapshots: DiskThread<SnapshotRequest, SnapshotOutcome>?
    /// What came of segments that were to be made.
    private var segments: Mailbox<DiskOutcome>?
    /// Whether something was told to the core since its turn ended.
    var needsEndOfTurn = true
    /// Empty, with room for the next turn's.
    private var spareEffects: [LoopEffect] = []

    private var meter = TurnMeter()
    /// On a node's only loop, whose heap is that of all threads.
    private var hugePages: HugePages?
    private var tickCount = 0
    /// Since when this node hands over what it leads, in order to stop; on loop 0.
    private var drainingSince: Instant?
    /// Since when this loop parts with its clients, and whether it has.
    private var partingSince: Instant?
    private var hasParted = false
    /// Loops that have not parted with their clients; on loop 0.
    private var partingLoopCount: Int
    private(set) var isStopping = false

    static let tickMilliseconds = 10
    private static let homeTicks = 5
    private static let usageTicks = 100
    /// Rounds of effects in one turn before other events get theirs.
    private static let roundLimit = 16
    private static let inlineWriteByteCount = 256 << 10

    init(
        context: LoopContext, index: Int, nodeID: NodeID, loop: Loop, journal: JournalFolder,
        core: consuming LoopCore
    ) {
        self.context = context
        self.index = index
        self.nodeID = nodeID
        self.loop = loop
        self.journal = journal
        hugePages = context.loopCount == 1 ? HugePages() : nil
        self.core = core
        partingLoopCount = context.loopCount
    }

    /// Starts the disk threads, the clock and the core.
    func start(mailboxes: [Mailbox<ShellMail>]) throws(SystemError) {
        self.mailboxes = mailboxes
        let journal = journal
        disk = try DiskThread(
            name: "disk-\(index)", loop: loop,
            perform: { work in
                switch work {
                case .request(let request):
                    let outcome = journal.perform(request)
                    if journal.isTellingDue { journal.tellDisk() }
                    return outcome
                case .tellDisk:
                    journal.tellDisk()
                    return nil
                }
            },
            completed: { [unowned self] outcomes in
                let now = SystemClock.now()
                for case let outcome? in outcomes {
                    needsEndOfTurn = true
                    core.diskCompleted(outcome, now: now)
                }
            })
        let segments = try Mailbox<DiskOutcome>(loop: loop) { [unowned self] outcomes in
            let now = SystemClock.now()
            needsEndOfTurn = true
            for outcome in outcomes { core.segmentMade(outcome, now: now) }
        }
        self.segments = segments
        journal.whenSegmentMade { segments.post($0) }
        let folder = SnapshotFolder(path: journal.path)
        snapshots = try DiskThread(
            name: "snapshots-\(index)", loop: loop, isInBackground: true,
            perform: { folder.perform($0) },
            completed: { [unowned self] outcomes in
                let now = SystemClock.now()
                needsEndOfTurn = true
                for outcome in outcomes { core.snapshotCompleted(outcome, now: now) }
            })
        try loop.atEndOfTurn { [unowned self] in endTurn() }
        let timer = LoopTimer(loop: loop)
        timer.start(
            milliseconds: Self.tickMilliseconds, repeatMilliseconds: Self.tickMilliseconds
        ) { [unowned self] in tick() }
        let now = SystemClock.now()
        core.start(now: now)
    }

    /// Ends the disk threads; the loop doesn't run any more.
    func finish() {
        home?.finish()
        disk?.finish()
        snapshots?.finish()
        journal.finish()
        segments?.close()
    }

    // MARK: Events

    private func tick() {
        let now = SystemClock.now()
        needsEndOfTurn = true
        hugePages?.extend()
        core.tick(now: now)
        for link in links { link.tick(now: now.boot) }
        for link in incoming { link.tick(now: now.boot) }
        if tickCount % Self.usageTicks == 0, let usage = ProcessUsage.current() {
            core.processMeasured(usage)
        }
        tickCount += 1
        if tickCount % Self.homeTicks == 0 { home?.tick(now: now) }
        continueDraining(now: now)
        continueParting(now: now)
    }

    func received(_ mail: [ShellMail]) {
        let now = SystemClock.now()
        needsEndOfTurn = true
        for message in mail {
            switch message {
            case .core(let message, let sender, .home):
                home?.received(message, from: sender, now: now)
            case .core(let message, let sender, .loop): deliver(message, from: sender, now: now)
            case .client(let descriptor, let kind):
                if let connection = try? TCPConnection(loop: loop, descriptor: descriptor) {
                    serve(connection, kind, now: now)
                }
            case .peer(let descriptor):
                if let connection = try? TCPConnection(loop: loop, descriptor: descriptor) {
                    accept(peer: connection, now: now)
                }
            case .homeFrame(let node, let body):
                home?.received(frame: body, from: node, now: now)
            case .links(let peers): keepLinks(to: peers)
            case .drain: drain(now: now)
            case .part: part(now: now)
            case .parted: loopParted(now: now)
            case .stop: stop(now: now)
            case .abandon: loop.stop()
            case .status(let reply): home?.status(reply, now: now)
            case .request(let wish, let reply): reply(home?.request(wish))
            case .metrics(let reply): reply(core.metrics())
            case .wake: break
            }
        }
    }

    /// A message for this loop's core.
    func deliver(_ message: CoreMessage, from sender: CoreID, now: Moment) {
        if case .cluster(let id) = message { cluster = id }
        needsEndOfTurn = true
        core.received(message, from: sender, now: now)
    }

    /// A socket of one of the listeners, on loop 0: it goes to each loop in turn.
    func accepted(_ connection: TCPConnection, _ kind: ListenerKind?) {
        guard !isStopping, partingSince == nil else { return connection.close() }
        let target = nextLoop
        nextLoop = (nextLoop + 1) % context.loopCount
        if target == index {
            let now = SystemClock.now()
            if let kind {
                serve(connection, kind, now: now)
            } else {
                accept(peer: connection, now: now)
            }
        } else if let descriptor = connection.handOver() {
            mailboxes[target].post(
                kind.map { .client(descriptor: descriptor, $0) } ?? .peer(descriptor: descriptor))
        }
    }

    // MARK: End of a turn

    private func endTurn() {
        let now = SystemClock.now()
        var round = 0
        while round < Self.roundLimit {
            round += 1
            if needsEndOfTurn {
                needsEndOfTurn = false
                core.endTurn(now: now)
            }
            var effects: [LoopEffect] = []
            swap(&effects, &spareEffects)
            core.takeEffects(into: &effects)
            let isQuiet = effects.isEmpty
            for effect in effects { carryOut(effect, now: now) }
            effects.removeAll(keepingCapacity: true)
            swap(&effects, &spareEffects)
            let isHomeQuiet = home?.carryOutEffects(now: now) ?? true
            if isQuiet, isHomeQuiet, !needsEndOfTurn { break }
        }
        if round == Self.roundLimit { mailboxes[index].post(.wake) }
        for link in links { link.flush() }
        if let took = meter.turnEnded(on: loop) {
            core.noteTurn(nanoseconds: took.time, processorNanoseconds: took.processor)
        }
        if isStopping, core.hasStopped, disk?.outstandingCount == 0 { loop.stop() }
    }

    private func carryOut(_ effect: LoopEffect, now: Moment) {
        switch effect {
        case .clientOutput(let id): flush(id)
        case .closeClient(let id): closeWhenFlushed(id)
        case .dropClient(let id): dropClient(id)
        case .pauseClient(let id): client(id)?.connection.pause()
        case .resumeClient(let id): resume(id)
        case .frame(let node, let frame, let kind): send(frame, to: node, kind)
        case .disk(let request): perform(request, now: now)
        case .snapshot(let request): snapshots?.submit(request)
        case .post(let message, let target): post(message, to: target, now: now)
        case .log(let level, let text): context.log(level, text)
        case .stop(let reason): abandon(.stopped(reason))
        }
    }

    /// In periodic mode a plain write is only a copy into the page cache: while the disk thread has
    /// nothing to do it is made here, which saves two hops and keeps the order. The disk is told of it there,
    /// where it may wait.
    private func perform(_ request: DiskRequest, now: Moment) {
        guard let disk else { return }
        if case .write(_, _, let bytes, sync: false) = request,
            context.configuration.durability == .periodic, disk.outstandingCount == 0,
            bytes.count <= Self.inlineWriteByteCount
        {
            needsEndOfTurn = true
            core.diskCompleted(journal.perform(request), now: now)
            if journal.isTellingDue { disk.submit(.tellDisk) }
        } else {
            disk.submit(.request(request))
        }
    }

    private func post(_ message: CoreMessage, to target: CoreID, now: Moment) {
        switch target {
        case .home:
            if let home {
                home.received(message, from: .loop(index), now: now)
            } else {
                mailboxes[0].post(.core(message, from: .loop(index), to: .home))
            }
        case .loop(let number):
            // Also to itself: it comes in the next turn, after other events.
            guard mailboxes.indices.contains(number) else { return }
            mailboxes[number].post(.core(message, from: .loop(index), to: target))
        }
    }

    // MARK: End

    /// Ends the whole node at once.
    func abandon(_ reason: ExitReason) {
        context.state.end(reason)
        for mailbox in mailboxes { mailbox.post(.abandon) }
    }

    /// Takes no new clients and hands leaderships over; ``continueDraining(now:)`` stops the loops.
    private func drain(now: Moment) {
        guard drainingSince == nil else { return }
        drainingSince = now.boot
        home?.beginDraining(now: now)
        continueDraining(now: now)
    }

    private func continueDraining(now: Moment) {
        guard let drainingSince, let home, partingSince == nil,
            home.isDrained
                || now.boot.milliseconds(since: drainingSince) >= Self.drainMilliseconds
        else { return }
        listeners?.close()
        for mailbox in mailboxes.dropFirst() { mailbox.post(.part) }
        part(now: now)
    }

    /// Takes nothing more from clients, and closes each connection once all that it asked for is answered.
    /// What a client sends from here on is not read by the core, so it is certainly not done.
    private func part(now: Moment) {
        guard partingSince == nil else { return }
        partingSince = now.boot
        for case let client? in clients { client.connection.pause() }
        continueParting(now: now)
    }

    private func continueParting(now: Moment) {
        guard let partingSince, !hasParted else { return }
        let waited = now.boot.milliseconds(since: partingSince)
        var isDone = true
        for case let client? in clients {
            if client.finishedAt == nil,
                core.owesNothing(client.id) && !client.connection.isFlushing
                    || waited >= Self.answerMilliseconds
            {
                client.finishedAt = now.boot
                client.connection.finish()
            }
            // A client that closes its end has seen all that it will see.
            let lingered = client.finishedAt.map { now.boot.milliseconds(since: $0) } ?? 0
            if lingered < Self.lingerMilliseconds { isDone = false }
        }
        guard isDone else { return }
        hasParted = true
        if index == 0 { loopParted(now: now) } else { mailboxes[0].post(.parted) }
    }

    /// Ends all loops once none has clients: until then they need each other's shards.
    private func loopParted(now: Moment) {
        partingLoopCount -= 1
        guard partingLoopCount == 0 else { return }
        for mailbox in mailboxes.dropFirst() { mailbox.post(.stop) }
        stop(now: now)
    }

    private func stop(now: Moment) {
        guard !isStopping else { return }
        isStopping = true
        for link in incoming { link.close() }
        incoming = []
        core.stop(now: now)
        let timer = LoopTimer(loop: loop)
        timer.start(milliseconds: Self.stopMilliseconds) { [unowned self] in
            context.state.worsen(to: .stopTimedOut)
            loop.stop()
        }
    }

    private static let drainMilliseconds = 3000
    /// How long what clients have asked for may take.
    private static let answerMilliseconds = 3000
    /// How long a connection is kept after its end was sent, for clients that are still sending: closing it
    /// then would destroy replies that they have not read.
    private static let lingerMilliseconds = 300
    private static let stopMilliseconds = 5000

    /// Whether nothing is taken from clients any more.
    var isParting: Bool { partingSince != nil }

    // MARK: Peers

    /// Says what failed, unless it said so a short while ago.
    func linkFailed(_ subject: String, _ what: String, now: Instant) {
        guard let text = failures.text(about: subject, what, now: now) else { return }
        context.log(.warning, text)
    }
}
