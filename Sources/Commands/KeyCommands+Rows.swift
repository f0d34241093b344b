/// The rows of the commands on keys of any type.
extension KeyCommands {
    static let rows: [Command] = [
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
            "touch", arity: -2, flags: [.readonly, .fast],
            categories: [.keyspace, .read, .fast],
            keys: .all("RO"),
            tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
            since: "3.2.1", group: .generic, complexity: "O(N) for N keys.",
            summary: "Counts which of the given keys exist.",
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
            arguments: [
                CommandArgument("cursor", .integer),
                CommandArgument("pattern", .pattern, token: "MATCH", flags: [.optional]),
                CommandArgument("count", .integer, token: "COUNT", flags: [.optional]),
                CommandArgument("type", .string, token: "TYPE", since: "6.0.0", flags: [.optional]),
            ],
            body: .session(.scan), wholeBody: .read(DatabaseCommands.scan)),
    ]
}
