import Commands
import Consensus
import Primitives
import RESP

/// Which sections `INFO` is to give, and when it was asked.
package struct InfoWish: Sendable {
    /// Lowercase.
    var sections: [String]
    /// Whether all are asked for; and all but those about single commands.
    var isEverything: Bool
    var isDefault: Bool
    var askedAt: Moment
    /// Whether the client takes the node for one Redis.
    var isPlain: Bool

    init(_ request: borrowing Request, isPlain: Bool, now: Moment) {
        self.isPlain = isPlain
        var sections: [String] = []
        askedAt = now
        for position in 1..<max(1, request.count) {
            let word = String(decoding: request.copy(position), as: UTF8.self)
            sections.append(word.lowercased())
        }
        isEverything = sections.contains("all") || sections.contains("everything")
        isDefault = sections.isEmpty || sections.contains("default")
        self.sections = sections
    }

    func takes(_ name: String) -> Bool {
        let name = name.lowercased()
        return isEverything || sections.contains(name)
            || isDefault && !Self.aboutCalls.contains(name)
    }

    private static let aboutCalls = ["commandstats", "latencystats"]

    var takesCalls: Bool { Self.aboutCalls.contains { takes($0) } }
}

private struct InfoSection {
    let name: String
    var fields: [(name: String, value: String)] = []

    mutating func add(_ name: String, _ value: some CustomStringConvertible) {
        fields.append((name, value.description))
    }

    var text: String {
        "# \(name)\r\n" + fields.map { "\($0.name):\($0.value)\r\n" }.joined()
    }
}

/// `INFO` (redis.io/commands/info): Redis's fields where there is something to say in them, and Martlet's
/// own, which begin with `martlet_`. `docs/info.md` lists them, and those of Redis that are left out.
extension LoopCore {
    func info(_ wish: InfoWish, _ report: LoopReport) -> String {
        let sections = [
            serverSection(wish), clientsSection(report), memorySection(report),
            persistenceSection(report), statsSection(report), replicationSection(report),
            processorSection(), InfoSection(name: "Modules"), commandSection(report),
            errorSection(report), latencySection(report), clusterSection(wish),
            keyspaceSection(report, wish),
        ]
        return sections.filter { wish.takes($0.name) }.map(\.text).joined(separator: "\r\n")
    }

    private func serverSection(_ wish: InfoWish) -> InfoSection {
        let now = wish.askedAt
        var section = InfoSection(name: "Server")
        let uptime = now.boot.milliseconds(since: startedAt.boot) / 1000
        section.add("redis_version", Self.redisVersion)
        section.add("redis_mode", wish.isPlain ? "standalone" : "cluster")
        section.add("martlet_version", settings.serverVersion)
        if let host = settings.host {
            section.add("os", host.system)
            section.add("process_id", host.processID)
            section.add("executable", host.executable)
        }
        section.add("arch_bits", Int.bitWidth)
        section.add("multiplexing_api", "libuv")
        section.add("run_id", settings.nodeID.clusterName)
        if let node = directory.nodes[settings.nodeID] {
            section.add("tcp_port", wish.isPlain ? node.plain.port : node.cluster.port)
        }
        section.add("server_time_usec", now.wallMilliseconds * 1000)
        section.add("uptime_in_seconds", uptime)
        section.add("uptime_in_days", uptime / 86400)
        section.add("martlet_loops", settings.loopCount)
        return section
    }

    private func clientsSection(_ report: LoopReport) -> InfoSection {
        var section = InfoSection(name: "Clients")
        section.add("connected_clients", report.clientCount)
        section.add("client_recent_max_input_buffer", report.largestInputByteCount)
        section.add("client_recent_max_output_buffer", report.largestOutputByteCount)
        section.add("blocked_clients", report.blockedClientCount)
        return section
    }

    private func memorySection(_ report: LoopReport) -> InfoSection {
        var section = InfoSection(name: "Memory")
        section.add("used_memory", report.keyspaceByteCount)
        section.add("used_memory_human", Self.human(report.keyspaceByteCount))
        if let usage = processUsage {
            section.add("used_memory_rss", usage.residentByteCount)
            section.add("used_memory_rss_human", Self.human(usage.residentByteCount))
        }
        section.add("used_memory_dataset", report.keyspaceByteCount)
        if let host = settings.host {
            section.add("total_system_memory", host.memoryByteCount)
            section.add("total_system_memory_human", Self.human(host.memoryByteCount))
        }
        let limit = Int(clamping: UInt64(value(ofParameter: "maxmemory")) ?? 0)
        section.add("maxmemory", limit)
        section.add("maxmemory_human", Self.human(limit))
        section.add("maxmemory_policy", value(ofParameter: "maxmemory-policy"))
        section.add("mem_clients_normal", report.clientByteCount)
        return section
    }

    private func persistenceSection(_ report: LoopReport) -> InfoSection {
        var section = InfoSection(name: "Persistence")
        section.add("loading", report.isLoading ? 1 : 0)
        section.add("rdb_changes_since_last_save", report.changeCount)
        section.add("martlet_durability", settings.durability == .sync ? "sync" : "periodic")
        section.add("martlet_disk", report.hindrance.diskState)
        section.add("martlet_disk_full_count", report.statistics.fullDisks)
        section.add("martlet_disk_hung_count", report.statistics.hungDisks)
        section.add("martlet_disk_refusals", report.statistics.diskRefusals)
        section.add("martlet_disk_handovers", report.statistics.handovers)
        section.add("martlet_journal_segments", report.segmentCount)
        section.add("martlet_snapshots_taken", report.statistics.snapshotsTaken)
        section.add("martlet_snapshots_taking", report.takingSnapshotCount)
        section.add("martlet_snapshots_installed", report.statistics.snapshotsInstalled)
        section.add("martlet_snapshots_sending", report.outgoingSnapshotCount)
        section.add("martlet_snapshots_reserve", report.reservedByteCount)
        section.add("martlet_snapshots_reserve_wanted", report.wantedReserveByteCount)
        return section
    }

    private func statsSection(_ report: LoopReport) -> InfoSection {
        var section = InfoSection(name: "Stats")
        let statistics = report.statistics
        section.add("total_connections_received", statistics.connections)
        section.add("total_commands_processed", statistics.commands)
        section.add("instantaneous_ops_per_sec", report.commandsPerSecond)
        section.add("total_net_input_bytes", statistics.inputByteCount)
        section.add("total_net_output_bytes", statistics.outputByteCount)
        section.add("instantaneous_input_kbps", Self.kilobytes(report.inputBytesPerSecond))
        section.add("instantaneous_output_kbps", Self.kilobytes(report.outputBytesPerSecond))
        section.add("expired_keys", statistics.expiredKeys)
        section.add("evicted_keys", 0)
        section.add("keyspace_hits", statistics.keyspaceHits)
        section.add("keyspace_misses", statistics.keyspaceMisses)
        section.add("total_error_replies", report.errorCount)
        section.add("martlet_entries_applied", statistics.entriesApplied)
        section.add("martlet_elections_won", statistics.elections)
        section.add("martlet_redirections", statistics.redirections)
        section.add("martlet_forwards", statistics.forwards)
        section.add("martlet_forwards_resent", statistics.forwardRefusals)
        section.add("martlet_unknown_outcomes", statistics.unknownOutcomes)
        section.add("martlet_stalled_clients", statistics.stalledClients)
        section.add("martlet_longest_turn_usec", statistics.longestTurn)
        section.add("martlet_longest_turn_cpu_usec", statistics.longestProcessorTurn)
        section.add("martlet_turns_over_5ms", statistics.longTurns)
        section.add("martlet_turns_over_5ms_cpu", statistics.longProcessorTurns)
        return section
    }

    private func commandSection(_ report: LoopReport) -> InfoSection {
        var section = InfoSection(name: "Commandstats")
        for row in report.calls?.rows ?? [] {
            let count = row.count
            let microseconds = Int(count.nanoseconds / 1000)
            let each = count.calls == 0 ? 0 : Int(count.nanoseconds / 10 / count.calls)
            section.add(
                "cmdstat_\(row.name)",
                "calls=\(count.calls),usec=\(microseconds),"
                    + "usec_per_call=\(Self.hundredths(each, 100)),"
                    + "rejected_calls=\(count.rejected),failed_calls=\(count.failed)")
        }
        return section
    }

    private func errorSection(_ report: LoopReport) -> InfoSection {
        var section = InfoSection(name: "Errorstats")
        for (code, count) in report.errors { section.add("errorstat_\(code)", "count=\(count)") }
        return section
    }

    private func latencySection(_ report: LoopReport) -> InfoSection {
        var section = InfoSection(name: "Latencystats")
        let percents = value(ofParameter: "latency-tracking-info-percentiles")
            .split(separator: " ")
        for row in report.calls?.rows ?? [] where row.buckets.contains(where: { $0 > 0 }) {
            let values = percents.map { percent in
                let end = LatencyBuckets.percentile(Double(percent) ?? 0, of: row.buckets)
                return "p\(percent)=\(Self.thousandths(end))"
            }
            section.add("latency_percentiles_usec_\(row.name)", values.joined(separator: ","))
        }
        return section
    }

    private func replicationSection(_ report: LoopReport) -> InfoSection {
        var section = InfoSection(name: "Replication")
        section.add("role", "master")
        section.add("connected_slaves", 0)
        section.add("martlet_groups_led", report.ledGroupCount)
        section.add("martlet_groups_hosted", report.hostedGroupCount)
        section.add("martlet_groups_halted", report.haltedGroupCount)
        section.add("martlet_state_checks", report.statistics.stateChecks)
        section.add("martlet_state_differences", report.statistics.stateDifferences)
        return section
    }

    private func processorSection() -> InfoSection {
        var section = InfoSection(name: "CPU")
        if let usage = processUsage {
            section.add("used_cpu_sys", Self.seconds(usage.systemMicroseconds))
            section.add("used_cpu_user", Self.seconds(usage.userMicroseconds))
        }
        return section
    }

    private func clusterSection(_ wish: InfoWish) -> InfoSection {
        var section = InfoSection(name: "Cluster")
        section.add("cluster_enabled", wish.isPlain ? 0 : 1)
        return section
    }

    private func keyspaceSection(_ report: LoopReport, _ wish: InfoWish) -> InfoSection {
        var section = InfoSection(name: "Keyspace")
        var databases = wish.isPlain ? report.wholeDatabases : [report.sharded]
        if settings.plainDatabaseZero.isSharded { databases[0] = report.sharded }
        for (number, counts) in databases.enumerated() where counts.keys > 0 {
            section.add("db\(number)", "keys=\(counts.keys),expires=\(counts.deadlines)")
        }
        return section
    }

    // MARK: Numbers as Redis writes them

    /// `1.50M`.
    private static func human(_ byteCount: Int) -> String {
        var unit = 1
        for name in ["B", "K", "M", "G", "T"] {
            if byteCount < unit * 1024 || name == "T" {
                return name == "B" ? "\(byteCount)B" : hundredths(byteCount, unit) + name
            }
            unit *= 1024
        }
        return ""
    }

    private static func kilobytes(_ byteCount: Int) -> String { hundredths(byteCount, 1024) }

    /// `value / unit` with two digits behind the point.
    private static func hundredths(_ value: Int, _ unit: Int) -> String {
        let rest = value % unit * 100 / unit
        return "\(value / unit).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// `value / 1000` with three digits behind the point.
    private static func thousandths(_ value: UInt64) -> String {
        let rest = "\(value % 1000)"
        return "\(value / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    private static func seconds(_ microseconds: Int) -> String {
        let rest = "\(microseconds % 1_000_000)"
        return "\(microseconds / 1_000_000)."
            + String(repeating: "0", count: 6 - rest.count) + rest
    }
}
