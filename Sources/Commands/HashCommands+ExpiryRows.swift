/// The rows of the commands on deadlines of fields.
extension HashCommands {
    static let expiryRows: [Command] = [
        Command(
            "hexpire", arity: -6, flags: [.write, .denyOOM, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "update"),
            since: "7.4.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Lets fields of a hash end after some seconds.",
            arguments: [CommandArgument("key", .key), CommandArgument("seconds", .integer)]
                + condition + fields,
            body: .write(hexpire, peek: peekHexpire)),
        Command(
            "hexpireat", arity: -6, flags: [.write, .denyOOM, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "update"),
            since: "7.4.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Lets fields of a hash end at a Unix time in seconds.",
            arguments: [
                CommandArgument("key", .key), CommandArgument("unix-time-seconds", .unixTime),
            ] + condition + fields,
            body: .write(hexpireat, peek: peekHexpireat)),
        Command(
            "hexpiretime", arity: -5, flags: [.readonly, .fast],
            categories: [.read, .hash, .fast],
            keys: .one("RO", "access"),
            since: "7.4.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Answers the Unix time in seconds at which fields of a hash end.",
            arguments: [CommandArgument("key", .key)] + fields,
            body: .read(hexpiretime)),
        Command(
            "hgetex", arity: -5, flags: [.write, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "access", "update", notes: "Changes the fields too: their end"),
            since: "8.0.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Answers the values of fields of a hash and may change when the fields end.",
            arguments: [
                CommandArgument("key", .key),
                expiration(or: CommandArgument("persist", .pureToken, token: "PERSIST")),
            ] + fields,
            body: .write(hgetex, peek: peekHgetex)),
        Command(
            "hpexpire", arity: -6, flags: [.write, .denyOOM, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "update"),
            since: "7.4.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Lets fields of a hash end after some milliseconds.",
            arguments: [CommandArgument("key", .key), CommandArgument("milliseconds", .integer)]
                + condition + fields,
            body: .write(hpexpire, peek: peekHpexpire)),
        Command(
            "hpexpireat", arity: -6, flags: [.write, .denyOOM, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "update"),
            since: "7.4.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Lets fields of a hash end at a Unix time in milliseconds.",
            arguments: [
                CommandArgument("key", .key), CommandArgument("unix-time-milliseconds", .unixTime),
            ] + condition + fields,
            body: .write(hpexpireat, peek: peekHpexpireat)),
        Command(
            "hpexpiretime", arity: -5, flags: [.readonly, .fast],
            categories: [.read, .hash, .fast],
            keys: .one("RO", "access"),
            since: "7.4.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Answers the Unix time in milliseconds at which fields of a hash end.",
            arguments: [CommandArgument("key", .key)] + fields,
            body: .read(hpexpiretime)),
        Command(
            "hpersist", arity: -5, flags: [.write, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "update"),
            since: "7.4.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Lets fields of a hash stay that were to end.",
            arguments: [CommandArgument("key", .key)] + fields,
            body: .write(hpersist, peek: peekHpersist)),
        Command(
            "hpttl", arity: -5, flags: [.readonly, .fast],
            categories: [.read, .hash, .fast],
            keys: .one("RO", "access"),
            tips: ["nondeterministic_output"],
            since: "7.4.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Answers in how many milliseconds fields of a hash end.",
            arguments: [CommandArgument("key", .key)] + fields,
            body: .read(hpttl)),
        Command(
            "hsetex", arity: -6, flags: [.write, .denyOOM, .fast],
            categories: [.write, .hash, .fast],
            keys: .one("RW", "update"),
            since: "8.0.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Sets fields of a hash and when they end.",
            arguments: [
                CommandArgument("key", .key),
                CommandArgument(
                    "condition", .oneOf, flags: [.optional],
                    [
                        CommandArgument("fnx", .pureToken, token: "FNX"),
                        CommandArgument("fxx", .pureToken, token: "FXX"),
                    ]),
                expiration(or: CommandArgument("keepttl", .pureToken, token: "KEEPTTL")),
                CommandArgument(
                    "fields", .block, token: "FIELDS",
                    [
                        CommandArgument("numfields", .integer),
                        CommandArgument(
                            "data", .block, flags: [.multiple],
                            [
                                CommandArgument("field", .string),
                                CommandArgument("value", .string),
                            ]),
                    ]),
            ],
            body: .write(hsetex, peek: peekHsetex)),
        Command(
            "httl", arity: -5, flags: [.readonly, .fast],
            categories: [.read, .hash, .fast],
            keys: .one("RO", "access"),
            tips: ["nondeterministic_output"],
            since: "7.4.0", group: .hash, complexity: "O(N) for N fields.",
            summary: "Answers in how many seconds fields of a hash end.",
            arguments: [CommandArgument("key", .key)] + fields,
            body: .read(httl)),
    ]

    private static let fields = [
        CommandArgument(
            "fields", .block, token: "FIELDS",
            [
                CommandArgument("numfields", .integer),
                CommandArgument("field", .string, flags: [.multiple]),
            ])
    ]

    private static let condition = [
        CommandArgument(
            "condition", .oneOf, flags: [.optional],
            [
                CommandArgument("nx", .pureToken, token: "NX"),
                CommandArgument("xx", .pureToken, token: "XX"),
                CommandArgument("gt", .pureToken, token: "GT"),
                CommandArgument("lt", .pureToken, token: "LT"),
            ])
    ]

    private static func expiration(or last: CommandArgument) -> CommandArgument {
        CommandArgument(
            "expiration", .oneOf, flags: [.optional],
            [
                CommandArgument("seconds", .integer, token: "EX"),
                CommandArgument("milliseconds", .integer, token: "PX"),
                CommandArgument("unix-time-seconds", .unixTime, token: "EXAT"),
                CommandArgument("unix-time-milliseconds", .unixTime, token: "PXAT"),
                last,
            ])
    }
}
