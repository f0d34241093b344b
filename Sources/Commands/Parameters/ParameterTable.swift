import Keyspace

/// The parameters of Redis 7.0.15 that Martlet has, by name. Those of Redis's own process (TLS, syslog,
/// supervision, threads) are left out: they are unknown here.
package enum ParameterTable {
    package static let all =
        (limits + observed + encodings + memory + events + persistence + others)
        .sorted { $0.name < $1.name }

    /// The parameter that `name` names, whatever its case, or that it is an older name of.
    package static func find(_ name: String) -> Parameter? {
        let name = name.lowercased()
        return all.first { $0.name == name || $0.alias == name }
    }

    /// The names that `pattern` matches, older ones included, sorted.
    package static func names(matching pattern: String) -> [String] {
        let pattern = Array(pattern.lowercased().utf8)
        return allNames.filter { GlobPattern.matches(pattern.span, Array($0.utf8).span) }
    }

    private static let allNames = all.flatMap { [$0.name] + ($0.alias.map { [$0] } ?? []) }.sorted()

    private static let count = Int64(0)...Int64(Int32.max)
    private static let size = Int64(0)...Int64.max
    private static let bytes = UInt64(0)...UInt64(Int64.max)

    private static let limits = [
        Parameter(
            "proto-max-bulk-len", .memory(1 << 20...UInt64(Int64.max)), "536870912", .works,
            note: "One argument of a command, instead of `limits.max-bulk-length`. A write as a "
                + "whole, and on the plain listener a read too, is bounded by "
                + "`limits.max-write-size` besides."),
        Parameter(
            "client-query-buffer-limit", .memory(1 << 20...UInt64(Int64.max)), "1073741824", .works,
            note: "What one client may have sent that is not executed yet, instead of "
                + "`limits.query-buffer`."),
        Parameter(
            "timeout", .integer(count), "0", .works,
            note: "Seconds after which a client that asks for nothing is closed; 0: never."),
        Parameter("tcp-keepalive", .integer(count), "300"),
        Parameter("maxclients", .integer(1...Int64(UInt32.max)), "10000"),
        Parameter(
            "client-output-buffer-limit", .outputLimits,
            "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
            note: "`limits.client-output-close` bounds what clients leave unread."),
        Parameter("tracking-table-max-keys", .integer(size), "1000000"),
        Parameter("acllog-max-len", .integer(size), "128"),
    ]

    private static let observed = [
        Parameter(
            "slowlog-log-slower-than", .integer(-1...Int64.max), "10000", .works,
            note: "Microseconds from which a command's execution is noted in `SLOWLOG`; -1: never. "
                + "From 1000 on, up to 16 small commands of a pipeline or a batch count as taking their "
                + "mean."),
        Parameter(
            "slowlog-max-len", .integer(size), "128", .works,
            note: "How many entries `SLOWLOG` keeps on each node (at most 100000)."),
        Parameter(
            "latency-monitor-threshold", .integer(size), "0", .works,
            note: "Milliseconds from which `LATENCY` notes an event; 0: never."),
        Parameter(
            "latency-tracking", .yesNo, "yes", .works,
            note: "Whether calls are added to `LATENCY HISTOGRAM`, `INFO latencystats` and the "
                + "histograms of commands in `/metrics`. The times in `INFO commandstats` go on "
                + "without."),
        Parameter(
            "latency-tracking-info-percentiles", .percentiles, "50 99 99.9", .works,
            note: "The percentiles in `INFO latencystats`."),
        Parameter(
            "loglevel", .choice(["debug", "verbose", "notice", "warning"]), "notice",
            note: "`log.level` decides."),
    ]

    private static let encodings = [
        Parameter(
            "hash-max-listpack-entries", alias: "hash-max-ziplist-entries", .integer(size), "512",
            .works,
            note: "Up to so many fields a hash is kept in one block, if it has no field with a "
                + "deadline; at most 1024, and 128 KiB in all."),
        Parameter(
            "hash-max-listpack-value", alias: "hash-max-ziplist-value", .memory(bytes), "64",
            .works,
            note: "Bytes of a name or value that such a hash may have; at most 4096."),
        Parameter("set-max-intset-entries", .integer(size), "512"),
        Parameter(
            "zset-max-listpack-entries", alias: "zset-max-ziplist-entries", .integer(size), "128"),
        Parameter("zset-max-listpack-value", alias: "zset-max-ziplist-value", .memory(bytes), "64"),
        Parameter(
            "list-max-listpack-size", alias: "list-max-ziplist-size",
            .integer(Int64(Int32.min)...Int64(Int32.max)), "-2"),
        Parameter("list-compress-depth", .integer(count), "0"),
        Parameter("stream-node-max-bytes", .memory(bytes), "4096"),
        Parameter("stream-node-max-entries", .integer(size), "100"),
        Parameter("hll-sparse-max-bytes", .memory(bytes), "3000"),
        Parameter("sanitize-dump-payload", .choice(["no", "yes", "clients"]), "no"),
    ]

    private static let memory = [
        Parameter("maxmemory", .memory(0...UInt64.max), "0"),
        Parameter(
            "maxmemory-policy",
            .choice([
                "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru",
                "allkeys-lfu", "allkeys-random", "noeviction",
            ]), "noeviction"),
        Parameter("maxmemory-samples", .integer(1...Int64(Int32.max)), "5"),
        Parameter("maxmemory-eviction-tenacity", .integer(0...100), "10"),
        Parameter("maxmemory-clients", .memoryOrPercent, "0"),
        Parameter("lfu-log-factor", .integer(count), "10"),
        Parameter("lfu-decay-time", .integer(count), "1"),
        Parameter("lazyfree-lazy-eviction", .yesNo, "no"),
        Parameter("lazyfree-lazy-expire", .yesNo, "no"),
        Parameter("lazyfree-lazy-server-del", .yesNo, "no"),
        Parameter("lazyfree-lazy-user-del", .yesNo, "no"),
        Parameter("lazyfree-lazy-user-flush", .yesNo, "no"),
        Parameter("activedefrag", .yesNo, "no"),
        Parameter("activerehashing", .yesNo, "yes"),
        Parameter("active-expire-effort", .integer(1...10), "1"),
    ]

    private static let events = [
        Parameter("notify-keyspace-events", .eventClasses, ""),
        Parameter("lua-time-limit", alias: "busy-reply-threshold", .integer(size), "5000"),
        Parameter(
            "acl-pubsub-default", .choice(["allchannels", "resetchannels"]), "resetchannels"),
    ]

    private static let persistence = [
        Parameter("save", .saveTimes, "", note: "Every write is in the journal."),
        Parameter(
            "appendonly", .yesNo, "yes", .settled, note: "Every write is in the journal."),
        Parameter(
            "appendfsync", .choice(["everysec", "always", "no"]), "always", .settled,
            note: "`always` for `durability = \"sync\"`, `everysec` for `\"periodic\"`."),
        Parameter("no-appendfsync-on-rewrite", .yesNo, "no"),
        Parameter("auto-aof-rewrite-percentage", .integer(count), "100"),
        Parameter("auto-aof-rewrite-min-size", .memory(bytes), "67108864"),
        Parameter("aof-use-rdb-preamble", .yesNo, "yes"),
        Parameter("rdbcompression", .yesNo, "yes"),
        Parameter("stop-writes-on-bgsave-error", .yesNo, "yes"),
        Parameter(
            "dir", .text, "", Parameter.protected, note: "Empty: `node.data-dir` is not told."),
        Parameter("dbfilename", .text, "", Parameter.protected),
    ]

    private static let others = [
        Parameter(
            "min-replicas-to-write", alias: "min-slaves-to-write", .integer(count), "0",
            note: "A majority of a shard's replicas has every write that is acknowledged."),
        Parameter("min-replicas-max-lag", alias: "min-slaves-max-lag", .integer(count), "10"),
        Parameter("replica-read-only", alias: "slave-read-only", .yesNo, "yes"),
        Parameter("replica-serve-stale-data", alias: "slave-serve-stale-data", .yesNo, "yes"),
        Parameter("replica-priority", alias: "slave-priority", .integer(count), "100"),
        Parameter("replica-lazy-flush", alias: "slave-lazy-flush", .yesNo, "no"),
        Parameter("replica-ignore-maxmemory", alias: "slave-ignore-maxmemory", .yesNo, "yes"),
        Parameter("repl-timeout", .integer(1...Int64(Int32.max)), "60"),
        Parameter("repl-backlog-size", .memory(1...UInt64(Int64.max)), "1048576"),
        Parameter("repl-backlog-ttl", .integer(count), "3600"),
        Parameter("cluster-require-full-coverage", .yesNo, "yes"),
        Parameter("cluster-allow-reads-when-down", .yesNo, "no"),
        Parameter("cluster-allow-pubsubshard-when-down", .yesNo, "yes"),
        Parameter("cluster-node-timeout", .integer(size), "15000"),
        Parameter("cluster-migration-barrier", .integer(count), "1"),
        Parameter("cluster-allow-replica-migration", .yesNo, "yes"),
        Parameter("cluster-replica-no-failover", alias: "cluster-slave-no-failover", .yesNo, "no"),
        Parameter(
            "cluster-replica-validity-factor", alias: "cluster-slave-validity-factor",
            .integer(count), "10"),
        Parameter("cluster-link-sendbuf-limit", .memory(bytes), "0"),
        Parameter(
            "cluster-preferred-endpoint-type", .choice(["ip", "hostname", "unknown-endpoint"]),
            "ip"),
        Parameter("shutdown-timeout", .integer(count), "10"),
        Parameter("hz", .integer(Int64(Int32.min)...Int64(Int32.max)), "10"),
        Parameter("dynamic-hz", .yesNo, "yes"),
        Parameter(
            "cluster-enabled", .yesNo, "yes", Parameter.immutable, note: "By the listener."),
        Parameter("databases", .integer(1...Int64(Int32.max)), "16", Parameter.immutable),
        Parameter(
            "port", .integer(0...65535), "0", .settled,
            note: "Of the cluster listener, as it is advertised."),
        Parameter("bind", .text, "", .settled, note: "Empty: `listen` decides."),
        Parameter("protected-mode", .yesNo, "no", .settled, note: "`security` decides."),
        Parameter(
            "io-threads", .integer(1...128), "1", Parameter.immutable, note: "The number of loops."),
        Parameter(
            "enable-debug-command", .choice(["no", "yes", "local"]), "no", Parameter.immutable,
            note: "`security.debug-commands` decides."),
        Parameter(
            "enable-module-command", .choice(["no", "yes", "local"]), "no", Parameter.immutable),
        Parameter(
            "enable-protected-configs", .choice(["no", "yes", "local"]), "no", Parameter.immutable),
        Parameter("replicaof", alias: "slaveof", .text, "", Parameter.immutable),
    ]
}
