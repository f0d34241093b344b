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
            differs: "A string has at most 512 MiB, whatever `proto-max-bulk-len` is.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("value", .string),
            ],
            body: .write(append, peek: nil, weigh: weighAppend)),
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
            "delex", arity: -2, flags: [.write, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "delete", "variable_flags"),
            since: "8.4.0", group: .string,
            complexity: "O(1), and O(N) for N bytes that are compared or digested.",
            summary: "Deletes a key if the string that it holds compares as asked.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument(
                    "condition", .oneOf, flags: [.optional],
                    [
                        CommandArgument("ifeq-value", .string, token: "IFEQ"),
                        CommandArgument("ifne-value", .string, token: "IFNE"),
                        CommandArgument("ifdeq-digest", .string, token: "IFDEQ"),
                        CommandArgument("ifdne-digest", .string, token: "IFDNE"),
                    ]),
            ],
            body: .write(delex, peek: peekDelex)),
        Command(
            "digest", arity: 2, flags: [.readonly, .fast],
            categories: [.read, .string, .fast],
            keys: .one("RO", "access"),
            since: "8.4.0", group: .string, complexity: "O(N) for N bytes of the string.",
            summary: "Answers the XXH3 hash of a string, as 16 hexadecimal digits.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(digest)),
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
            "getrange", arity: 4, flags: [.readonly],
            categories: [.read, .string, .slow],
            keys: .one("RO", "access"),
            since: "2.4.0", group: .string,
            complexity: "O(N) for N bytes that are answered.",
            summary: "Answers a part of the string that a key holds.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("start", .integer),
                CommandArgument("end", .integer),
            ],
            body: .read(getrange)),
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
            "increx", arity: -2, flags: [.write, .denyOOM, .fast],
            categories: [.write, .string, .fast],
            keys: .one("RW", "access", "update"),
            since: "8.8.0", group: .string, complexity: "O(1)",
            summary:
                "Adds to the number that a key holds, within bounds, and may change when the key ends.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument(
                    "increment", .oneOf, flags: [.optional],
                    [
                        CommandArgument("float", .double, token: "BYFLOAT"),
                        CommandArgument("integer", .integer, token: "BYINT"),
                    ]),
                CommandArgument("saturate", .pureToken, token: "SATURATE", flags: [.optional]),
                CommandArgument("lowerbound", .string, token: "LBOUND", flags: [.optional]),
                CommandArgument("upperbound", .string, token: "UBOUND", flags: [.optional]),
                CommandArgument(
                    "expiration", .oneOf, flags: [.optional],
                    [
                        CommandArgument("seconds", .integer, token: "EX"),
                        CommandArgument("milliseconds", .integer, token: "PX"),
                        CommandArgument("unix-time-seconds", .unixTime, token: "EXAT"),
                        CommandArgument("unix-time-milliseconds", .unixTime, token: "PXAT"),
                        CommandArgument("persist", .pureToken, token: "PERSIST"),
                    ]),
                CommandArgument("enx", .pureToken, token: "ENX", flags: [.optional]),
            ],
            body: .write(increx, peek: peekIncrex)),
        Command(
            "lcs", arity: -3, flags: [.readonly],
            categories: [.read, .string, .slow],
            keys: .all("RO", "access", count: 2),
            since: "7.0.0", group: .string, complexity: "O(N*M) for strings of N and M bytes.",
            summary: "Finds the longest bytes that two strings have in common, gaps allowed.",
            differs: "It takes no more than it would if `proto-max-bulk-len` were 512 MiB, and no "
                + "string of more than 16 MiB.",
            arguments: [
                CommandArgument("key1", .key),
                CommandArgument("key2", .key),
                CommandArgument("len", .pureToken, token: "LEN", flags: [.optional]),
                CommandArgument("idx", .pureToken, token: "IDX", flags: [.optional]),
                CommandArgument("len", .integer, token: "MINMATCHLEN", flags: [.optional]),
                CommandArgument(
                    "withmatchlen", .pureToken, token: "WITHMATCHLEN", flags: [.optional]),
            ],
            body: .read(lcs, worksMuch: true)),
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
            "msetex", arity: -4, flags: [.write, .denyOOM, .movableKeys],
            categories: [.write, .string, .slow],
            keys: .counted("OW", "update", step: 2),
            tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
            since: "8.4.0", group: .string, complexity: "O(N) for N keys.",
            summary: "Sets several keys at once; options make it conditional or give them an end.",
            arguments: [
                CommandArgument("numkeys", .integer),
                CommandArgument(
                    "data", .block, flags: [.multiple],
                    [
                        CommandArgument("key", .key),
                        CommandArgument("value", .string),
                    ]),
                CommandArgument(
                    "condition", .oneOf, flags: [.optional],
                    [
                        CommandArgument("nx", .pureToken, token: "NX"),
                        CommandArgument("xx", .pureToken, token: "XX"),
                    ]),
                CommandArgument(
                    "expiration", .oneOf, flags: [.optional],
                    [
                        CommandArgument("seconds", .integer, token: "EX"),
                        CommandArgument("milliseconds", .integer, token: "PX"),
                        CommandArgument("unix-time-seconds", .unixTime, token: "EXAT"),
                        CommandArgument("unix-time-milliseconds", .unixTime, token: "PXAT"),
                        CommandArgument("keepttl", .pureToken, token: "KEEPTTL"),
                    ]),
            ],
            body: .write(msetex, peek: peekMsetex)),
        Command(
            "msetnx", arity: -3, flags: [.write, .denyOOM],
            categories: [.write, .string, .slow],
            keys: .all("OW", "insert", step: 2),
            tips: ["request_policy:multi_shard", "response_policy:agg_min"],
            since: "1.0.1", group: .string, complexity: "O(N) for N keys.",
            summary: "Sets several keys at once, unless one of them exists.",
            arguments: [
                CommandArgument(
                    "key_value", .block, flags: [.multiple],
                    [
                        CommandArgument("key", .key),
                        CommandArgument("value", .string),
                    ])
            ],
            body: .write(msetnx, peek: peekMsetnx)),
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
                        CommandArgument("ifeq-value", .string, token: "IFEQ", since: "8.4.0"),
                        CommandArgument("ifne-value", .string, token: "IFNE", since: "8.4.0"),
                        CommandArgument("ifdeq-digest", .string, token: "IFDEQ", since: "8.4.0"),
                        CommandArgument("ifdne-digest", .string, token: "IFDNE", since: "8.4.0"),
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
            "setrange", arity: 4, flags: [.write, .denyOOM],
            categories: [.write, .string, .slow],
            keys: .one("RW", "update"),
            since: "2.2.0", group: .string,
            complexity: "O(N) for N bytes that are written, zeros before them included.",
            summary: "Overwrites a part of a string, which grows with zeros as far as needed.",
            differs: "A string has at most 512 MiB, whatever `proto-max-bulk-len` is.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("offset", .integer),
                CommandArgument("value", .string),
            ],
            body: .write(setrange, peek: peekSetrange, weigh: weighSetrange)),
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
        Command(
            "substr", arity: 4, flags: [.readonly],
            categories: [.read, .string, .slow],
            keys: .one("RO", "access"),
            since: "1.0.0", group: .string,
            complexity: "O(N) for N bytes that are answered.",
            deprecatedSince: "2.0.0", replacedBy: "`GETRANGE`",
            summary: "Answers a part of the string that a key holds.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("start", .integer),
                CommandArgument("end", .integer),
            ],
            body: .read(getrange)),
    ]
}
