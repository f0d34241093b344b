/// The rows of the commands on connections, the node and the cluster.
enum SessionCommands {
    private static let flushMode = CommandArgument(
        "async", .oneOf, flags: [.optional],
        [
            CommandArgument("async", .pureToken, token: "ASYNC", since: "4.0.0"),
            CommandArgument("sync", .pureToken, token: "SYNC", since: "6.2.0"),
        ])

    static let rows: [Command] = [
        Command(
            "hello", arity: -1, flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
            categories: [.fast, .connection],
            since: "6.0.0", group: .connection, complexity: "O(1)",
            summary:
                "Agrees on the protocol's version, and may authenticate and name the connection.",
            differs: "`role` is always `master`, and `id` is that of `CLIENT ID`.",
            arguments: [
                CommandArgument(
                    "arguments", .block, flags: [.optional],
                    [
                        CommandArgument("protover", .integer),
                        CommandArgument(
                            "username_password", .block, token: "AUTH", flags: [.optional],
                            [
                                CommandArgument("username", .string),
                                CommandArgument("password", .string),
                            ]),
                        CommandArgument(
                            "clientname", .string, token: "SETNAME", flags: [.optional]),
                    ])
            ],
            body: .session(.hello)),
        Command(
            "auth", arity: -2, flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
            categories: [.fast, .connection],
            since: "1.0.0", group: .connection, complexity: "O(N) for N passwords of the user.",
            summary: "Authenticates the connection.",
            differs: "The one user is `default`, with the password `security.password`; `CONFIG "
                + "SET` has no `requirepass`.",
            arguments: [
                CommandArgument("username", .string, since: "6.0.0", flags: [.optional]),
                CommandArgument("password", .string),
            ],
            body: .session(.auth)),
        Command(
            "ping", arity: -1, flags: [.fast],
            categories: [.fast, .connection],
            tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
            since: "1.0.0", group: .connection, complexity: "O(1)",
            summary: "Answers `PONG`, or the given message.",
            arguments: [
                CommandArgument("message", .string, flags: [.optional])
            ],
            body: .session(.ping)),
        Command(
            "echo", arity: 2, flags: [.loading, .stale, .fast],
            categories: [.fast, .connection],
            since: "1.0.0", group: .connection, complexity: "O(1)",
            summary: "Answers the given message.",
            arguments: [
                CommandArgument("message", .string)
            ],
            body: .session(.echo)),
        Command(
            "quit", arity: -1, flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
            categories: [.fast, .connection],
            since: "1.0.0", group: .connection, complexity: "O(1)",
            summary: "Closes the connection.",
            body: .session(.quit)),
        Command(
            "reset", arity: 1, flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
            categories: [.fast, .connection],
            since: "6.2.0", group: .connection, complexity: "O(1)",
            summary: "Makes the connection what it was when it opened.",
            body: .session(.reset)),
        Command(
            "select", arity: 2, flags: [.loading, .stale, .fast],
            categories: [.fast, .connection],
            since: "1.0.0", group: .connection, complexity: "O(1)",
            summary: "Chooses the connection's database.",
            differs: "The plain listener always has 16 databases; the cluster listener has "
                + "database 0 only, as in Redis Cluster.",
            arguments: [
                CommandArgument("index", .integer)
            ],
            body: .session(.select)),
        Command(
            "client", arity: -2, flags: [],
            categories: [.slow],
            since: "2.4.0", group: .connection, complexity: "Depends on the subcommand.",
            summary: "Commands about connections.",
            body: .session(.client),
            subcommands: [
                Command(
                    "id", in: "client", arity: 2, flags: [.noScript, .loading, .stale],
                    categories: [.slow, .connection],
                    since: "5.0.0", group: .connection, complexity: "O(1)",
                    summary: "Answers the connection's number.",
                    differs: "Numbers are unique in the cluster: above 36 bits stands the number "
                        + "of the node.",
                    body: .session(.client)),
                Command(
                    "setname", in: "client", arity: 3, flags: [.noScript, .loading, .stale],
                    categories: [.slow, .connection],
                    since: "2.6.9", group: .connection, complexity: "O(1)",
                    summary: "Names the connection.",
                    arguments: [
                        CommandArgument("connection-name", .string)
                    ],
                    body: .session(.client)),
                Command(
                    "getname", in: "client", arity: 2, flags: [.noScript, .loading, .stale],
                    categories: [.slow, .connection],
                    since: "2.6.9", group: .connection, complexity: "O(1)",
                    summary: "Answers the connection's name.",
                    body: .session(.client)),
                Command(
                    "setinfo", in: "client", arity: 4, flags: [.noScript, .loading, .stale],
                    categories: [.slow, .connection],
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
                    since: "7.2.0", group: .connection, complexity: "O(1)",
                    summary: "Tells which client library the connection comes from.",
                    arguments: [
                        CommandArgument(
                            "attr", .oneOf,
                            [
                                CommandArgument("libname", .string, token: "LIB-NAME"),
                                CommandArgument("libver", .string, token: "LIB-VER"),
                            ])
                    ],
                    body: .session(.client)),
                Command(
                    "info", in: "client", arity: 2, flags: [.noScript, .loading, .stale],
                    categories: [.slow, .connection],
                    tips: ["nondeterministic_output"],
                    since: "6.2.0", group: .connection, complexity: "O(1)",
                    summary: "Describes the connection.",
                    differs: "`fd` is a number of the node's own; `qbuf-free`, `argv-mem`, "
                        + "`multi-mem`, `rbs`, `rbp`, `obl` and `oll` are 0. `lib-name` and "
                        + "`lib-ver` are there, as from Redis 7.2 on.",
                    body: .session(.client)),
                Command(
                    "list", in: "client", arity: -2, flags: [.admin, .noScript, .loading, .stale],
                    categories: [.admin, .slow, .dangerous, .connection],
                    tips: ["nondeterministic_output"],
                    since: "2.4.0", group: .connection, complexity: "O(N) for N connections.",
                    summary: "Describes the connections of this node.",
                    differs: "The fields are those of `CLIENT INFO`.",
                    arguments: [
                        CommandArgument(
                            "normal_master_replica_pubsub", .oneOf, token: "TYPE", since: "5.0.0",
                            flags: [.optional],
                            [
                                CommandArgument("normal", .pureToken, token: "NORMAL"),
                                CommandArgument("master", .pureToken, token: "MASTER"),
                                CommandArgument("replica", .pureToken, token: "REPLICA"),
                                CommandArgument("pubsub", .pureToken, token: "PUBSUB"),
                            ]),
                        CommandArgument(
                            "id", .block, token: "ID", since: "6.2.0", flags: [.optional],
                            [
                                CommandArgument("client-id", .integer, flags: [.multiple])
                            ]),
                    ],
                    body: .session(.client)),
            ] + ClientCommands.subcommands),
        Command(
            "command", arity: -1, flags: [.loading, .stale],
            categories: [.slow, .connection],
            tips: ["nondeterministic_output_order"],
            since: "2.8.13", group: .server, complexity: "O(N) for N commands.",
            summary: "Describes all commands.",
            body: .session(.command),
            subcommands: [
                Command(
                    "count", in: "command", arity: 2, flags: [.loading, .stale],
                    categories: [.slow, .connection],
                    since: "2.8.13", group: .server, complexity: "O(1)",
                    summary: "Answers how many commands there are.",
                    body: .session(.command)),
                Command(
                    "docs", in: "command", arity: -2, flags: [.loading, .stale],
                    categories: [.slow, .connection],
                    tips: ["nondeterministic_output_order"],
                    since: "7.0.0", group: .server, complexity: "O(N) for N commands.",
                    summary: "Answers the documentation of commands.",
                    differs: "Summaries and complexities are Martlet's own, and there is no "
                        + "`history`.",
                    arguments: [
                        CommandArgument("command-name", .string, flags: [.optional, .multiple])
                    ],
                    body: .session(.command)),
                Command(
                    "info", in: "command", arity: -2, flags: [.loading, .stale],
                    categories: [.slow, .connection],
                    tips: ["nondeterministic_output_order"],
                    since: "2.8.13", group: .server, complexity: "O(N) for N commands.",
                    summary: "Describes some or all commands.",
                    arguments: [
                        CommandArgument("command-name", .string, flags: [.optional, .multiple])
                    ],
                    body: .session(.command)),
                Command(
                    "list", in: "command", arity: -2, flags: [.loading, .stale],
                    categories: [.slow, .connection],
                    tips: ["nondeterministic_output_order"],
                    since: "7.0.0", group: .server, complexity: "O(N) for N commands.",
                    summary: "Answers the names of commands.",
                    arguments: [
                        CommandArgument(
                            "filterby", .oneOf, token: "FILTERBY", flags: [.optional],
                            [
                                CommandArgument("module-name", .string, token: "MODULE"),
                                CommandArgument("category", .string, token: "ACLCAT"),
                                CommandArgument("pattern", .pattern, token: "PATTERN"),
                            ])
                    ],
                    body: .session(.command)),
                Command(
                    "getkeys", in: "command", arity: -4, flags: [.loading, .stale],
                    categories: [.slow, .connection],
                    since: "2.8.13", group: .server, complexity: "O(N) for N arguments.",
                    summary: "Answers which arguments of a command are keys.",
                    body: .session(.command)),
            ]),
        Command(
            "info", arity: -1, flags: [.loading, .stale],
            categories: [.slow, .dangerous],
            tips: [
                "nondeterministic_output", "request_policy:all_shards", "response_policy:special",
            ],
            since: "1.0.0", group: .server, complexity: "O(1)",
            summary: "Reports about this node.",
            differs: "Fields that Martlet has nothing true to say in are absent, and there are "
                + "others: docs/info.md.",
            arguments: [
                CommandArgument("section", .string, flags: [.optional, .multiple])
            ],
            body: .session(.info)),
        Command(
            "time", arity: 1, flags: [.loading, .stale, .fast],
            categories: [.fast],
            tips: ["nondeterministic_output"],
            since: "2.6.0", group: .server, complexity: "O(1)",
            summary: "Answers the node's time: seconds, and microseconds of the second.",
            differs: "The node's wall clock, in whole milliseconds. Deadlines of keys go by the "
                + "clocks of their shards instead.",
            body: .session(.time)),
        Command(
            "dbsize", arity: 1, flags: [.readonly, .fast],
            categories: [.keyspace, .read, .fast],
            tips: ["request_policy:all_shards", "response_policy:agg_sum"],
            since: "1.0.0", group: .server, complexity: "O(N) for N shards.",
            summary: "Counts the keys of this node's shards.",
            body: .session(.dbsize), wholeBody: .read(DatabaseCommands.dbsize)),
        Command(
            "keys", arity: 2, flags: [.readonly],
            categories: [.keyspace, .read, .slow, .dangerous],
            tips: ["request_policy:all_shards", "nondeterministic_output_order"],
            since: "1.0.0", group: .generic, complexity: "O(N) for N keys.",
            summary: "Lists the keys whose names match a pattern.",
            arguments: [CommandArgument("pattern", .pattern)],
            body: .session(.keys), wholeBody: .read(DatabaseCommands.keys)),
        Command(
            "randomkey", arity: 1, flags: [.readonly],
            categories: [.keyspace, .read, .slow],
            tips: [
                "request_policy:all_shards", "response_policy:special", "nondeterministic_output",
            ],
            since: "1.0.0", group: .generic, complexity: "O(1)",
            summary: "Answers the name of a key drawn at random.",
            body: .session(.randomkey), wholeBody: .read(DatabaseCommands.randomkey)),
        Command(
            "flushdb", arity: -1, flags: [.write],
            categories: [.keyspace, .write, .slow, .dangerous],
            tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
            since: "1.0.0", group: .server, complexity: "O(N) for N keys.",
            summary: "Deletes every key of the database.",
            differs: "`ASYNC` and `SYNC` are the same: memory is freed by and by.",
            arguments: [flushMode],
            body: .session(.flushdb), wholeBody: .write(DatabaseCommands.flushdb)),
        Command(
            "flushall", arity: -1, flags: [.write],
            categories: [.keyspace, .write, .slow, .dangerous],
            tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
            since: "1.0.0", group: .server, complexity: "O(N) for N keys.",
            summary: "Deletes every key of this node's shards.",
            differs: "On the cluster listener it empties the shards that this node leads, on the "
                + "plain listener the 16 databases, one after the other; each leaves the "
                + "other's keys alone, but where database 0 is the cluster's keyspace "
                + "(`plain.database0`). Where only some were emptied it answers `-UNCERTAIN`. "
                + "`ASYNC` and `SYNC` are the same.",
            arguments: [flushMode],
            body: .session(.flushall)),
        Command(
            "wait", arity: 3, flags: [.noScript],
            categories: [.slow, .connection],
            tips: ["request_policy:all_shards", "response_policy:agg_min"],
            since: "3.0.0", group: .generic, complexity: "O(1)",
            summary: "Waits until the connection's writes are on so many replicas.",
            differs: "Counts the followers that have the connection's writes on disk (written, "
                + "with `durability = \"periodic\"`); every acknowledged write is on a majority "
                + "already. Of writes through the plain listener that another loop or node led it "
                + "counts that majority, and no more. With no time limit, a wait for more than "
                + "can be learned is ended with `-UNBLOCKED`, as when the leadership moves.",
            arguments: [
                CommandArgument("numreplicas", .integer),
                CommandArgument("timeout", .integer),
            ],
            body: .session(.wait)),
        Command(
            "debug", arity: -2, flags: [.admin, .noScript, .loading, .stale],
            categories: [.admin, .slow, .dangerous],
            since: "1.0.0", group: .server, complexity: "Depends on the subcommand.",
            summary: "Plants faults, where the settings allow it.",
            differs: "Has none of Redis's subcommands, but `POISON key` and `SPOIL key`, which "
                + "plant faults where `security.debug-commands` allows it.",
            body: .session(.debug)),
        Command(
            "cluster", arity: -2, flags: [],
            categories: [.slow],
            since: "3.0.0", group: .cluster, complexity: "Depends on the subcommand.",
            summary: "Commands about the cluster.",
            body: .session(.cluster),
            subcommands: [
                Command(
                    "slots", in: "cluster", arity: 2, flags: [.stale],
                    categories: [.slow],
                    tips: ["nondeterministic_output"],
                    since: "3.0.0", group: .cluster, complexity: "O(N) for N nodes.",
                    deprecatedSince: "7.0.0", replacedBy: "`CLUSTER SHARDS`",
                    summary: "Answers which node serves which slots.",
                    differs: "Names each range's leader, or the last one while there is none, and "
                        + "no replicas. Ranges of two shards are never joined.",
                    body: .session(.cluster)),
                Command(
                    "shards", in: "cluster", arity: 2, flags: [.stale],
                    categories: [.slow],
                    tips: ["nondeterministic_output"],
                    since: "7.0.0", group: .cluster, complexity: "O(N) for N nodes.",
                    summary: "Answers which nodes serve which slots, with their state.",
                    differs: "Each shard has one node, its leader, or the last one while there is "
                        + "none; `replication-offset` is 0 and `health` is `online`.",
                    body: .session(.cluster)),
                Command(
                    "nodes", in: "cluster", arity: 2, flags: [.stale],
                    categories: [.slow],
                    tips: ["nondeterministic_output"],
                    since: "3.0.0", group: .cluster, complexity: "O(N) for N nodes.",
                    summary: "Describes the nodes, a line each.",
                    differs: "Every node is a `master` and `connected`, whether it answers or not. "
                        + "The port behind the `@` is the peer listener's, and the epoch is the "
                        + "directory's.",
                    body: .session(.cluster)),
                Command(
                    "info", in: "cluster", arity: 2, flags: [.stale],
                    categories: [.slow],
                    tips: ["nondeterministic_output"],
                    since: "3.0.0", group: .cluster, complexity: "O(1)",
                    summary: "Describes the cluster.",
                    differs: "`cluster_state` is `fail` while a shard has no leader. Counts of "
                        + "messages are 0, and epochs are the directory's.",
                    body: .session(.cluster)),
                Command(
                    "myid", in: "cluster", arity: 2, flags: [.stale],
                    categories: [.slow],
                    since: "3.0.0", group: .cluster, complexity: "O(1)",
                    summary: "Answers this node's id.",
                    body: .session(.cluster)),
                Command(
                    "keyslot", in: "cluster", arity: 3, flags: [.stale],
                    categories: [.slow],
                    since: "3.0.0", group: .cluster, complexity: "O(N) for a key of N bytes.",
                    summary: "Answers the slot of a key.",
                    arguments: [
                        CommandArgument("key", .string)
                    ],
                    body: .session(.cluster)),
            ] + ClusterCommands.subcommands),
        Command(
            "readonly", arity: 1, flags: [.loading, .stale, .fast],
            categories: [.fast, .connection],
            since: "3.0.0", group: .cluster, complexity: "O(1)",
            summary: "Lets the connection read from replicas.",
            differs: "Accepted and without effect: reads are answered by leaders, and others "
                + "answer `MOVED`.",
            body: .session(.readonly)),
        Command(
            "readwrite", arity: 1, flags: [.loading, .stale, .fast],
            categories: [.fast, .connection],
            since: "3.0.0", group: .cluster, complexity: "O(1)",
            summary: "Undoes `READONLY`.",
            differs: "Accepted and without effect, as is `READONLY`.",
            body: .session(.readwrite)),
        Command(
            "asking", arity: 1, flags: [.fast],
            categories: [.fast, .connection],
            since: "3.0.0", group: .cluster, complexity: "O(1)",
            summary: "Lets the next command use a slot that is on its way to this node.",
            differs: "Accepted and without effect: no node answers `ASK`.",
            body: .session(.asking)),
    ]
}
