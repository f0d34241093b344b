/// A status report as a person reads it.
struct StatusTable {
    private let report: StatusReport

    init(_ report: StatusReport) {
        self.report = report
    }

    var text: String {
        ([header] + report.warnings.map { "WARNING: \($0)" }
            + report.missing.map { "NOT READY: \($0)" }
            + (report.quarantined ?? []).map {
                "QUARANTINED: \($0.name) on node \(name($0.node)): \($0.reason)"
            }
            + (report.halted ?? []).map { "HALTED: on node \(name($0.node)), \($0.sentence)" }
            + (report.leaving ?? []).map(departure)
            + ["", nodes, "", shards])
            .joined(separator: "\n")
    }

    private var header: String {
        let cluster = report.cluster
        let id = cluster.id.map { " (\($0))" } ?? ", not founded"
        return "cluster \(cluster.name)\(id): \(report.nodes.count) nodes, "
            + "\(report.shards.count) shards × \(cluster.replicas) replicas, epoch \(cluster.epoch); "
            + "answered by \(name(report.node))"
    }

    private func departure(_ leaving: StatusReport.Departure) -> String {
        let rest = leaving.replicas == 1 ? "1 replica" : "\(leaving.replicas) replicas"
        let successor = leaving.successor.map { ", replaced by node \(name($0))" } ?? ""
        return "LEAVING: node \(name(leaving.node))\(successor), with \(rest) to go"
    }

    private var nodes: String {
        var table = TextTable([
            "NODE", "STATE", "DISK", "DIRECTORY", "CLUSTER", "PEER", "ADMIN", "LEADS", "REPLICAS",
        ])
        for node in report.nodes {
            let leads = report.shards.count { $0.leader == node.id }
            let replicas = report.shards.count { shard in
                shard.replicas.contains { $0.node == node.id }
            }
            table.add([
                name(node.id), node.state, node.disk, node.role, node.cluster, node.peer,
                node.admin,
                "\(leads)", "\(replicas)",
            ])
        }
        return table.text
    }

    private var shards: String {
        var table = TextTable([
            "SHARD", "SLOTS", "KEYS", "TERM", "LEADER", "COMMIT", "FOLLOWERS (ENTRIES BEHIND)",
        ])
        for shard in (report.directory.map { [$0] } ?? []) + report.shards {
            table.add([
                shard.id == 0 ? "directory" : "\(shard.id)", slots(shard.slots), "\(shard.keys)",
                "\(shard.term)", shard.leader.map(name) ?? "none", "\(shard.commit)",
                followers(of: shard),
            ])
        }
        return table.text
    }

    private func slots(_ ranges: [[Int]]) -> String {
        guard !ranges.isEmpty else { return "-" }
        return ranges.map { range in
            guard let first = range.first, let last = range.last, first != last else {
                return range.first.map { "\($0)" } ?? ""
            }
            return "\(first)-\(last)"
        }.joined(separator: ",")
    }

    private func followers(of shard: StatusReport.Shard) -> String {
        let others = shard.replicas.filter { $0.node != shard.leader }
        guard !others.isEmpty else { return "-" }
        return others.map { replica in
            let role = replica.role == "voter" ? "" : " \(replica.role)"
            let lag = replica.lag.map { "\($0)" } ?? "?"
            let silence = replica.silent.map { $0 >= 1000 ? ", silent \($0 / 1000) s" : "" } ?? ""
            return "\(name(replica.node))\(role) (\(lag)\(silence))"
        }.joined(separator: " ")
    }

    /// The first digits of an id: as many as it takes to tell the nodes apart, six at least.
    private func name(_ id: String) -> String {
        var count = 6
        while count < id.count,
            report.nodes.contains(where: { $0.id != id && $0.id.hasPrefix(id.prefix(count)) })
        {
            count += 1
        }
        return String(id.prefix(count))
    }
}
