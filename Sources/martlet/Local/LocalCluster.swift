import Foundation
import Glibc
import Primitives
import Settings

/// A cluster of processes on this machine, kept in one folder: `local.json`, `secret`, and
/// `node-1` … `node-N`, each with its `node.toml`, `node.log` and `data`.
struct LocalCluster {
    let folder: String
    private(set) var state: LocalState
    private let lock: FolderLock

    static let readySeconds: Double = 30
    private static let stopSeconds: Double = 15

    /// Opens the cluster of `folder`, which must exist; one command at a time holds it.
    init(existing folder: String) throws {
        let path = Self.absolute(folder)
        guard let data = FileManager.default.contents(atPath: path + "/local.json") else {
            throw CommandFailure(
                .usage,
                "\(folder) holds no local cluster; make one with: "
                    + "martlet local start --dir \(folder)")
        }
        self.folder = path
        lock = try FolderLock(path + "/local.lock")
        do {
            state = try JSONDecoder().decode(LocalState.self, from: data)
        } catch {
            throw CommandFailure(.badData, "\(path)/local.json can't be read: \(error)")
        }
        guard state.version == 1 else {
            throw CommandFailure(
                .badData, "\(path)/local.json has version \(state.version), expected 1")
        }
    }

    /// Lays out a new cluster in `folder`: its secret and each node's folder and configuration.
    init(new folder: String, state: LocalState) throws {
        let path = Self.absolute(folder)
        self.folder = path
        self.state = state
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(.folder, "\(path) can't be made: \(error.localizedDescription)")
        }
        lock = try FolderLock(path + "/local.lock")
        try writeSecret()
        for node in state.nodes {
            let nodeFolder = self.nodeFolder(node.number)
            try FileManager.default.createDirectory(
                atPath: nodeFolder, withIntermediateDirectories: true)
            try Data(configuration(of: node.number).utf8)
                .write(to: URL(filePath: nodeFolder + "/node.toml"))
        }
        try save()
    }

    static func exists(in folder: String) -> Bool {
        FileManager.default.fileExists(atPath: absolute(folder) + "/local.json")
    }

    var report: LocalReport {
        LocalReport(
            nodes: state.nodes.map { node in
                let processState = process(node.number)?.state ?? .gone
                return LocalReport.Node(
                    number: node.number, id: node.id, pid: processState == .gone ? nil : node.pid,
                    state: processState == .gone
                        ? .stopped : processState == .paused ? .paused : .running,
                    peerPort: state.peerPort(node.number),
                    clusterPort: state.clusterPort(node.number),
                    plainPort: state.plainPort(node.number),
                    adminPort: state.adminPort(node.number), dir: nodeFolder(node.number))
            })
    }

    /// Starts every node that doesn't run and waits until every shard has a leader.
    mutating func start() throws {
        for node in state.nodes where process(node.number)?.state ?? .gone == .gone {
            try launch(node.number)
        }
        try waitUntilReady(state.nodes.map(\.number), path: "/readyz")
    }

    mutating func kill(_ number: Int) throws {
        let process = try running(number)
        process.signal(SIGKILL)
        guard process.wait(seconds: Self.stopSeconds, until: { $0 == .gone }) else {
            throw CommandFailure(.unavailable, "node \(number) (pid \(process.pid)) doesn't end")
        }
    }

    func pause(_ number: Int) throws {
        let process = try running(number)
        process.signal(SIGSTOP)
        guard process.wait(seconds: Self.stopSeconds, until: { $0 != .running }) else {
            throw CommandFailure(.unavailable, "node \(number) (pid \(process.pid)) doesn't stop")
        }
    }

    func resume(_ number: Int) throws {
        let process = try running(number)
        process.signal(SIGCONT)
        guard process.wait(seconds: Self.stopSeconds, until: { $0 != .paused }) else {
            throw CommandFailure(.unavailable, "node \(number) (pid \(process.pid)) stays stopped")
        }
    }

    /// Ends the node if it runs, starts it again, and waits until it answers.
    mutating func restart(_ number: Int) throws {
        try check(number)
        end([number])
        try launch(number)
        try waitUntilReady([number], path: "/livez")
    }

    /// Ends every node.
    mutating func stop() {
        end(state.nodes.map(\.number))
    }

    // MARK: Processes

    private func nodeFolder(_ number: Int) -> String { "\(folder)/node-\(number)" }
    private func configurationPath(_ number: Int) -> String { nodeFolder(number) + "/node.toml" }
    private func logPath(_ number: Int) -> String { nodeFolder(number) + "/node.log" }

    private func process(_ number: Int) -> NodeProcess? {
        state.nodes[number - 1].pid.map {
            NodeProcess(pid: $0, configuration: configurationPath(number))
        }
    }

    private func check(_ number: Int) throws {
        guard (1...state.nodes.count).contains(number) else {
            throw CommandFailure(
                .usage, "there is no node \(number), expected 1 to \(state.nodes.count)")
        }
    }

    private func running(_ number: Int) throws -> NodeProcess {
        try check(number)
        guard let process = process(number), process.state != .gone else {
            throw CommandFailure(.unavailable, "node \(number) doesn't run")
        }
        return process
    }

    private mutating func launch(_ number: Int) throws {
        let path = configurationPath(number)
        do {
            _ = try NodeSettings.load(file: path, flags: state.flags)
        } catch {
            throw CommandFailure(.settings, error.description)
        }
        state.nodes[number - 1].pid = try NodeProcess.spawn(
            NodeProcess.thisProgram(), ["serve", "--config", path] + state.flags,
            log: logPath(number))
        try save()
    }

    /// SIGTERM to all at once; SIGKILL to what is left after a while.
    private func end(_ numbers: [Int]) {
        let processes = numbers.compactMap(process)
        for process in processes {
            process.signal(SIGTERM)
            process.signal(SIGCONT)
        }
        for process in processes
        where !process.wait(seconds: Self.stopSeconds, until: { $0 == .gone }) {
            process.signal(SIGKILL)
            _ = process.wait(seconds: Self.stopSeconds, until: { $0 == .gone })
        }
    }

    // MARK: Readiness

    /// Polls the admin listeners until each answers `path` with 200, and learns the nodes' ids.
    private mutating func waitUntilReady(_ numbers: [Int], path: String) throws {
        let deadline = ContinuousClock.now + .seconds(Self.readySeconds)
        while true {
            var missing: [String] = []
            for number in numbers {
                if let reason = try readiness(of: number, path: path) {
                    missing.append("node \(number): \(reason)")
                }
            }
            if missing.isEmpty { break }
            guard ContinuousClock.now < deadline else {
                throw CommandFailure(
                    .unavailable,
                    "not ready within \(Int(Self.readySeconds)) s\n"
                        + missing.joined(separator: "\n"))
            }
            usleep(100_000)
        }
        for number in numbers where state.nodes[number - 1].id == nil {
            let client = adminClient(number)
            state.nodes[number - 1].id = try waitFor { try await client.report() }.node
        }
        try save()
    }

    /// What keeps a node from being ready; `nil` when it is.
    private func readiness(of number: Int, path: String) throws -> String? {
        guard let process = process(number) else { return "was never started" }
        guard process.state != .gone else {
            let end = process.reap() ?? "how is unknown"
            throw CommandFailure(
                .unavailable,
                "node \(number) ended (\(end)); the end of \(logPath(number)):\n"
                    + logTail(number))
        }
        let client = adminClient(number)
        do {
            let (status, body) = try waitFor { try await client.get(path) }
            guard let answer = try? JSONDecoder().decode(AdminAnswer.self, from: body) else {
                return "\(path) answers \(status), not as a node does"
            }
            guard answer.pid == process.pid else {
                return "its admin port \(state.adminPort(number)) is taken by process \(answer.pid)"
            }
            return status == 200
                ? nil : answer.missing?.joined(separator: "; ") ?? "\(path) answers \(status)"
        } catch let failure as CommandFailure {
            return failure.text
        }
    }

    /// What `/livez` and `/readyz` have in common.
    private struct AdminAnswer: Decodable {
        var pid: Int32
        var missing: [String]?
    }

    private func adminClient(_ number: Int) -> AdminClient {
        AdminClient(
            address: Address(host: "127.0.0.1", port: UInt16(state.adminPort(number))),
            timeoutSeconds: 2)
    }

    private func logTail(_ number: Int) -> String {
        let data = FileManager.default.contents(atPath: logPath(number)) ?? Data()
        let lines = String(decoding: data.suffix(16384), as: UTF8.self).split(separator: "\n")
        return lines.suffix(10).map { "  \($0)" }.joined(separator: "\n")
    }

    // MARK: Files

    private func save() throws {
        do {
            try Data(try jsonText(state).utf8)
                .write(to: URL(filePath: folder + "/local.json"), options: .atomic)
        } catch {
            throw CommandFailure(
                .folder, "\(folder)/local.json can't be written: \(error.localizedDescription)")
        }
    }

    private func writeSecret() throws {
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<4).map { _ in hexadecimal(generator.next(), digitCount: 16) }.joined()
        guard
            FileManager.default.createFile(
                atPath: folder + "/secret", contents: Data((secret + "\n").utf8),
                attributes: [.posixPermissions: 0o600])
        else { throw CommandFailure(.folder, "\(folder)/secret can't be written") }
    }

    private func configuration(of number: Int) -> String {
        let seeds = state.nodes.map { "\"127.0.0.1:\(state.peerPort($0.number))\"" }
        return """
            # Node \(number) of the local cluster in \(folder).
            [node]
            data-dir = "\(nodeFolder(number))/data"

            [listen]
            cluster = "127.0.0.1:\(state.clusterPort(number))"
            plain = "127.0.0.1:\(state.plainPort(number))"
            peer = "127.0.0.1:\(state.peerPort(number))"
            admin = "127.0.0.1:\(state.adminPort(number))"

            [cluster]
            name = "local"
            secret = "file:\(folder)/secret"
            seeds = [\(seeds.joined(separator: ", "))]

            """
    }

    private static func absolute(_ path: String) -> String {
        URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
            .replacing(/\/+$/, with: "")
    }
}
