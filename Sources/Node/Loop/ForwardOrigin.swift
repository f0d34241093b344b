import Primitives

/// A loop of a node that forwards requests of its plain connections to this one.
struct ForwardOrigin: Sendable {
    struct Key: Comparable, Sendable {
        var node: NodeID
        var loop: Int

        static func < (left: Self, right: Self) -> Bool {
            left.node == right.node ? left.loop < right.loop : left.node < right.node
        }
    }

    /// See ``LoopCore/incarnation``.
    let incarnation: UInt64
    /// The sessions of each connection's streams, by the connection's index.
    private var sessions: [[Int]] = []

    init(incarnation: UInt64) { self.incarnation = incarnation }

    func sessions(of connection: ConnectionID) -> [Int] {
        let index = Int(connection.index)
        return index < sessions.count ? sessions[index] : []
    }

    mutating func add(_ session: Int, of connection: ConnectionID) {
        let index = Int(connection.index)
        while sessions.count <= index { sessions.append([]) }
        sessions[index].append(session)
    }

    mutating func remove(_ session: Int, of connection: ConnectionID) {
        sessions[Int(connection.index)].removeAll { $0 == session }
    }

    var allSessions: [Int] { sessions.flatMap { $0 } }
}
