import ArgumentParser
import Foundation
import Primitives

/// `martlet cluster …`: asks any node of a running cluster.
struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Ask a running cluster, and change its nodes.",
        subcommands: [
            ClusterStatusCommand.self, ClusterReplaceCommand.self, ClusterForgetCommand.self,
        ])
}

/// `martlet cluster status`: the topology as one node knows it.
struct ClusterStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show nodes, health, shards, leaders, terms, replication lag and slots.",
        discussion: ProcessStatus.help)

    @Option(help: ArgumentHelp("A node's admin listener.", valueName: "host:port"))
    var connect = "127.0.0.1:7080"

    @Flag(help: "Show it again every second, until Ctrl-C.")
    var watch = false

    @Flag(help: "Write JSON and nothing else; with --watch, one document a line.")
    var json = false

    func run() throws {
        try reportingFailures {
            guard let address = Address(connect) else {
                throw CommandFailure(.usage, "--connect \(connect): expected host:port")
            }
            let client = AdminClient(address: address)
            repeat {
                do {
                    try show(try waitFor { try await client.report() })
                } catch let failure as CommandFailure where watch {
                    Console.error("martlet: \(failure.text)")
                }
                if watch {
                    Thread.sleep(forTimeInterval: 1)
                }
            } while watch
        }
    }

    private func show(_ report: StatusReport) throws {
        if json {
            try Console.printJSON(report)
        } else {
            // Home and clear to the end, so that the picture doesn't flicker.
            Console.print((watch ? "\u{1B}[H\u{1B}[J" : "") + StatusTable(report).text)
        }
    }
}
