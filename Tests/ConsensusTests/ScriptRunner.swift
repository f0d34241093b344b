import Consensus
import Primitives

/// Carries out a script's commands.
struct ScriptRunner {
    private var cluster = ScriptCluster(count: 1)

    mutating func run(_ line: String) -> [String] {
        var words = line.split(separator: " ").map(String.init)
        let isQuiet = words.first == "quiet"
        if isQuiet { words.removeFirst() }
        guard let command = words.first else { return [] }
        let arguments = Array(words.dropFirst())
        let answer = run(command, arguments)
        let effects = cluster.takeLines()
        return isQuiet ? answer : effects + answer
    }

    private mutating func run(_ command: String, _ arguments: [String]) -> [String] {
        let number = arguments.first.flatMap(Int.init) ?? 0
        switch command {
        case "cluster": return start(arguments)
        case "campaign": cluster.campaign(number)
        case "tick":
            let milliseconds = arguments.last.flatMap(Int.init) ?? 0
            if arguments.first == "all" {
                cluster.tickAll(milliseconds)
            } else {
                cluster.tick(number, milliseconds)
            }
        case "deliver", "drop", "duplicate": return move(command, arguments)
        case "run": cluster.run(number)
        case "settle": cluster.settle(cut: list("without", arguments))
        case "persist":
            cluster.persist(number, arguments.dropFirst().first.flatMap(Int.init) ?? .max)
        case "crash": cluster.crash(number)
        case "restart":
            let lost = arguments.dropFirst().first.flatMap(UInt64.init).map(LogIndex.init)
            cluster.restart(number, losingAfter: lost)
        case "messages": return cluster.messages.map(\.line)
        case "status": return status()
        case "log": return [log(number)]
        case "progress": return progress(number)
        default: return request(command, number, arguments)
        }
        return []
    }

    private mutating func request(
        _ command: String, _ number: Int, _ arguments: [String]
    ) -> [String] {
        let second = arguments.dropFirst().first ?? ""
        switch command {
        case "propose":
            let index = cluster.propose(number, second)
            return [index.map { "index \($0)" } ?? "refused"]
        case "read":
            switch cluster.read(number) {
            case .now: return ["now"]
            case .afterRound(let round): return ["after round \(round)"]
            case .notReady: return ["not ready"]
            case .notLeader: return ["not leader"]
            }
        case "lease":
            let isHeld = cluster.group(number).hasLease(now: cluster.replicas[number - 1].now)
            return [isHeld ? "held" : "none"]
        case "transfer":
            return [cluster.transfer(number, to: Int(second) ?? 0) ? "begun" : "refused"]
        case "configure":
            let isBegun = cluster.configure(
                number, voters: list("voters", arguments), learners: list("learners", arguments))
            return [isBegun ? "begun" : "refused"]
        case "forget":
            cluster.forget(number, LogIndex(UInt64(second) ?? 0))
            return []
        case "restore":
            return [cluster.restore(number, from: Int(second) ?? 0) ? "taken" : "stale"]
        case "sent", "unsent":
            cluster.snapshotSent(number, to: Int(second) ?? 0, succeeded: command == "sent")
            return []
        default: return ["unknown command \(command)"]
        }
    }

    private mutating func start(_ arguments: [String]) -> [String] {
        var settings = RaftSettings()
        let limit = list("inflight", arguments)
        if let count = limit.first { settings.maxInflightMessageCount = count }
        let bytes = list("bytes", arguments)
        if let count = bytes.first { settings.maxMessageByteCount = count }
        let voters = list("voters", arguments)
        let learners = list("learners", arguments)
        let count = arguments.first.flatMap(Int.init) ?? (voters + learners).max() ?? 1
        cluster = ScriptCluster(
            count: count, voters: voters.isEmpty ? nil : voters, learners: learners,
            settings: settings, isCold: arguments.contains("cold"))
        return []
    }

    private mutating func move(_ command: String, _ arguments: [String]) -> [String] {
        let ends = (arguments.first ?? "").split(separator: ">").map {
            Int($0.filter(\.isNumber)) ?? 0
        }
        guard ends.count == 2 else { return ["which link?"] }
        let limit = arguments.dropFirst().first.flatMap(Int.init) ?? .max
        switch command {
        case "deliver": cluster.deliver(ends[0], ends[1], limit: limit)
        case "drop": cluster.drop(ends[0], ends[1], limit: limit)
        default: cluster.duplicate(ends[0], ends[1])
        }
        return []
    }

    private func status() -> [String] {
        cluster.replicas.map { replica in
            guard let group = replica.group else { return "\(replica.id) down" }
            return "\(replica.id) \(group.role) term=\(group.term) commit=\(group.commitIndex) "
                + "last=\(group.lastIndex)" + (group.isAmnesiac ? " amnesiac" : "")
        }
    }

    private func log(_ number: Int) -> String {
        let group = cluster.group(number)
        var entries: [LogEntry] = []
        var index = group.firstIndex
        while let entry = group.entry(at: index) {
            entries.append(entry)
            index = index.next
        }
        return entries.isEmpty ? "empty after \(group.lastIndex)" : entries.line
    }

    private func progress(_ number: Int) -> [String] {
        cluster.group(number).progress.map {
            "\($0.member.replica) \($0.state) match=\($0.match)" + ($0.isLearner ? " learner" : "")
        }
    }

    /// The numbers of an argument like `voters=1,2,3`.
    private func list(_ name: String, _ arguments: [String]) -> [Int] {
        guard let argument = arguments.first(where: { $0.hasPrefix("\(name)=") }) else { return [] }
        return argument.dropFirst(name.count + 1).split(separator: ",").compactMap { Int($0) }
    }
}
