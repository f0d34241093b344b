import ArgumentParser
import Bench
import Foundation
import Primitives

/// `martlet bench …`: measures any Redis-compatible server.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a Redis-compatible server or cluster; every reply is checked.",
        subcommands: [Load.self, Failover.self],
        defaultSubcommand: Load.self)

    struct ServerOptions: ParsableArguments {
        @Option(help: "The server's host.")
        var host = "127.0.0.1"

        @Option(help: "The server's port.")
        var port: UInt16 = 7000

        @Option(
            help: ArgumentHelp(
                "Nodes of a cluster, comma-separated, instead of --host and --port.",
                valueName: "host:port,…"))
        var cluster: String?

        @Option(help: "What to authenticate with.")
        var password: String?

        @Flag(help: "Write JSON and nothing else.")
        var json = false

        func addresses() throws -> [Address] {
            guard let cluster else { return [Address(host: host, port: port)] }
            return try cluster.split(separator: ",").map { try address(String($0), "--cluster") }
        }
    }

    struct Load: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Throughput and latency of one command (the default).")

        @OptionGroup var server: ServerOptions

        @Option(help: "ping, set, get, incr, hset, hget, hgetall or hset10 (ten fields).")
        var command = Workload.set

        @Option(help: "Connections, spread over the leaders.")
        var clients = 50

        @Option(help: "Requests that a connection sends before it waits for their replies.")
        var pipeline = 1

        @Option(help: "How many keys, drawn at random.")
        var keys = 100_000

        @Option(help: "Bytes of a value.")
        var size = 64

        @Option(help: "Measure so many requests a round (instead of --seconds).")
        var requests: Int?

        @Option(help: "Measure for so long a round.")
        var seconds = 5.0

        @Option(help: "Seconds of load before the first round.")
        var warmup = 1.0

        @Option(help: "How many times to measure; the result is the median.")
        var rounds = 1

        @Option(
            help: ArgumentHelp(
                "The servers' processes, comma-separated: measures their CPU time.",
                valueName: "pid,…"))
        var pids: String?

        @Flag(inversion: .prefixedNo, help: "Write every key before reads are measured.")
        var fill = true

        @Option(help: "Of the keys' order.")
        var seed: UInt64 = 1

        func run() throws {
            try reportingFailures {
                var plan = BenchPlan(addresses: try server.addresses())
                plan.isCluster = server.cluster != nil
                plan.password = server.password
                plan.workload = command
                plan.clientCount = clients
                plan.pipeline = pipeline
                plan.keyCount = keys
                plan.valueByteCount = size
                plan.roundCount = rounds
                if let requests {
                    plan.limit = .requests(requests)
                } else {
                    plan.limit = .milliseconds(try milliseconds(seconds))
                }
                plan.warmupMilliseconds = try milliseconds(warmup)
                plan.fillsKeys = fill
                plan.seed = seed
                plan.serverPIDs = try (pids ?? "").split(separator: ",").map { text in
                    guard let pid = Int32(text), pid > 0 else {
                        throw CommandFailure(.usage, "--pids: '\(text)' is no process id")
                    }
                    return pid
                }
                if let problem = plan.problem { throw CommandFailure(.usage, problem) }
                let report = try measuring { () throws(BenchFailure) in
                    try LoadGenerator.run(plan)
                }
                if server.json {
                    try Console.printJSON(report)
                } else {
                    Console.print(text(of: report))
                }
            }
        }

        private func text(of report: BenchReport) -> String {
            var table = TextTable([
                "ROUND", "REQUESTS/S", "P50 US", "P99 US", "P99.9 US", "SERVER CPU S/M",
                "OWN CPU %",
            ])
            func add(_ name: String, _ round: RoundResult) {
                table.add([
                    name, number(round.throughput, 0), number(round.p50Microseconds, 0),
                    number(round.p99Microseconds, 0), number(round.p999Microseconds, 0),
                    round.serverCPUSecondsPerMillion.map { number($0, 2) } ?? "-",
                    number(round.generatorCPUShare * 100, 0),
                ])
            }
            for (index, round) in report.rounds.enumerated() { add("\(index + 1)", round) }
            add("median", report.median)
            let bound =
                report.isClientBound
                ? "\nclient-bound: this process took more than 90 % of a core" : ""
            return """
                \(report.command): \(report.clients) clients over \(report.nodes) node(s), \
                pipeline \(report.pipeline), \(report.keys) keys, \(report.size)-byte values
                \(table.text)\(bound)
                """
        }
    }

    struct Failover: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How long writes are held up when a leader is killed.",
            discussion: """
                Each connection writes a key of a slot that the victim leads, every few milliseconds. \
                The victim's process is sent SIGKILL; the result is the longest time between two \
                acknowledged writes of one key. Afterwards every key must hold what was acknowledged.
                """)

        @OptionGroup var server: ServerOptions

        @Option(
            help: ArgumentHelp("The cluster listener of the victim.", valueName: "host:port"))
        var victim: String

        @Option(help: "The victim's process; without it, kill it yourself.")
        var pid: Int32?

        @Option(help: "How many connections, each with a key of its own.")
        var connections = 8

        @Option(help: "Milliseconds between two writes of a key.")
        var interval = 5

        @Option(help: "Seconds of writing before the kill.")
        var before = 1.0

        @Option(help: "Seconds of writing after the kill.")
        var after = 4.0

        func validate() throws {
            guard connections > 0, interval > 0 else {
                throw ValidationError("--connections and --interval: expected at least 1")
            }
        }

        func run() throws {
            try reportingFailures {
                var plan = FailoverPlan(
                    addresses: try server.addresses(),
                    victim: try address(victim, "--victim"))
                plan.victimPID = pid
                plan.connectionCount = connections
                plan.intervalMilliseconds = interval
                plan.millisecondsBefore = try milliseconds(before)
                plan.millisecondsAfter = try milliseconds(after)
                plan.password = server.password
                let report = try measuring { () throws(BenchFailure) in
                    try FailoverProbe.run(plan)
                }
                if server.json {
                    try Console.printJSON(report)
                } else {
                    Console.print(text(of: report))
                }
            }
        }

        private func text(of report: FailoverReport) -> String {
            var table = TextTable(["KEY", "SLOT", "WRITES", "CALM GAP MS", "LONGEST GAP MS"])
            for key in report.keys {
                table.add([
                    key.key, "\(key.slot)", "\(key.writes)", number(key.calmGapMilliseconds, 1),
                    number(key.longestGapMilliseconds, 1),
                ])
            }
            let longest = number(report.longestGapMilliseconds, 1)
            return "\(table.text)\nlongest gap: \(longest) ms"
        }
    }
}

private func address(_ text: String, _ option: String) throws -> Address {
    guard let address = Address(text) else {
        throw CommandFailure(.usage, "\(option): found '\(text)', expected host:port")
    }
    return address
}

private func milliseconds(_ seconds: Double) throws -> Int {
    guard (0...86_400).contains(seconds) else {
        throw CommandFailure(.usage, "found \(seconds) seconds, expected 0 to 86400")
    }
    return Int(seconds * 1000)
}

private func number(_ value: Double, _ digits: Int) -> String {
    value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
}

private func measuring<Report>(_ body: () throws(BenchFailure) -> Report) throws -> Report {
    do throws(BenchFailure) {
        return try body()
    } catch {
        switch error {
        case .unreachable(let text): throw CommandFailure(.unavailable, text)
        case .wrongReply: throw CommandFailure(.internalError, error.description)
        case .impossible(let text): throw CommandFailure(.usage, text)
        }
    }
}

extension Workload: ExpressibleByArgument {}
