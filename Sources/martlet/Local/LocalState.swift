import Foundation

/// What a local cluster's folder remembers of it, in `local.json`.
struct LocalState: Codable, Equatable, Sendable {
    struct Node: Codable, Equatable, Sendable {
        /// 1…N.
        var number: Int
        /// The process that was started last; it may have ended since.
        var pid: Int32?
        /// Known once the node has answered.
        var id: String?
    }

    /// The most nodes whose ports don't meet.
    static let maximumNodeCount = 40
    /// Ports are the base plus these, plus the node's number less one.
    static let plainPortOffset = 40
    static let adminPortOffset = 80
    static let peerPortOffset = 10_000
    static let basePorts = 1024...(65535 - peerPortOffset - maximumNodeCount)

    var version = 1
    var basePort: Int
    /// Flags that every node is started with, beside its file.
    var flags: [String]
    var nodes: [Node]

    init(basePort: Int, nodeCount: Int, flags: [String]) {
        self.basePort = basePort
        self.flags = flags
        nodes = (1...nodeCount).map { Node(number: $0) }
    }

    func clusterPort(_ number: Int) -> Int { basePort + number - 1 }
    func plainPort(_ number: Int) -> Int { clusterPort(number) + Self.plainPortOffset }
    func adminPort(_ number: Int) -> Int { clusterPort(number) + Self.adminPortOffset }
    func peerPort(_ number: Int) -> Int { clusterPort(number) + Self.peerPortOffset }
}

/// What every verb of `martlet local` writes under `--json`. The keys are an interface.
struct LocalReport: Codable, Equatable, Sendable {
    enum State: String, Codable, Sendable {
        case running
        case paused
        case stopped
    }

    struct Node: Codable, Equatable, Sendable {
        var number: Int
        var id: String?
        var pid: Int32?
        var state: State
        var peerPort: Int
        var clusterPort: Int
        var plainPort: Int
        var adminPort: Int
        var dir: String

        private enum CodingKeys: String, CodingKey {
            case number
            case id
            case pid
            case state
            case peerPort = "peer_port"
            case clusterPort = "cluster_port"
            case plainPort = "plain_port"
            case adminPort = "admin_port"
            case dir
        }

        /// Absent values are written as null, so that every node has every key.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(number, forKey: .number)
            try container.encode(id, forKey: .id)
            try container.encode(pid, forKey: .pid)
            try container.encode(state, forKey: .state)
            try container.encode(peerPort, forKey: .peerPort)
            try container.encode(clusterPort, forKey: .clusterPort)
            try container.encode(plainPort, forKey: .plainPort)
            try container.encode(adminPort, forKey: .adminPort)
            try container.encode(dir, forKey: .dir)
        }
    }

    var nodes: [Node]

    /// The same for people.
    var text: String {
        var table = TextTable([
            "NODE", "STATE", "PID", "ID", "CLUSTER", "PLAIN", "PEER", "ADMIN", "FOLDER",
        ])
        for node in nodes {
            table.add([
                "\(node.number)", node.state.rawValue, node.pid.map { "\($0)" } ?? "-",
                node.id ?? "-", "127.0.0.1:\(node.clusterPort)", "127.0.0.1:\(node.plainPort)",
                "127.0.0.1:\(node.peerPort)", "127.0.0.1:\(node.adminPort)", node.dir,
            ])
        }
        return table.text
    }
}
