package import Node
package import Primitives
import EventLoop

/// A running node: its loops' threads, from start to end.
package final class NodeRuntime: Sendable {
    package let nodeID: NodeID
    package let listeners: BoundAddresses

    private let state: RunState
    private let folder: DataFolder
    private let mailboxes: [Mailbox<ShellMail>]
    private let threads: [WorkerThread]

    private init(
        ready: Startup.Ready, listeners: BoundAddresses, state: RunState, folder: DataFolder,
        mailboxes: [Mailbox<ShellMail>], threads: [WorkerThread]
    ) {
        nodeID = ready.nodeID
        self.listeners = listeners
        self.state = state
        self.folder = folder
        self.mailboxes = mailboxes
        self.threads = threads
    }

    /// Opens the data folder and the listeners, recovers the journals and sets the loops going.
    ///
    /// - Parameter configuration: Of the node.
    /// - Returns: The node, which serves until ``run()`` returns.
    /// - Throws: ``StartError``; everything that was opened is closed again.
    package static func start(_ configuration: NodeConfiguration) throws(StartError)
        -> NodeRuntime
    {
        SignalWatcher.ignoreBrokenPipes()
        Heap.keepFreedMemory()
        let folder = try DataFolder(
            path: configuration.dataDirectory, journalCount: configuration.loopCount)
        if folder.journalCount == 1 { Heap.shareOneHeap() }
        if folder.journalCount != configuration.loopCount {
            configuration.log(
                .warning,
                "the data folder has \(folder.journalCount) journals, so there are as many loops; "
                    + "loops = \(configuration.loopCount) counts for new folders only")
        }
        let secret = ClusterSecret(configuration.secret ?? SystemRandom.bytes(32))
        let bootID: UInt64
        do throws(SystemError) {
            bootID = try SystemClock.bootID()
        } catch {
            throw .system(error)
        }
        let context = LoopContext(
            configuration: configuration, folder: folder, state: RunState(),
            linkKey: secret.linkKey, gossipSecret: secret, bootID: bootID,
            processID: SystemRandom.number(), crashRecorder: crashRecorder(configuration, folder))
        return try start(context)
    }

    /// Opens the file of crash marks. A node without it works, but can't tell an entry that ends it.
    private static func crashRecorder(
        _ configuration: NodeConfiguration, _ folder: DataFolder
    ) -> CrashRecorder? {
        do throws(SystemError) {
            return try CrashRecorder(
                folder.path + "/" + CrashMark.fileName,
                version: crc32c(Array(configuration.serverVersion.utf8).span))
        } catch {
            configuration.log(.warning, "crashes can't be recorded: \(error)")
            return nil
        }
    }

    private static func start(_ context: LoopContext) throws(StartError) -> NodeRuntime {
        let startup = Startup(loopCount: context.loopCount)
        var threads: [WorkerThread] = []
        do throws(StartError) {
            // Loop 0 knows the node's id, which the others need.
            threads.append(try thread(0, nodeID: nil, context, startup))
            let first = try startup.awaitReport(loop: 0)
            for index in 1..<max(context.loopCount, 1) {
                threads.append(try thread(index, nodeID: first.nodeID, context, startup))
            }
            var mailboxes: [Mailbox<ShellMail>] = []
            for index in 0..<context.loopCount {
                mailboxes.append(try startup.awaitReport(loop: index).mailbox)
            }
            guard let listeners = first.listeners else {
                preconditionFailure("loop 0 has opened no listeners")
            }
            startup.decide(mailboxes)
            return NodeRuntime(
                ready: first, listeners: listeners, state: context.state, folder: context.folder,
                mailboxes: mailboxes, threads: threads)
        } catch {
            startup.decide(nil)
            for thread in threads { thread.join() }
            throw error
        }
    }

    private static func thread(
        _ index: Int, nodeID: NodeID?, _ context: LoopContext, _ startup: Startup
    ) throws(StartError) -> WorkerThread {
        do throws(SystemError) {
            return try WorkerThread(name: "loop-\(index)") {
                LoopThread(context: context, index: index, nodeID: nodeID).run(startup)
            }
        } catch {
            throw .system(error)
        }
    }

    /// Waits until the node has ended. Call it once.
    package func run() -> ExitReason {
        for thread in threads { thread.join() }
        return state.exitReason ?? .requested
    }

    /// Ends the node cleanly; ``run()`` returns when that is done.
    package func requestStop() {
        state.end(.requested)
        mailboxes[0].post(.drain)
    }

    /// Calls `reply` on one of the node's threads with what this node knows of its cluster; never
    /// when the node has ended.
    package func status(_ reply: @escaping @Sendable (ClusterStatus) -> Void) {
        mailboxes[0].post(.status(reply))
    }

    /// Calls `reply` on one of the node's threads with what each of its loops counts; never when the node
    /// has ended.
    package func metrics(_ reply: @escaping @Sendable ([LoopReport]) -> Void) {
        let collector = ReportCollector(count: mailboxes.count, reply)
        for mailbox in mailboxes { mailbox.post(.metrics { collector.add($0) }) }
    }

    /// Brings an operator's wish to the leader of the directory.
    ///
    /// - Parameters:
    ///   - wish: What the cluster is to do.
    ///   - reply: Called on one of the node's threads with why it can't be, or with `nil` when it is on
    ///     its way; never when the node has ended.
    package func request(_ wish: ClusterWish, _ reply: @escaping @Sendable (String?) -> Void) {
        mailboxes[0].post(.request(wish, reply))
    }
}
