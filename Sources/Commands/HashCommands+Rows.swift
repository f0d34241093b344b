/// The rows of the commands on hashes; those on deadlines of fields are in a file of their own.
extension HashCommands {
    static let rows = fieldRows + expiryRows

    private static let fieldRows: [Command] = [
        Command(
            "hdel", arity: -3, flags: [.write, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "delete"),
            since: "2.0.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Deletes fields of a hash, and the hash with its last one.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("field", .string, flags: [.multiple]),
            ],
            body: .write(hdel, peek: peekHdel)),
        Command(
            "hexists", arity: 3, flags: [.readonly, .fast],
            categories: [.read, .hash, .fast],
            keys: .one("RO"),
            since: "2.0.0", group: .hash, complexity: "O(1)",
            summary: "Answers whether a hash has a field.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("field", .string),
            ],
            body: .read(hexists)),
        Command(
            "hget", arity: 3, flags: [.readonly, .fast],
            categories: [.read, .hash, .fast],
            keys: .one("RO", "access"),
            since: "2.0.0", group: .hash, complexity: "O(1)",
            summary: "Answers the value of a field of a hash.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("field", .string),
            ],
            body: .read(hget)),
        Command(
            "hgetall", arity: 2, flags: [.readonly],
            categories: [.read, .hash, .slow],
            keys: .one("RO", "access"),
            tips: ["nondeterministic_output_order"],
            since: "2.0.0", group: .hash, complexity: "O(N) for a hash of N fields.",
            summary: "Answers all fields of a hash with their values.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(hgetall)),
        Command(
            "hgetdel", arity: -5, flags: [.write, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "access", "delete"),
            since: "8.0.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Answers the values of fields of a hash and deletes the fields.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument(
                    "fields", .block, token: "FIELDS",
                    [
                        CommandArgument("numfields", .integer),
                        CommandArgument("field", .string, flags: [.multiple]),
                    ]),
            ],
            body: .write(hgetdel, peek: peekHgetdel)),
        Command(
            "hincrby", arity: 4, flags: [.write, .denyOOM, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "access", "update"),
            since: "2.0.0", group: .hash, complexity: "O(1)",
            summary:
                "Adds an integer to the integer that a field holds; a missing field counts as 0.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("field", .string),
                CommandArgument("increment", .integer),
            ],
            body: .write(hincrby, peek: nil)),
        Command(
            "hincrbyfloat", arity: 4, flags: [.write, .denyOOM, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "access", "update"),
            since: "2.6.0", group: .hash, complexity: "O(1)",
            summary:
                "Adds a floating-point number to the one that a field holds; a missing field counts as 0.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("field", .string),
                CommandArgument("increment", .double),
            ],
            body: .write(hincrbyfloat, peek: nil)),
        Command(
            "hkeys", arity: 2, flags: [.readonly],
            categories: [.read, .hash, .slow],
            keys: .one("RO", "access"),
            tips: ["nondeterministic_output_order"],
            since: "2.0.0", group: .hash, complexity: "O(N) for a hash of N fields.",
            summary: "Answers the names of all fields of a hash.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(hkeys)),
        Command(
            "hlen", arity: 2, flags: [.readonly, .fast],
            categories: [.read, .hash, .fast],
            keys: .one("RO"),
            since: "2.0.0", group: .hash, complexity: "O(1)",
            summary: "Answers how many fields a hash has.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(hlen)),
        Command(
            "hmget", arity: -3, flags: [.readonly, .fast],
            categories: [.read, .hash, .fast],
            keys: .one("RO", "access"),
            since: "2.0.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Answers the values of several fields of a hash, null for those it lacks.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("field", .string, flags: [.multiple]),
            ],
            body: .read(hmget)),
        Command(
            "hmset", arity: -4, flags: [.write, .denyOOM, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "update"),
            since: "2.0.0", group: .hash, complexity: "O(N) for N fields.",
            deprecatedSince: "4.0.0", replacedBy: "`HSET` with multiple field-value pairs",
            summary: "Sets several fields of a hash.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument(
                    "field_value", .block, flags: [.multiple],
                    [
                        CommandArgument("field", .string),
                        CommandArgument("value", .string),
                    ]),
            ],
            body: .write(hmset, peek: nil)),
        Command(
            "hrandfield", arity: -2, flags: [.readonly],
            categories: [.read, .hash, .slow],
            keys: .one("RO", "access"),
            tips: ["nondeterministic_output"],
            since: "6.2.0", group: .hash, complexity: "O(N) for N fields in the reply.",
            summary: "Answers fields of a hash, drawn at random.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument(
                    "options", .block, flags: [.optional],
                    [
                        CommandArgument("count", .integer),
                        CommandArgument(
                            "withvalues", .pureToken, token: "WITHVALUES", flags: [.optional]),
                    ]),
            ],
            body: .read(hrandfield, worksMuch: true)),
        Command(
            "hscan", arity: -3, flags: [.readonly],
            categories: [.read, .hash, .slow],
            keys: .one("RO", "access"),
            tips: ["nondeterministic_output"],
            since: "2.8.0", group: .hash,
            complexity: "O(1) for a call, O(N) for a whole walk through N fields.",
            summary: "Walks the fields of a hash, some with each call.",
            differs: "A hash of at most 1024 fields, names and values of at most 4 KiB and "
                + "128 KiB in all is answered at once, whatever `COUNT` is.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("cursor", .integer),
                CommandArgument("pattern", .pattern, token: "MATCH", flags: [.optional]),
                CommandArgument("count", .integer, token: "COUNT", flags: [.optional]),
                CommandArgument(
                    "novalues", .pureToken, token: "NOVALUES", since: "7.4.0",
                    flags: [.optional]),
            ],
            body: .read(hscan)),
        Command(
            "hset", arity: -4, flags: [.write, .denyOOM, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "update"),
            since: "2.0.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Sets fields of a hash and answers how many are new.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument(
                    "field_value", .block, flags: [.multiple],
                    [
                        CommandArgument("field", .string),
                        CommandArgument("value", .string),
                    ]),
            ],
            body: .write(hset, peek: nil)),
        Command(
            "hsetnx", arity: 4, flags: [.write, .denyOOM, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "insert"),
            since: "2.0.0", group: .hash, complexity: "O(1)",
            summary: "Sets a field of a hash unless the hash has it.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("field", .string),
                CommandArgument("value", .string),
            ],
            body: .write(hsetnx, peek: peekHsetnx)),
        Command(
            "hstrlen", arity: 3, flags: [.readonly, .fast],
            categories: [.read, .hash, .fast],
            keys: .one("RO"),
            since: "3.2.0", group: .hash, complexity: "O(1)",
            summary: "Answers how many bytes the value of a field has.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument("field", .string),
            ],
            body: .read(hstrlen)),
        Command(
            "hvals", arity: 2, flags: [.readonly],
            categories: [.read, .hash, .slow],
            keys: .one("RO", "access"),
            tips: ["nondeterministic_output_order"],
            since: "2.0.0", group: .hash, complexity: "O(N) for a hash of N fields.",
            summary: "Answers the values of all fields of a hash.",
            arguments: [
                CommandArgument("key", .key)
            ],
            body: .read(hvals)),
    ]
}
