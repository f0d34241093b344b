import Primitives
import RESP

extension LoopCore {
    /// `INFO`: the sections that were asked for, or all of them.
    func info(_ request: borrowing Request, now: Moment) -> String {
        var wanted: [String] = []
        for position in 1..<max(1, request.count) {
            wanted.append(text(request[position]).lowercased())
        }
        let everything = ["all", "default", "everything"]
        let takesAll = wanted.isEmpty || wanted.contains { everything.contains($0) }
        var parts: [String] = []
        for (name, fields) in sections(now: now)
        where takesAll || wanted.contains(name.lowercased()) {
            parts.append(
                "# \(name)\r\n" + fields.map { "\($0.0):\($0.1)\r\n" }.joined())
        }
        return parts.joined(separator: "\r\n")
    }

    private func sections(now: Moment) -> [(String, [(String, String)])] {
        let uptime = now.boot.milliseconds(since: startedAt.boot) / 1000
        let led = shards.filter { $0.isLeader && $0.machine.kind == .shard }
        let keyCount = led.reduce(0) { $0 + $1.machine.keyCount }
        let byteCount = shards.reduce(0) { $0 + $1.machine.keyspaceByteCount }
        let clientCount = sessions.count { $0.isOpen && !$0.isProxy }
        var keyspace: [(String, String)] = []
        if keyCount > 0 { keyspace.append(("db0", "keys=\(keyCount),expires=0,avg_ttl=0")) }
        return [
            (
                "Server",
                [
                    ("redis_version", Self.redisVersion), ("redis_mode", "cluster"),
                    ("martlet_version", settings.serverVersion), ("os", "Linux"),
                    ("arch_bits", "64"), ("multiplexing_api", "libuv"),
                    ("run_id", settings.nodeID.clusterName),
                    ("tcp_port", "\(directory.nodes[settings.nodeID]?.cluster.port ?? 0)"),
                    ("server_time_usec", "\(now.wallMilliseconds * 1000)"),
                    ("uptime_in_seconds", "\(uptime)"), ("uptime_in_days", "\(uptime / 86400)"),
                ]
            ),
            (
                "Clients",
                [
                    ("connected_clients", "\(clientCount)"), ("cluster_connections", "0"),
                    ("maxclients", "10000"), ("blocked_clients", "0"),
                ]
            ),
            (
                "Memory",
                [
                    ("used_memory", "\(byteCount)"),
                    ("used_memory_human", "\(byteCount / 1024)K"), ("maxmemory", "0"),
                    ("maxmemory_policy", "noeviction"),
                ]
            ),
            (
                "Persistence",
                [
                    ("loading", "0"), ("async_loading", "0"),
                    ("rdb_changes_since_last_save", "0"), ("aof_enabled", "1"),
                ]
            ),
            (
                "Stats",
                [
                    ("total_connections_received", "\(statistics.connections)"),
                    ("total_commands_processed", "\(statistics.commands)"),
                    ("total_error_replies", "\(statistics.errors)"),
                    ("martlet_entries_applied", "\(statistics.entriesApplied)"),
                    ("martlet_elections_won", "\(statistics.elections)"),
                    ("martlet_redirections", "\(statistics.redirections)"),
                    ("martlet_unknown_outcomes", "\(statistics.unknownOutcomes)"),
                ]
            ),
            (
                "Replication",
                [
                    ("role", "master"), ("connected_slaves", "0"),
                    ("martlet_groups_led", "\(led.count)"),
                    ("martlet_groups_hosted", "\(shards.count)"),
                ]
            ),
            ("CPU", []),
            ("Cluster", [("cluster_enabled", "1")]),
            ("Keyspace", keyspace),
        ]
    }
}
