import Foundation
import Gossip
import Primitives

/// A data-driven test: steps, `----`, and what they print, over and over.
///
/// `start ID on=HOST seeds=A,B cluster=N incarnation=N`, `stop HOST`, `pause HOST`, `resume HOST`,
/// `leave HOST`, `cut A B` (both ways), `block A B` (datagrams from A to B), `heal`, `run MS`,
/// `trace on|off`, `members HOST`, `hints HOST`, `seeds HOST`, `counts HOST`, `hint HOST GROUP TERM LEADER`,
/// `epoch HOST N`, `found HOST CLUSTER`.
struct Script {
    struct Step {
        var comment: String
        var commands: String
        var expected: String
    }

    var steps: [Step] = []

    init(_ text: String) {
        for block in text.components(separatedBy: "\n\n") where !block.allSatisfy(\.isNewline) {
            let lines = block.split(separator: "\n").map(String.init)
            let input = lines.prefix { $0 != "----" }
            let comments = input.filter { $0.hasPrefix("#") }
            let commands = input.filter { !$0.hasPrefix("#") }
            steps.append(
                Step(
                    comment: comments.joined(separator: "\n"),
                    commands: commands.joined(separator: "\n"),
                    expected: lines.dropFirst(input.count + 1).joined(separator: "\n")))
        }
    }

    /// The script with what its steps print now.
    func replayed() -> String {
        var network = VirtualNetwork(seed: 1)
        return steps.map { step in
            network.lines = []
            for command in step.commands.split(separator: "\n") { run(command, on: &network) }
            let parts = [step.comment, step.commands, "----"].filter { !$0.isEmpty }
            return (parts + network.lines).joined(separator: "\n")
        }.joined(separator: "\n\n") + "\n"
    }

    private func run(_ line: Substring, on network: inout VirtualNetwork) {
        let words = line.split(separator: " ").map(String.init)
        let rest = Array(words.dropFirst())
        switch words[0] {
        case "start": start(rest, on: &network)
        case "stop": network.stop(rest[0])
        case "pause": network.pause(rest[0])
        case "resume": network.resume(rest[0])
        case "leave": network.withCore(rest[0]) { $0.leave(now: $1, into: &$2) }
        case "cut": network.partition([[rest[0]], [rest[1]]])
        case "block":
            network.cuts.append(.init(from: rest[0], to: rest[1], isDatagramsOnly: true))
        case "heal": network.cuts = []
        case "run": network.run(milliseconds: Int(number(rest[0])))
        case "trace": network.isTracing = rest[0] == "on"
        case "members":
            network.lines += network.core(rest[0]).members.map(Transcript.describe)
        case "hints": network.lines += network.core(rest[0]).hints.map(Transcript.describe)
        case "seeds":
            for host in rest.dropFirst() {
                let node = network.core(rest[0]).node(atSeed: Address(host: host, port: 17000))
                network.lines.append("\(host): \(node.map { "\($0.rawValue)" } ?? "unknown")")
            }
        case "counts":
            let core = network.core(rest[0])
            network.lines.append(
                "malformed \(core.malformedCount) foreign \(core.foreignCount)"
                    + " health \(core.health) duplicate \(core.hasDuplicateIdentity)")
        case "hint":
            let hint = LeaderHint(
                group: GroupID(UInt32(number(rest[1]))), term: Term(number(rest[2])),
                leader: NodeID(number(rest[3])))
            network.withCore(rest[0]) { core, _, _ in core.offer(hint: hint) }
        case "epoch":
            network.withCore(rest[0]) { core, _, _ in core.setTopologyEpoch(number(rest[1])) }
        case "found":
            network.withCore(rest[0]) { core, _, _ in
                core.setClusterID(ClusterID(number(rest[1])))
            }
        default: fatalError("unknown command \(line)")
        }
    }

    private func start(_ words: [String], on network: inout VirtualNetwork) {
        var host = "n\(words[0])"
        var seeds: [String] = []
        var incarnation: UInt64?
        network.clusterID = nil
        for word in words.dropFirst() {
            let parts = word.split(separator: "=").map(String.init)
            switch parts[0] {
            case "on": host = parts[1]
            case "seeds": seeds = parts[1].split(separator: ",").map(String.init)
            case "cluster": network.clusterID = ClusterID(number(parts[1]))
            case "incarnation": incarnation = number(parts[1])
            default: fatalError("unknown option \(word)")
            }
        }
        network.start(number(words[0]), on: host, seeds: seeds, incarnation: incarnation)
    }

    private func number(_ text: String) -> UInt64 {
        guard let number = UInt64(text) else { fatalError("\(text) is not a number") }
        return number
    }
}
