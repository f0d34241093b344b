import ArgumentParser
import Settings

/// `martlet local …`: a cluster of processes on this machine, to try and to test with.
struct LocalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local",
        abstract: "Run a cluster of processes on this machine.",
        discussion: """
            Each node is a `martlet serve` process of its own, detached, with its folder, ports and \
            log file under --dir. Node i of base port P listens on cluster P+i-1, admin P+79+i, \
            peer P+9999+i.
            """,
        subcommands: [
            Start.self, Status.self, Kill.self, Pause.self, Resume.self, Restart.self, Stop.self,
        ])

    struct FolderOptions: ParsableArguments {
        @Option(help: "The cluster's folder.")
        var dir: String

        @Flag(help: "Write JSON and nothing else.")
        var json = false

        func show(_ report: LocalReport) throws {
            if json {
                try Console.printJSON(report)
            } else {
                Console.print(report.text)
            }
        }

        /// Runs one verb on the cluster, and shows how it stands then.
        func change(_ body: (inout LocalCluster) throws -> Void) throws {
            try reportingFailures {
                var cluster = try LocalCluster(existing: dir)
                try body(&cluster)
                try show(cluster.report)
            }
        }
    }

    struct NodeOptions: ParsableArguments {
        @Argument(help: "The node's number, from 1.")
        var number: Int
    }

    struct Start: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Start the cluster, or what doesn't run of it; wait for every shard's leader.",
            discussion: ProcessStatus.help)

        @OptionGroup var folder: FolderOptions

        @Option(help: "How many nodes a new cluster has (default: 3).")
        var nodes: Int?

        @Option(help: "The port that a new cluster's are counted from (default: 7000).")
        var basePort: Int?

        @Option(
            name: .customLong("set"),
            help: ArgumentHelp(
                "A setting for every node of a new cluster; repeatable.", valueName: "key=value"))
        var settings: [String] = []

        func validate() throws {
            if let nodes, !(1...LocalState.maximumNodeCount).contains(nodes) {
                throw ValidationError("--nodes: expected 1 to \(LocalState.maximumNodeCount)")
            }
            if let basePort, !LocalState.basePorts.contains(basePort) {
                let range = LocalState.basePorts
                throw ValidationError(
                    "--base-port: expected \(range.lowerBound) to \(range.upperBound)")
            }
        }

        func run() throws {
            try reportingFailures {
                var cluster = try openOrMake()
                try cluster.start()
                try folder.show(cluster.report)
            }
        }

        private func openOrMake() throws -> LocalCluster {
            let flags = settings.map { "--\($0)" }
            guard LocalCluster.exists(in: folder.dir) else {
                do {
                    _ = try NodeSettings.load(file: nil, flags: flags)
                } catch {
                    throw CommandFailure(.settings, error.description)
                }
                return try LocalCluster(
                    new: folder.dir,
                    state: LocalState(
                        basePort: basePort ?? 7000, nodeCount: nodes ?? 3, flags: flags))
            }
            let cluster = try LocalCluster(existing: folder.dir)
            let state = cluster.state
            guard nodes ?? state.nodes.count == state.nodes.count,
                basePort ?? state.basePort == state.basePort,
                flags.isEmpty || flags == state.flags
            else {
                throw CommandFailure(
                    .usage,
                    "\(folder.dir) holds a cluster of \(state.nodes.count) nodes at base port "
                        + "\(state.basePort) that was made otherwise; leave out --nodes, "
                        + "--base-port and --set")
            }
            return cluster
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the nodes' processes.")
        @OptionGroup var folder: FolderOptions
        func run() throws { try folder.change { _ in } }
    }

    struct Kill: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a node with SIGKILL.")
        @OptionGroup var folder: FolderOptions
        @OptionGroup var node: NodeOptions
        func run() throws { try folder.change { cluster in try cluster.kill(node.number) } }
    }

    struct Pause: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Stop a node with SIGSTOP.")
        @OptionGroup var folder: FolderOptions
        @OptionGroup var node: NodeOptions
        func run() throws { try folder.change { cluster in try cluster.pause(node.number) } }
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a paused node go on (SIGCONT).")
        @OptionGroup var folder: FolderOptions
        @OptionGroup var node: NodeOptions
        func run() throws { try folder.change { cluster in try cluster.resume(node.number) } }
    }

    struct Restart: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a node with SIGTERM if it runs, start it, and wait until it answers.")
        @OptionGroup var folder: FolderOptions
        @OptionGroup var node: NodeOptions
        func run() throws { try folder.change { cluster in try cluster.restart(node.number) } }
    }

    struct Stop: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End all nodes with SIGTERM; start brings them back with their data.")
        @OptionGroup var folder: FolderOptions
        func run() throws { try folder.change { cluster in cluster.stop() } }
    }
}
