/// The rows of the commands on keys of any type.
extension KeyCommands {
    static let rows: [Command] = [
        Command(
            "copy", arity: -3, flags: [.write, .denyOOM],
            categories: [.keyspace, .write, .slow],
            keys: .each(["RO", "access"], ["OW", "update"]),
            since: "6.2.0", group: .generic,
            complexity: "O(N) for a string of N bytes, or a hash of N fields and values in bytes.",
            summary: "Copies what a key holds, and when it ends, to another key.",
            differs: "`DB` with another database than the connection's is refused on both "
                + "listeners: each may be on another shard. No hash is copied that has more than 512 MiB, "
                + "where each field counts for 512 bytes more.",
            arguments: [
                CommandArgument("source", .key),
                CommandArgument("destination", .key),
                CommandArgument("destination-db", .integer, token: "DB", flags: [.optional]),
                CommandArgument("replace", .pureToken, token: "REPLACE", flags: [.optional]),
            ],
            body: .write(copy, peek: peekCopy, weigh: weighCopy)),
        Command(
            "del", arity: -2, flags: [.write],
            categories: [.keyspace, .write, .slow],
            keys: .all("RM", "delete"),
            tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
            since: "1.0.0", group: .generic,
            complexity: "O(N) for N keys, and O(M) for a hash of M fields.",
            summary: "Deletes keys.",
            arguments: [
                CommandArgument("key", .key, flags: [.multiple])
            ],
            body: .write(delete, peek: peekDelete)),
        Command(
            "exists", arity: -2, flags: [.readonly, .fast],
            categories: [.keyspace, .read, .fast],
            keys: .all("RO"),
            tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
            since: "1.0.0", group: .generic, complexity: "O(N) for N keys.",
            summary: "Counts which of the given keys exist; a key given twice counts twice.",
            arguments: [
                CommandArgument("key", .key, flags: [.multiple])
            ],
            body: .read(exists)),
        Command(
            "expire", arity: -3, flags: [.write, .fast],
            categories: [.keyspace, .write, .fast],
            keys: .one("RW", "update"),
            since: "1.0.0", group: .generic, complexity: "O(1)",
            summary: "Lets a key end after some seconds.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("seconds", .integer),
                CommandArgument(
                    "condition", .oneOf, since: "7.0.0", flags: [.optional],
                    [
                        CommandArgument("nx", .pureToken, token: "NX"),
                        CommandArgument("xx", .pureToken, token: "XX"),
                        CommandArgument("gt", .pureToken, token: "GT"),
                        CommandArgument("lt", .pureToken, token: "LT"),
                    ]),
            ],
            body: .write(expire, peek: peekExpire)),
        Command(
            "expireat", arity: -3, flags: [.write, .fast],
            categories: [.keyspace, .write, .fast],
            keys: .one("RW", "update"),
            since: "1.2.0", group: .generic, complexity: "O(1)",
            summary: "Lets a key end at a Unix time in seconds.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("unix-time-seconds", .unixTime),
                CommandArgument(
                    "condition", .oneOf, since: "7.0.0", flags: [.optional],
                    [
                        CommandArgument("nx", .pureToken, token: "NX"),
                        CommandArgument("xx", .pureToken, token: "XX"),
                        CommandArgument("gt", .pureToken, token: "GT"),
                        CommandArgument("lt", .pureToken, token: "LT"),
                    ]),
            ],
            body: .write(expireat, peek: peekExpire)),
        Command(
            "expiretime", arity: 2, flags: [.readonly, .fast],
            categories: [.keyspace, .read, .fast],
            keys: .one("RO", "access"),
            since: "7.0.0", group: .generic, complexity: "O(1)",
            summary: "Answers when a key ends, as a Unix time in seconds.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(expiretime)),
        Command(
            "persist", arity: 2, flags: [.write, .fast],
            categories: [.keyspace, .write, .fast],
            keys: .one("RW", "update"),
            since: "2.2.0", group: .generic, complexity: "O(1)",
            summary: "Takes away a key's end.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .write(persist, peek: peekPersist)),
        Command(
            "pexpire", arity: -3, flags: [.write, .fast],
            categories: [.keyspace, .write, .fast],
            keys: .one("RW", "update"),
            since: "2.6.0", group: .generic, complexity: "O(1)",
            summary: "Lets a key end after some milliseconds.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("milliseconds", .integer),
                CommandArgument(
                    "condition", .oneOf, since: "7.0.0", flags: [.optional],
                    [
                        CommandArgument("nx", .pureToken, token: "NX"),
                        CommandArgument("xx", .pureToken, token: "XX"),
                        CommandArgument("gt", .pureToken, token: "GT"),
                        CommandArgument("lt", .pureToken, token: "LT"),
                    ]),
            ],
            body: .write(pexpire, peek: peekExpire)),
        Command(
            "pexpireat", arity: -3, flags: [.write, .fast],
            categories: [.keyspace, .write, .fast],
            keys: .one("RW", "update"),
            since: "2.6.0", group: .generic, complexity: "O(1)",
            summary: "Lets a key end at a Unix time in milliseconds.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("unix-time-milliseconds", .unixTime),
                CommandArgument(
                    "condition", .oneOf, since: "7.0.0", flags: [.optional],
                    [
                        CommandArgument("nx", .pureToken, token: "NX"),
                        CommandArgument("xx", .pureToken, token: "XX"),
                        CommandArgument("gt", .pureToken, token: "GT"),
                        CommandArgument("lt", .pureToken, token: "LT"),
                    ]),
            ],
            body: .write(pexpireat, peek: peekExpire)),
        Command(
            "pexpiretime", arity: 2, flags: [.readonly, .fast],
            categories: [.keyspace, .read, .fast],
            keys: .one("RO", "access"),
            since: "7.0.0", group: .generic, complexity: "O(1)",
            summary: "Answers when a key ends, as a Unix time in milliseconds.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(pexpiretime)),
        Command(
            "pttl", arity: 2, flags: [.readonly, .fast],
            categories: [.keyspace, .read, .fast],
            keys: .one("RO", "access"),
            tips: ["nondeterministic_output"],
            since: "2.6.0", group: .generic, complexity: "O(1)",
            summary: "Answers for how many milliseconds a key still lives.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(pttl)),
        Command(
            "rename", arity: 3, flags: [.write],
            categories: [.keyspace, .write, .slow],
            keys: .each(["RW", "access", "delete"], ["OW", "update"]),
            since: "1.0.0", group: .generic,
            complexity: "O(1), and O(N) for a string of N bytes.",
            summary: "Gives a key another name, whatever key has it.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("newkey", .key),
            ],
            body: .write(rename, peek: peekRename, weigh: weighRename)),
        Command(
            "renamenx", arity: 3, flags: [.write, .fast],
            categories: [.keyspace, .write, .fast],
            keys: .each(["RW", "access", "delete"], ["OW", "insert"]),
            since: "1.0.0", group: .generic, complexity: "O(1), and O(N) for a string of N bytes.",
            summary: "Gives a key another name, unless another key has it.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("newkey", .key),
            ],
            body: .write(renamenx, peek: peekRenamenx, weigh: weighRename)),
        Command(
            "touch", arity: -2, flags: [.readonly, .fast],
            categories: [.keyspace, .read, .fast],
            keys: .all("RO"),
            tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
            since: "3.2.1", group: .generic, complexity: "O(N) for N keys.",
            summary: "Counts which of the given keys exist.",
            differs: "Counts only: accesses of keys are not tracked.",
            arguments: [
                CommandArgument("key", .key, flags: [.multiple])
            ],
            body: .read(exists)),
        Command(
            "ttl", arity: 2, flags: [.readonly, .fast],
            categories: [.keyspace, .read, .fast],
            keys: .one("RO", "access"),
            tips: ["nondeterministic_output"],
            since: "1.0.0", group: .generic, complexity: "O(1)",
            summary: "Answers for how many seconds a key still lives.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(ttl)),
        Command(
            "type", arity: 2, flags: [.readonly, .fast],
            categories: [.keyspace, .read, .fast],
            keys: .one("RO"),
            since: "1.0.0", group: .generic, complexity: "O(1)",
            summary: "Answers the type of what a key holds.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(type)),
        Command(
            "unlink", arity: -2, flags: [.write, .fast],
            categories: [.keyspace, .write, .fast],
            keys: .all("RM", "delete"),
            tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
            since: "4.0.0", group: .generic, complexity: "O(N) for N keys.",
            summary: "Deletes keys.",
            arguments: [
                CommandArgument("key", .key, flags: [.multiple])
            ],
            body: .write(delete, peek: peekDelete)),
        Command(
            "scan", arity: -2, flags: [.readonly],
            categories: [.keyspace, .read, .slow],
            tips: ["nondeterministic_output", "request_policy:special"],
            since: "2.8.0", group: .generic,
            complexity: "O(1) for a call, O(N) for a whole walk of N keys.",
            summary: "Walks the keys a few at a time.",
            differs: "On the plain listener a walk may go on at any node. On the cluster listener "
                + "it misses keys of shards whose leadership leaves the node meanwhile.",
            arguments: [
                CommandArgument("cursor", .integer),
                CommandArgument("pattern", .pattern, token: "MATCH", flags: [.optional]),
                CommandArgument("count", .integer, token: "COUNT", flags: [.optional]),
                CommandArgument("type", .string, token: "TYPE", since: "6.0.0", flags: [.optional]),
            ],
            body: .session(.scan), wholeBody: .read(DatabaseCommands.scan)),
    ]
}
