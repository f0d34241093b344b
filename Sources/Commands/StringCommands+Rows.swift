/// The rows of the commands on strings.
extension StringCommands {
    static let rows: [Command] = [
        Command(
            "append", arity: 3, flags: [.write, .denyOOM, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "insert"),
            since: "2.0.0", group: .string,
            complexity: "O(1) amortised over many calls; the string's room doubles as it grows.",
            summary: "Appends bytes to a string; a missing key counts as an empty one.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("value", .string),
            ],
            body: .write(append, peek: nil)),
        Command(
            "decr", arity: 2, flags: [.write, .denyOOM, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "access", "update"),
            since: "1.0.0", group: .string, complexity: "O(1)",
            summary: "Subtracts 1 from the integer that a key holds; a missing key counts as 0.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .write(decr, peek: nil)),
        Command(
            "decrby", arity: 3, flags: [.write, .denyOOM, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "access", "update"),
            since: "1.0.0", group: .string, complexity: "O(1)",
            summary:
                "Subtracts an integer from the integer that a key holds; a missing key counts as 0.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("decrement", .integer),
            ],
            body: .write(decrby, peek: nil)),
        Command(
            "get", arity: 2, flags: [.readonly, .fast],
            categories: [.read, .string, .fast],
            keys: .one("RO", "access"),
            since: "1.0.0", group: .string, complexity: "O(1)",
            summary: "Answers the string that a key holds.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(get)),
        Command(
            "getdel", arity: 2, flags: [.write, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "access", "delete"),
            since: "6.2.0", group: .string, complexity: "O(1)",
            summary: "Answers the string that a key holds and deletes the key.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .write(getdel, peek: peekGetdel)),
        Command(
            "getex", arity: -2, flags: [.write, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "access", "update", notes: "Changes the key too: its end"),
            since: "6.2.0", group: .string, complexity: "O(1)",
            summary: "Answers the string that a key holds and may change when the key ends.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument(
                    "expiration", .oneOf, flags: [.optional],
                    [
                        CommandArgument("seconds", .integer, token: "EX"),
                        CommandArgument("milliseconds", .integer, token: "PX"),
                        CommandArgument("unix-time-seconds", .unixTime, token: "EXAT"),
                        CommandArgument("unix-time-milliseconds", .unixTime, token: "PXAT"),
                        CommandArgument("persist", .pureToken, token: "PERSIST"),
                    ]),
            ],
            body: .write(getex, peek: peekGetex)),
        Command(
            "getset", arity: 3, flags: [.write, .denyOOM, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "access", "update"),
            since: "1.0.0", group: .string, complexity: "O(1)",
            deprecatedSince: "6.2.0", replacedBy: "`SET` with the `!GET` argument",
            summary: "Sets a key to a string and answers the one before.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("value", .string),
            ],
            body: .write(getset, peek: nil)),
        Command(
            "incr", arity: 2, flags: [.write, .denyOOM, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "access", "update"),
            since: "1.0.0", group: .string, complexity: "O(1)",
            summary: "Adds 1 to the integer that a key holds; a missing key counts as 0.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .write(incr, peek: nil)),
        Command(
            "incrby", arity: 3, flags: [.write, .denyOOM, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "access", "update"),
            since: "1.0.0", group: .string, complexity: "O(1)",
            summary: "Adds an integer to the integer that a key holds; a missing key counts as 0.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("increment", .integer),
            ],
            body: .write(incrby, peek: nil)),
        Command(
            "incrbyfloat", arity: 3, flags: [.write, .denyOOM, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "access", "update"),
            since: "2.6.0", group: .string, complexity: "O(1)",
            summary:
                "Adds a floating-point number to the one that a key holds; a missing key counts as 0.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("increment", .double),
            ],
            body: .write(incrbyfloat, peek: nil)),
        Command(
            "mget", arity: -2, flags: [.readonly, .fast],
            categories: [.read, .string, .fast],
            keys: .all("RO", "access"),
            tips: ["request_policy:multi_shard"],
            since: "1.0.0", group: .string, complexity: "O(N) for N keys.",
            summary: "Answers the strings of several keys, null where a key holds none.",
            arguments: [
                CommandArgument("key", .key, flags: [.multiple])
            ],
            body: .read(mget)),
        Command(
            "mset", arity: -3, flags: [.write, .denyOOM],
            categories: [.write, .string, .slow],
            keys: .all("OW", "update", step: 2),
            tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
            since: "1.0.1", group: .string, complexity: "O(N) for N keys.",
            summary: "Sets several keys at once.",
            arguments: [
                CommandArgument(
                    "key_value", .block, flags: [.multiple],
                    [
                        CommandArgument("key", .key),
                        CommandArgument("value", .string),
                    ])
            ],
            body: .write(mset, peek: nil)),
        Command(
            "psetex", arity: 4, flags: [.write, .denyOOM],
            categories: [.write, .string, .slow],
            keys: .one("OW", "update"),
            since: "2.6.0", group: .string, complexity: "O(1)",
            summary: "Sets a key to a string that ends after some milliseconds.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("milliseconds", .integer),
                CommandArgument("value", .string),
            ],
            body: .write(psetex, peek: nil)),
        Command(
            "set", arity: -3, flags: [.write, .denyOOM],
            categories: [.write, .string, .slow],
            keys: .one(
                "RW", "access", "update", "variable_flags",
                notes: "Reads the key too when `GET` is given"),
            since: "1.0.0", group: .string, complexity: "O(1)",
            summary:
                "Sets a key to a string, whatever it held; options make it conditional or give it an end.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("value", .string),
                CommandArgument(
                    "condition", .oneOf, since: "2.6.12", flags: [.optional],
                    [
                        CommandArgument("nx", .pureToken, token: "NX"),
                        CommandArgument("xx", .pureToken, token: "XX"),
                    ]),
                CommandArgument(
                    "get", .pureToken, token: "GET", since: "6.2.0", flags: [.optional]),
                CommandArgument(
                    "expiration", .oneOf, flags: [.optional],
                    [
                        CommandArgument("seconds", .integer, token: "EX", since: "2.6.12"),
                        CommandArgument("milliseconds", .integer, token: "PX", since: "2.6.12"),
                        CommandArgument(
                            "unix-time-seconds", .unixTime, token: "EXAT", since: "6.2.0"),
                        CommandArgument(
                            "unix-time-milliseconds", .unixTime, token: "PXAT", since: "6.2.0"),
                        CommandArgument("keepttl", .pureToken, token: "KEEPTTL", since: "6.0.0"),
                    ]),
            ],
            body: .write(set, peek: peekSet)),
        Command(
            "setex", arity: 4, flags: [.write, .denyOOM],
            categories: [.write, .string, .slow],
            keys: .one("OW", "update"),
            since: "2.0.0", group: .string, complexity: "O(1)",
            summary: "Sets a key to a string that ends after some seconds.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("seconds", .integer),
                CommandArgument("value", .string),
            ],
            body: .write(setex, peek: nil)),
        Command(
            "setnx", arity: 3, flags: [.write, .denyOOM, .fast],
            categories: [.write, .string, .fast],
            keys: .one("OW", "insert"),
            since: "1.0.0", group: .string, complexity: "O(1)",
            summary: "Sets a key to a string unless the key exists.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("value", .string),
            ],
            body: .write(setnx, peek: peekSetnx)),
        Command(
            "strlen", arity: 2, flags: [.readonly, .fast],
            categories: [.read, .string, .fast],
            keys: .one("RO"),
            since: "2.2.0", group: .string, complexity: "O(1)",
            summary: "Answers how many bytes a string has.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(strlen)),
    ]
}
