/// What a node knows of its cluster, as `GET /topology` answers it. The JSON's keys are an
/// interface: only ever added to.
struct StatusReport: Codable, Equatable, Sendable {
    struct Cluster: Codable, Equatable, Sendable {
        /// Sixteen hexadecimal digits; absent until the cluster is founded.
        var id: String?
        var name: String
        /// Raised by each change of the directory.
        var epoch: UInt64
        /// Whether the shards exist.
        var formed: Bool
        /// What the node waits for, while it has no cluster.
        var obstacle: String?
        /// Nodes that founded it.
        var founders: Int
        /// Replicas that each shard is meant to have.
        var replicas: Int
    }

    struct Node: Codable, Equatable, Sendable {
        var id: String
        /// alive, suspect, dead, left or unknown, as gossip sees it.
        var state: String
        /// voter or learner of the directory, or joining.
        var role: String
        /// ok, full or hung.
        var disk: String
        var cluster: String
        var peer: String
        var admin: String
    }

    struct Replica: Codable, Equatable, Sendable {
        var node: String
        var replica: UInt64
        /// voter or learner.
        var role: String
        /// How far its log is known to agree with the leader's; absent while that is unknown.
        var match: UInt64?
        /// Entries that it is behind the leader.
        var lag: UInt64?
        /// Milliseconds since the leader heard it.
        var silent: Int?
    }

    struct Shard: Codable, Equatable, Sendable {
        /// 0 is the directory.
        var id: UInt32
        /// First and last of each range.
        var slots: [[Int]]
        var term: UInt64
        /// A node's id; absent while no leader is known.
        var leader: String?
        var commit: UInt64
        var applied: UInt64
        var keys: Int
        var replicas: [Replica]
    }

    /// A replica that its node must not use, and that is made anew from its peers.
    struct Quarantined: Codable, Equatable, Sendable {
        var node: String
        /// 0 is the directory.
        var shard: UInt32
        var replica: UInt64
        /// What is wrong, with file and offset.
        var reason: String
    }

    /// A replica that doesn't apply its log any further: an entry has ended its process twice.
    struct Halted: Codable, Equatable, Sendable {
        var node: String
        /// 0 is the directory.
        var shard: UInt32
        var replica: UInt64
        /// The entry; absent where the node that answers doesn't know it.
        var entry: UInt64?
    }

    /// A node that is on its way out.
    struct Departure: Codable, Equatable, Sendable {
        var node: String
        /// Who takes its place; absent for one that is only forgotten.
        var successor: String?
        /// Replicas of shards that it still has.
        var replicas: Int
    }

    /// The node that answered.
    var node: String
    var cluster: Cluster
    var warnings: [String]
    var nodes: [Node]
    /// Group 0; absent until this node knows of it.
    var directory: Shard?
    var shards: [Shard]
    /// Absent when there are none; so are ``halted`` and ``leaving``.
    var quarantined: [Quarantined]?
    var halted: [Halted]?
    var leaving: [Departure]?

    /// Why the node isn't ready to serve every slot; empty when it is.
    var missing: [String] {
        guard cluster.id != nil else {
            return ["no cluster yet: \(cluster.obstacle ?? "not every seed has agreed")"]
        }
        var reasons: [String] = []
        if directory?.leader == nil {
            reasons.append("no leader of the directory is known")
        }
        for lost in quarantined ?? [] where lost.node == node {
            reasons.append("\(lost.name) is quarantined and made anew: \(lost.reason)")
        }
        for stuck in halted ?? [] where stuck.node == node { reasons.append(stuck.sentence) }
        guard cluster.formed else { return reasons + ["the shards don't exist yet"] }
        let leaderless = shards.filter { $0.leader == nil }.map { "\($0.id)" }
        if !leaderless.isEmpty {
            reasons.append("no leader is known of shard \(leaderless.joined(separator: ", "))")
        }
        if let disk = nodes.first(where: { $0.id == node })?.disk, disk != "ok" {
            reasons.append("the disk of this node is \(disk)")
        }
        return reasons
    }
}

extension StatusReport.Quarantined {
    /// Which replica it is, for a sentence.
    var name: String {
        "replica \(replica) of " + (shard == 0 ? "the directory" : "shard \(shard)")
    }
}

extension StatusReport.Halted {
    /// What is the matter with it.
    var sentence: String {
        let group = shard == 0 ? "the directory" : "shard \(shard)"
        let place = entry.map { "entry \($0)" } ?? "an entry"
        return "replica \(replica) of \(group) is halted at \(place), which has ended its process "
            + "twice"
    }
}
