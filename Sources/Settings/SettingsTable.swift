extension Setting {
    private static let maximumLimit = 1 << 40
    /// A request's places are 32-bit numbers.
    private static let maximumRequest = 1 << 31

    /// All settings, in the order in which files and documentation show them. A key without a
    /// section stands first, because TOML has no way back out of a section.
    package static let all: [Setting] =
        top + node + listen + advertise + plain + cluster + security + limits + raft + journal + log

    /// What each section is about.
    package static func summary(ofSection section: String) -> String {
        switch section {
        case "node": "This process."
        case "listen": "What this node listens on: numeric addresses and ports."
        case "advertise":
            "How others reach this node, where that differs from what it listens on (names, NAT, "
                + "containers, wildcard addresses)."
        case "cluster": "The cluster that this node founds or joins. The same on every node."
        case "plain": "What clients of the plain listener see."
        case "security": "Who may use this node."
        case "limits":
            "Bounds of what clients can make a node hold. Redis's defaults where it has one."
        case "raft": "Consensus among a shard's replicas. The same on every node."
        case "journal": "The log on disk."
        case "log": "What the process reports of itself."
        default: "Of the whole node."
        }
    }

    private static let top: [Setting] = [
        Setting(
            "durability", .choice(\.durabilityName, ["sync", "periodic"]),
            """
            When a write counts as on disk. "sync": once fdatasync has returned on a majority. \
            "periodic": once it is written on a majority; each node syncs once a second, and a power \
            cut of a majority within that second can lose acknowledged writes (docs/guarantees.md).
            """)
    ]

    private static let node: [Setting] = [
        Setting(
            "node.data-dir", .path(\.dataDirectory),
            """
            The folder that holds all of this node's data and its identity. Made when missing. An empty \
            folder is always a new node; a copied folder is refused while the original runs. A relative \
            path starts at the working directory, as every path here does.
            """),
        Setting(
            "node.loops", .integer(\.loopCount, 1...64),
            """
            Event loops, each one thread with a journal of its own, that a new data folder gets; an old \
            one keeps what it has.
            """),
    ]

    private static let listen: [Setting] = [
        Setting(
            "listen.cluster", .listener(\.clusterListen),
            """
            Clients that speak Redis Cluster's protocol. A non-loopback address needs security.password.
            """),
        Setting(
            "listen.plain", .optionalListener(\.plainListen),
            """
            Clients that know nothing of clusters: this node looks like one Redis with 16 databases, and does \
            what concerns other nodes through them. A non-loopback address needs security.password.
            """),
        Setting(
            "listen.peer", .listener(\.peerListen),
            """
            Other nodes, by TCP and UDP on the same port. Every packet is sealed with cluster.secret.
            """),
        Setting(
            "listen.admin", .listener(\.adminListen),
            """
            HTTP for operators: /livez, /readyz, /topology, /metrics (Prometheus); POST /departures replaces or forgets a node, as \
            `martlet cluster` does. It has no password: keep it on loopback or behind a firewall.
            """),
    ]

    private static let plain: [Setting] = [
        Setting(
            "plain.database0", .choice(\.plainDatabaseZeroName, ["whole", "sharded"]),
            """
            What database 0 of the plain listener is. "whole": a database of its own, on one shard, so that \
            every command may name any keys. "sharded": the keyspace that the cluster listener serves, spread \
            over all shards; MGET, MSET, DEL, UNLINK, EXISTS and TOUCH are then done part by part where their \
            keys lie in several slots, and other commands need keys of one {tag}. The same on every node.
            """)
    ]

    private static let advertise: [Setting] = [
        Setting(
            "advertise.cluster", .optionalAddress(\.clusterAdvertise),
            absence: "listen.cluster", example: "\"node1.example.org:7000\"",
            "Where clients are sent for this node's shards."),
        Setting(
            "advertise.plain", .optionalAddress(\.plainAdvertise),
            absence: "listen.plain", example: "\"node1.example.org:6379\"",
            "Where clients that know nothing of clusters reach this node."),
        Setting(
            "advertise.peer", .optionalAddress(\.peerAdvertise),
            absence: "listen.peer", example: "\"node1.example.org:17000\"",
            "Where other nodes find this one."),
        Setting(
            "advertise.admin", .optionalAddress(\.adminAdvertise),
            absence: "listen.admin", example: "\"node1.example.org:7080\"",
            "Where operators find this node; shown in `martlet cluster status`."),
    ]

    private static let cluster: [Setting] = [
        Setting(
            "cluster.name",
            .text(\.clusterName, lengths: 1...64, characters: "letters, digits, '.', '_' and '-'"),
            "The cluster's name. A node never joins a cluster of another name."),
        Setting(
            "cluster.secret", .secret(\.secret, lengths: 16...1024),
            absence: "none: a node on its own, that others can't join",
            example: "\"file:/etc/martlet/secret\"",
            """
            What the nodes prove to each other and seal their packets with; the same on every node. \
            "file:PATH" reads it from a file, without the line's end. Needed as soon as there are seeds.
            """),
        Setting(
            "cluster.seeds", .addresses(\.seeds),
            """
            Peer addresses of the founding nodes. They found the cluster only when all of them agree on \
            this list; afterwards any of them that is reachable lets a new node in. Empty: a cluster of \
            its own, founded at once. Three or more survive the loss of one.
            """),
        Setting(
            "cluster.shards", .integer(\.shardCount, 1...1024),
            "Shards that the founders create. Of no effect once the cluster exists."),
        Setting(
            "cluster.replicas", .integer(\.replicaCount, 1...7),
            """
            Nodes that hold each shard, at most as many as there are founders. Of no effect once the \
            cluster exists.
            """),
    ]

    private static let security: [Setting] = [
        Setting(
            "security.password", .secret(\.password, lengths: 1...512),
            absence: "none: clients need no password", example: "\"file:/etc/martlet/password\"",
            "What clients must give with AUTH or HELLO. \"file:PATH\" reads it from a file."),
        Setting(
            "security.insecure", .flag(\.isInsecure),
            """
            Insist on a client listener that is not on loopback and has no password. `--insecure` is short \
            for it.
            """),
        Setting(
            "security.debug-commands", .flag(\.allowsDebug),
            """
            Let clients plant faults with DEBUG, to see what becomes of them: never where data matters \
            (Redis: enable-debug-command).
            """),
    ]

    private static let limits: [Setting] = [
        Setting(
            "limits.max-arguments", .integer(\.argumentCountLimit, 16...Int(Int32.max)),
            "Arguments of one command, its name included; Redis 7.0 allows as many."),
        Setting(
            "limits.max-bulk-length", .byteCount(\.bulkByteCountLimit, 1024...maximumRequest),
            "One argument of a command (Redis: proto-max-bulk-len)."),
        Setting(
            "limits.query-buffer", .byteCount(\.queryBufferByteCountLimit, 65536...maximumRequest),
            """
            What one client may have sent that is not executed yet (Redis: client-query-buffer-limit); \
            beyond it the connection is closed.
            """),
        Setting(
            "limits.max-write-size", .byteCount(\.writeByteCountLimit, 1024...(64 << 20)),
            """
            One write command, and on the plain listener any command with keys, reads too; a larger one is refused \
            before it is logged or forwarded.
            """),
        Setting(
            "limits.client-output-pause", .byteCount(\.outputPauseByteCount, 16384...maximumLimit),
            "Unread replies of one client past which the node reads nothing more from it."),
        Setting(
            "limits.client-output-close", .byteCount(\.outputCloseByteCount, 16384...maximumLimit),
            """
            Unread replies of one client past which it is closed once it has taken none for \
            limits.client-output-close-after.
            """),
        Setting(
            "limits.client-output-close-after",
            .milliseconds(\.outputCloseMilliseconds, 1000...86_400_000),
            "How long a client with so many unread replies may take none of them."),
        Setting(
            "limits.entry-cache", .byteCount(\.entryCacheByteCount, (1 << 20)...maximumLimit),
            "Recent log entries kept in memory for followers, for all shards of a loop together."),
    ]

    private static let raft: [Setting] = [
        Setting(
            "raft.heartbeat", .milliseconds(\.heartbeatMilliseconds, 10...10_000),
            "How often a leader makes itself heard."),
        Setting(
            "raft.election-timeout", .milliseconds(\.electionMilliseconds, 50...60_000),
            """
            How long a leader must be silent before a follower stands for election (randomised up to \
            twice this). At least three heartbeats.
            """),
        Setting(
            "raft.state-check", .milliseconds(\.stateCheckMilliseconds, 0...86_400_000),
            """
            How often the replicas of a shard compare their states; one that differs from a majority is \
            made anew. 0s: never.
            """),
    ]

    private static let journal: [Setting] = [
        Setting(
            "journal.segment-size", .byteCount(\.segmentByteCount, (1 << 20)...(1 << 30)),
            "One file of the log; files are zero-filled ahead and recycled."),
        Setting(
            "journal.snapshot-after", .byteCount(\.snapshotLogByteCount, (1 << 20)...maximumLimit),
            "Log of one shard past which a snapshot of it is taken."),
        Setting(
            "journal.snapshot-bandwidth",
            .byteCount(\.snapshotTransferByteCount, (1 << 20)...maximumLimit),
            """
            Bytes a second that this node sends of snapshots, to all followers together that are too far \
            behind for the log.
            """),
    ]

    private static let log: [Setting] = [
        Setting(
            "log.level",
            .choice(\.logLevelName, NodeSettings.LogThreshold.allCases.map(\.rawValue)),
            "The least urgent lines that are written."),
        Setting(
            "log.format", .choice(\.logFormatName, NodeSettings.LogFormat.allCases.map(\.rawValue)),
            "\"text\": a line for people; \"json\": one JSON object a line."),
        Setting(
            "log.file", .optionalPath(\.logFile),
            absence: "standard error", example: "\"/var/log/martlet.log\"",
            "A file to append to. It is opened anew on SIGHUP, for log rotation."),
    ]
}
