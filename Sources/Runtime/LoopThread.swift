import EventLoop
import Glibc
import Journal
import Node
import Primitives
import Topology

/// The life of one loop's thread.
struct LoopThread: Sendable {
    let context: LoopContext
    let index: Int
    /// `nil` on loop 0, which learns it from the identity file.
    let nodeID: NodeID?

    func run(_ startup: Startup) {
        do throws(StartError) {
            let loop = try refusing { () throws(SystemError) in try Loop() }
            defer { loop.close() }
            let shell = try makeShell(loop)
            let mailbox = try refusing { () throws(SystemError) in
                try Mailbox<ShellMail>(loop: loop) { shell.received($0) }
            }
            startup.report(
                .success(
                    Startup.Ready(
                        nodeID: shell.nodeID, mailbox: mailbox, listeners: shell.listeners?.bound)),
                loop: index)
            guard let mailboxes = startup.awaitDecision() else { return }
            serve(shell, mailboxes)
        } catch {
            startup.report(.failure(error), loop: index)
        }
    }

    private func serve(_ shell: LoopShell, _ mailboxes: [Mailbox<ShellMail>]) {
        do throws(SystemError) {
            if index == 0 {
                try shell.home?.startDisk()
                if context.configuration.handlesSignals { try watchSignals(shell.loop, mailboxes) }
            }
            try unsafe context.crashRecorder?.watch(shell.core.applyMark.address)
            defer { context.crashRecorder?.unwatch() }
            try shell.start(mailboxes: mailboxes)
            shell.loop.run()
        } catch {
            context.log(.error, "\(error)")
            context.state.end(.stopped(.unusable("\(error)")))
        }
        // One loop that ends ends all of them, unless they end by themselves just as cleanly.
        if !shell.isStopping { for mailbox in mailboxes { mailbox.post(.abandon) } }
        shell.finish()
    }

    private func watchSignals(_ loop: Loop, _ mailboxes: [Mailbox<ShellMail>]) throws(SystemError) {
        for signal in [SIGTERM, SIGINT] {
            _ = try SignalWatcher(loop: loop, signal: signal) { [context] signal in
                // Whoever asks twice doesn't want to wait.
                if context.state.exitReason == nil {
                    context.state.end(.signal(signal))
                    mailboxes[0].post(.drain)
                } else {
                    for mailbox in mailboxes { mailbox.post(.abandon) }
                }
            }
        }
    }

    // MARK: Making the shell

    private func makeShell(_ loop: Loop) throws(StartError) -> LoopShell {
        let now = SystemClock.now()
        let shellReference = ShellReference()
        var listeners: Listeners?
        var home: HomeCore?
        var nodeID = nodeID
        if index == 0 {
            let opened = try Listeners(
                loop: loop, configuration: context.configuration,
                accept: { shellReference.shell?.accepted($0, $1) },
                receive: { shellReference.shell?.home?.received(packet: $0, from: $1) })
            let core = try makeHome(opened, now: now)
            nodeID = core.nodeID
            home = consume core
            listeners = opened
        }
        guard let nodeID else { preconditionFailure("loop \(index) has no node id") }
        let journal = JournalFolder(
            path: context.folder.journalPath(index),
            zeros: context.configuration.durability == .periodic ? .setAside : .written)
        let core = try makeCore(nodeID, journal, now: now)
        let shell = LoopShell(
            context: context, index: index, nodeID: nodeID, loop: loop, journal: journal,
            core: core)
        shellReference.shell = shell
        shell.listeners = listeners
        if let home = consume home {
            shell.cluster = home.clusterID
            let homeShell = HomeShell(shell: shell, core: home)
            shell.home = homeShell
            do throws(SystemError) {
                try homeShell.start(now: now)
            } catch {
                throw .folderUnusable(path: context.folder.path, error)
            }
        }
        return shell
    }

    /// Lets the listeners be opened before the shell is made. Confined to the loop.
    private final class ShellReference { weak var shell: LoopShell? }

    private func makeHome(_ listeners: Listeners, now: Moment) throws(StartError) -> HomeCore {
        let configuration = context.configuration
        var settings = HomeSettings(
            clusterName: configuration.clusterName, seeds: configuration.seeds,
            addresses: listeners.advertised(configuration.advertised))
        settings.shardCount = configuration.shardCount
        settings.replicationFactor = configuration.replicaCount
        settings.loopCount = context.loopCount
        do throws(IdentityError) {
            return try HomeCore(
                settings: settings, identity: context.folder.identity,
                newNodeID: NodeID(max(SystemRandom.number(), 1)),
                processSeed: context.processID, seed: SystemRandom.number(),
                sealer: GossipSealer(secret: context.gossipSecret) {
                    SystemRandom.bytes(GossipSealer.saltByteCount)
                }, now: now)
        } catch {
            let path = context.folder.path
            switch error {
            case .damaged: throw .corrupt(path: path, "\(error)")
            case .newerVersion: throw .newerFormat(path: path, "\(error)")
            case .otherCluster: throw .identity(path: path, "\(error)")
            }
        }
    }

    private func makeCore(_ nodeID: NodeID, _ journal: JournalFolder, now: Moment)
        throws(StartError) -> LoopCore
    {
        let configuration = context.configuration
        let path = context.folder.journalPath(index)
        var settings = LoopSettings(
            nodeID: nodeID,
            journal: JournalSettings(
                segmentByteCount: configuration.segmentByteCount,
                durability: configuration.durability))
        settings.loopIndex = index
        settings.loopCount = context.loopCount
        settings.durability = configuration.durability
        settings.plainDatabaseZero = configuration.plainDatabaseZero
        settings.raft = configuration.raft
        settings.requestLimits = configuration.requestLimits
        settings.queryBufferByteCount = configuration.queryBufferByteCount
        settings.maxWriteByteCount = configuration.maxWriteByteCount
        settings.outputPauseByteCount = configuration.outputPauseByteCount
        settings.outputCloseByteCount = configuration.outputCloseByteCount
        settings.outputCloseMilliseconds = configuration.outputCloseMilliseconds
        settings.cacheByteCount = configuration.entryCacheByteCount
        settings.snapshotLogByteCount = configuration.snapshotLogByteCount
        settings.snapshotTransferByteCount =
            configuration.snapshotTransferByteCount / context.loopCount
        settings.stateCheckMilliseconds = configuration.stateCheckMilliseconds
        settings.allowsDebug = configuration.allowsDebug
        settings.password = configuration.password
        settings.serverVersion = configuration.serverVersion
        settings.host = .current()
        settings.stopwatch = { SystemClock.monotonicNanoseconds() }
        let recovery: Journal.Recovery
        do throws(JournalError) {
            recovery = try Journal.recover(
                from: journal, settings: settings.journal,
                mustHaveHead: context.folder.identity != nil, bootID: context.bootID,
                seed: SystemRandom.number(), now: now)
        } catch {
            switch error {
            case .newerFormat: throw .newerFormat(path: path, "\(error)")
            default: throw .corrupt(path: path, "\(error)")
            }
        }
        do throws(LoopStartFailure) {
            return try LoopCore(
                settings: settings, recovery: recovery, disk: journal,
                crashes: context.crashRecorder?.marks ?? [], bootID: context.bootID,
                seed: SystemRandom.number(), now: now)
        } catch {
            switch error {
            case .unreadableSnapshot(let group, let what):
                throw .corrupt(path: path, "the snapshot of group \(group) can't be read: \(what)")
            case .newerSnapshot(let group, let file):
                throw .newerFormat(path: path, "\(file), the snapshot of group \(group)")
            }
        }
    }

    private func refusing<Value>(_ body: () throws(SystemError) -> Value) throws(StartError)
        -> Value
    {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .system(error)
        }
    }
}
