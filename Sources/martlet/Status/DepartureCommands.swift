import ArgumentParser
import Foundation
import Primitives

/// `martlet cluster replace OLD NEW`: one node takes the place of another.
struct ClusterReplaceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Let one node take the place of another, which then leaves the cluster.",
        discussion: """
            The new node must have joined, without shards of its own that the old one has too. Replicas are
            built on it and take their votes one shard after the other, while clients go on. The plan is in the
            cluster's directory: it goes on when this command is interrupted, and when any node dies.
            The old node may be dead. If it runs, it ends when it is replaced.

            """ + ProcessStatus.help)

    @OptionGroup var options: DepartureOptions

    @Argument(help: "The node that leaves; the first digits of its id are enough.")
    var oldID: String

    @Argument(help: "The node that takes its place.")
    var newID: String

    func run() throws {
        try reportingFailures {
            try options.depart(oldID, successor: newID)
        }
    }
}

/// `martlet cluster forget ID`: a node without shards leaves.
struct ClusterForgetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Remove a node that has no shards.",
        discussion: "Its id never comes back.\n\n" + ProcessStatus.help)

    @OptionGroup var options: DepartureOptions

    @Argument(help: "The node; the first digits of its id are enough.")
    var id: String

    func run() throws {
        try reportingFailures {
            try options.depart(id, successor: nil)
        }
    }
}

/// Asks for a node to leave, and follows it.
struct DepartureOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A node's admin listener.", valueName: "host:port"))
    var connect = "127.0.0.1:7080"

    @Flag(help: "Only ask for it, and don't wait until it is done.")
    var detach = false

    /// How often the cluster is asked how far it is.
    private static let pause = 0.5
    /// How long nothing may answer.
    private static let patience = 30.0

    func depart(_ id: String, successor: String?) throws {
        guard let address = Address(connect) else {
            throw CommandFailure(.usage, "--connect \(connect): expected host:port")
        }
        let client = AdminClient(address: address)
        let before = try waitFor { try await client.report() }
        let node = try find(id, before)
        let heir = try successor.map { try find($0, before) }
        let request = DepartureRequest(node: node, successor: heir)
        try waitFor { try await client.request(request) }
        if detach { return }
        var shown = ""
        var lastAnswer = Date()
        while true {
            do {
                let report = try waitFor { try await client.report() }
                lastAnswer = Date()
                let leaving = report.leaving?.first { $0.node == node }
                if leaving == nil, !report.nodes.contains(where: { $0.id == node && $0.isMember }) {
                    Console.print("node \(node) has left")
                    return
                }
                if leaving == nil {
                    // The wish was lost with the directory's leader.
                    try waitFor { try await client.request(request) }
                }
                let progress = leaving.map(Self.progress) ?? "asked"
                if progress != shown { Console.print(progress) }
                shown = progress
            } catch let failure as CommandFailure {
                guard Date().timeIntervalSince(lastAnswer) < Self.patience else { throw failure }
            }
            Thread.sleep(forTimeInterval: Self.pause)
        }
    }

    private static func progress(_ leaving: StatusReport.Departure) -> String {
        leaving.replicas == 0
            ? "no shards are left on node \(leaving.node)"
            : "\(leaving.replicas) replicas are left on node \(leaving.node)"
    }

    /// The node whose id begins with `prefix`.
    private func find(_ prefix: String, _ report: StatusReport) throws -> String {
        let found = report.nodes.filter { $0.id.hasPrefix(prefix.lowercased()) }
        guard let only = found.first, !prefix.isEmpty else {
            throw CommandFailure(.usage, "no node's id begins with \"\(prefix)\"")
        }
        guard found.count == 1 else {
            throw CommandFailure(
                .usage,
                "\(found.count) nodes' ids begin with \"\(prefix)\": "
                    + found.map(\.id).joined(separator: ", "))
        }
        return only.id
    }
}

extension StatusReport.Node {
    /// Whether the directory has it.
    fileprivate var isMember: Bool { role != "joining" }
}
