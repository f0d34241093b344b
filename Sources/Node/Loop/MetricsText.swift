/// What the admin listener answers at `/metrics`: Prometheus' text format (prometheus.io: "Exposition
/// formats", version 0.0.4).
package enum MetricsText {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// - Parameters:
    ///   - parts: What each loop of the node counts.
    ///   - version: Martlet's.
    /// - Returns: The whole page.
    package static func page(_ parts: [LoopReport], version: String) -> String {
        var report = LoopReport()
        for part in parts { report.add(part) }
        var page = MetricsPage()
        page.metric("build_info", "gauge", "Always 1; the version is a label.") {
            $0.sample(1, [("version", version)])
        }
        addCommands(report, to: &page)
        addConsensus(report, to: &page)
        addClients(report, to: &page)
        addStorage(report, to: &page)
        return page.text
    }

    private static func addCommands(_ report: LoopReport, to page: inout MetricsPage) {
        let rows = report.calls?.rows ?? []
        page.metric("commands_total", "counter", "Commands executed for clients.") {
            for row in rows { $0.sample(row.count.calls, [("command", row.name)]) }
        }
        page.metric(
            "commands_rejected_total", "counter", "Commands refused before they were executed."
        ) {
            for row in rows { $0.sample(row.count.rejected, [("command", row.name)]) }
        }
        page.metric("commands_failed_total", "counter", "Commands answered with an error.") {
            for row in rows { $0.sample(row.count.failed, [("command", row.name)]) }
        }
        page.metric(
            "command_duration_seconds", "histogram",
            "Execution on the loop's thread, without waiting for a majority or the disk."
        ) {
            for row in rows where row.count.calls > 0 {
                $0.histogram(
                    row.buckets, nanoseconds: row.bucketNanoseconds, [("command", row.name)])
            }
        }
        page.metric("error_replies_total", "counter", "Errors answered, by their first word.") {
            for (code, count) in report.errors { $0.sample(UInt64(count), [("code", code)]) }
        }
        page.counter(
            "keyspace_hits_total", report.statistics.keyspaceHits, "Keys that reads found.")
        page.counter(
            "keyspace_misses_total", report.statistics.keyspaceMisses,
            "Keys that reads did not find.")
        page.counter(
            "expired_keys_total", report.statistics.expiredKeys,
            "Keys removed because their time had come.")
    }

    private static func addConsensus(_ report: LoopReport, to page: inout MetricsPage) {
        let statistics = report.statistics
        page.metric(
            "commit_duration_seconds", "histogram",
            "From when a batch of writes was proposed to when it was applied."
        ) { $0.histogram(report.commitLatency) }
        page.counter("elections_won_total", statistics.elections, "Terms begun as a leader.")
        page.counter(
            "leaderships_lost_total", statistics.leadershipsLost,
            "Times that a leader with an open batch became none.")
        page.counter(
            "proposals_lost_total", statistics.proposalsLost,
            "Batches that another leader's entries displaced.")
        page.counter(
            "unknown_outcomes_total", statistics.unknownOutcomes,
            "Requests answered UNCERTAIN.")
        page.counter("redirections_total", statistics.redirections, "Requests answered MOVED.")
        page.counter(
            "forwards_total", statistics.forwards,
            "Requests of plain connections sent to another loop or node.")
        page.counter(
            "forwards_resent_total", statistics.forwardRefusals,
            "Forwarded requests that a shard certainly did not do, sent again.")
        page.counter(
            "refusals_total", statistics.refusals, "Requests refused for want of a leader.")
        page.counter("entries_applied_total", statistics.entriesApplied, "Log entries applied.")
        page.metric("groups", "gauge", "Raft groups with a replica here.") {
            $0.sample(UInt64(report.hostedGroupCount), [("state", "hosted")])
            $0.sample(UInt64(report.ledGroupCount), [("state", "led")])
            $0.sample(UInt64(report.haltedGroupCount), [("state", "halted")])
        }
        page.metric(
            "replication_lag_entries", "gauge",
            "Entries of a group led here that a follower is not known to have."
        ) {
            for lag in report.lags {
                $0.sample(lag.entryCount, [("shard", "\(lag.shard)"), ("node", "\(lag.node)")])
            }
        }
        page.counter(
            "state_differences_total", statistics.stateDifferences,
            "Replicas here that differed from a majority.")
    }

    private static func addClients(_ report: LoopReport, to page: inout MetricsPage) {
        let statistics = report.statistics
        page.gauge("clients", report.clientCount, "Connections of clients.")
        page.gauge("blocked_clients", report.blockedClientCount, "Of these, those that wait.")
        page.counter("connections_total", statistics.connections, "Connections accepted.")
        page.counter("requests_total", statistics.commands, "Requests taken from clients.")
        page.counter("received_bytes_total", statistics.inputByteCount, "Bytes from clients.")
        page.counter("sent_bytes_total", statistics.outputByteCount, "Bytes to clients.")
        page.counter(
            "stalled_clients_total", statistics.stalledClients,
            "Clients closed because they took no replies.")
        page.metric("queue_bytes", "gauge", "Bytes that wait.") {
            $0.sample(UInt64(report.queues.proposalByteCount), [("queue", "proposals")])
            $0.sample(UInt64(report.queues.outputByteCount), [("queue", "replies")])
        }
        page.metric("queue_length", "gauge", "What waits.") {
            $0.sample(UInt64(report.queues.waitingClientCount), [("queue", "requests")])
            $0.sample(UInt64(report.queues.diskRequestCount), [("queue", "disk")])
        }
        page.counter("turns_over_5ms_total", statistics.longTurns, "Turns of a loop over 5 ms.")
    }

    private static func addStorage(_ report: LoopReport, to page: inout MetricsPage) {
        let statistics = report.statistics
        page.metric(
            "disk_sync_duration_seconds", "histogram",
            "From when a loop asked for bytes to be on disk to when it heard that they are."
        ) { $0.histogram(report.diskLatency) }
        page.metric("keys", "gauge", "Keys of the shards led here, by database.") {
            $0.sample(UInt64(report.sharded.keys), [("database", "sharded")])
            for (number, counts) in report.wholeDatabases.enumerated() {
                $0.sample(UInt64(counts.keys), [("database", "\(number)")])
            }
        }
        page.gauge("keyspace_bytes", report.keyspaceByteCount, "Keys and values of all replicas.")
        page.gauge("journal_segments", report.segmentCount, "Files of the log.")
        page.counter("snapshots_taken_total", statistics.snapshotsTaken, "Snapshots taken.")
        page.counter(
            "snapshots_installed_total", statistics.snapshotsInstalled, "Snapshots received.")
        page.counter("full_disks_total", statistics.fullDisks, "Times that the disk became full.")
        page.counter("hung_disks_total", statistics.hungDisks, "Times that the disk hung.")
        page.counter(
            "disk_refusals_total", statistics.diskRefusals, "Requests answered MISCONF.")
        if let usage = report.usage {
            page.gauge(
                "resident_memory_bytes", usage.residentByteCount, "Memory of the process.")
            page.metric("cpu_seconds_total", "counter", "Processor time of the process.") {
                $0.seconds(microseconds: usage.userMicroseconds, [("mode", "user")])
                $0.seconds(microseconds: usage.systemMicroseconds, [("mode", "system")])
            }
        }
    }
}
