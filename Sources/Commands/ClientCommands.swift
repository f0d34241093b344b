/// The subcommands of `CLIENT` beside those on a connection's name and number.
enum ClientCommands {
    static let subcommands: [Command] = [
        kill, unblock, pause,
        own(
            "unpause", arity: 2, since: "6.2.0", isAdmin: true,
            "Lets clients of this node go on after `CLIENT PAUSE`."),
        Command(
            "reply", in: "client", arity: 3, flags: [.noScript, .loading, .stale],
            categories: [.slow, .connection], since: "3.2.0", group: .connection,
            complexity: "O(1)", summary: "Says whether the connection wants replies.",
            arguments: [choice("on_off_skip", ["on", "off", "skip"])],
            body: .session(.client)),
        Command(
            "no-evict", in: "client", arity: 3, flags: AdminCommands.operating,
            categories: operators, since: "7.0.0", group: .connection, complexity: "O(1)",
            summary: "Keeps the connection from being closed for want of memory.",
            differs: "Accepted and without effect: no client is closed for want of memory.",
            arguments: [choice("enabled", ["on", "off"])], body: .session(.client)),
        Command(
            "no-touch", in: "client", arity: 3, flags: [.noScript, .loading, .stale],
            categories: [.slow, .connection], since: "7.2.0", group: .connection,
            complexity: "O(1)", summary: "Keeps what the connection reads from counting as used.",
            differs: "Accepted and without effect: accesses of keys are not tracked.",
            arguments: [choice("enabled", ["on", "off"])], body: .session(.client)),
        own(
            "getredir", arity: 2, since: "6.0.0", "Answers -1: there is no client tracking.",
            differs: "Always -1."),
        own(
            "trackinginfo", arity: 2, since: "6.2.0", "Says that the connection isn't tracked.",
            differs: "The flags are always `off`."),
        tracking,
        Command(
            "caching", in: "client", arity: 3, flags: [.noScript, .loading, .stale],
            categories: [.slow, .connection], since: "6.0.0", group: .connection,
            complexity: "O(1)", summary: "Is refused: there is no client tracking.",
            differs: "Always refused: there is no client tracking.",
            arguments: [choice("mode", ["yes", "no"])], body: .session(.client)),
        .help(of: "client", .connection, [.slow, .connection]),
    ]

    private static let operators: CommandCategories = [.admin, .slow, .dangerous, .connection]

    private static func own(
        _ name: String, arity: Int, since: String, isAdmin: Bool = false, _ summary: String,
        differs: String? = nil
    ) -> Command {
        Command(
            name, in: "client", arity: arity,
            flags: isAdmin ? AdminCommands.operating : [.noScript, .loading, .stale],
            categories: isAdmin ? operators : [.slow, .connection],
            since: since, group: .connection, complexity: "O(1)", summary: summary,
            differs: differs, body: .session(.client))
    }

    /// One of some words.
    static func choice(
        _ name: String, _ words: [String], token: String? = nil, since: String? = nil,
        flags: CommandArgument.Flags = []
    ) -> CommandArgument {
        CommandArgument(
            name, .oneOf, token: token, since: since, flags: flags,
            words.map { CommandArgument($0, .pureToken, token: $0.uppercased()) })
    }

    private static let kill = Command(
        "kill", in: "client", arity: -3, flags: AdminCommands.operating, categories: operators,
        since: "2.4.0", group: .connection, complexity: "O(N) for N connections.",
        summary: "Closes connections of this node.",
        arguments: [
            CommandArgument(
                "filter", .oneOf,
                [
                    CommandArgument("ip:port", .string),
                    CommandArgument(
                        "new-format", .oneOf, flags: [.multiple],
                        [
                            CommandArgument(
                                "client-id", .integer, token: "ID", since: "2.8.12",
                                flags: [.optional]),
                            choice(
                                "normal_master_slave_pubsub",
                                ["normal", "master", "slave", "replica", "pubsub"],
                                token: "TYPE", since: "2.8.12", flags: [.optional]),
                            CommandArgument(
                                "username", .string, token: "USER", flags: [.optional]),
                            CommandArgument(
                                "ip:port", .string, token: "ADDR", flags: [.optional]),
                            CommandArgument(
                                "ip:port", .string, token: "LADDR", since: "6.2.0",
                                flags: [.optional]),
                            CommandArgument(
                                "yes/no", .string, token: "SKIPME", flags: [.optional]),
                            CommandArgument(
                                "maxage", .integer, token: "MAXAGE", since: "7.4.0",
                                flags: [.optional]),
                        ]),
                ])
        ],
        body: .session(.client))

    private static let unblock = Command(
        "unblock", in: "client", arity: -3, flags: AdminCommands.operating,
        categories: operators, since: "5.0.0", group: .connection,
        complexity: "O(N) for N connections.",
        summary: "Ends the wait of another connection of this node.",
        arguments: [
            CommandArgument("client-id", .integer),
            choice("timeout_error", ["timeout", "error"], flags: [.optional]),
        ],
        body: .session(.client))

    private static let pause = Command(
        "pause", in: "client", arity: -3, flags: AdminCommands.operating, categories: operators,
        since: "2.9.50", group: .connection, complexity: "O(1)",
        summary: "Holds back the commands of this node's clients for some time.",
        differs: "Holds back the clients of this node only; other nodes' clients go on, also with "
            + "what this node does for them.",
        arguments: [
            CommandArgument("timeout", .integer),
            choice("mode", ["write", "all"], since: "6.2.0", flags: [.optional]),
        ],
        body: .session(.client))

    private static let tracking = Command(
        "tracking", in: "client", arity: -3, flags: [.noScript, .loading, .stale],
        categories: [.slow, .connection], since: "6.0.0", group: .connection,
        complexity: "O(1)", summary: "Is refused but for `OFF`: there is no client tracking.",
        differs: "`ON` is refused: there is no client tracking. `OFF` takes no options.",
        arguments: [choice("status", ["on", "off"])],
        body: .session(.client))
}
