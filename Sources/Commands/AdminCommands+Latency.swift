extension AdminCommands {
    private static func subcommand(
        _ name: String, of container: String, arity: Int, flags: CommandFlags = operating,
        tips: [String], since: String, complexity: String = "O(1)", _ summary: String,
        differs: String? = nil, _ arguments: [CommandArgument] = [], _ body: SessionCommand
    ) -> Command {
        Command(
            name, in: container, arity: arity, flags: flags, categories: operators, tips: tips,
            since: since, group: .server, complexity: complexity, summary: summary,
            differs: differs, arguments: arguments, body: .session(body))
    }

    static let slowlog = Command(
        "slowlog", arity: -2, flags: [], categories: [.slow],
        since: "2.2.12", group: .server, complexity: "Depends on the subcommand.",
        summary: "Commands about the commands that took long.",
        body: .session(.slowlog),
        subcommands: [
            subcommand(
                "get", of: "slowlog", arity: -2, flags: [.admin, .loading, .stale],
                tips: ["request_policy:all_nodes", "nondeterministic_output"], since: "2.2.12",
                complexity: "O(N) for N entries.", "Answers the newest entries of this node.",
                differs: "Commands are logged by the node that executes them; what another node's "
                    + "plain client has asked for has the address `?:0` and no name. The `CONFIG "
                    + "SET` that turns logging on is not logged.",
                [CommandArgument("count", .integer, flags: [.optional])], .slowlog),
            subcommand(
                "len", of: "slowlog", arity: 2, flags: [.admin, .loading, .stale],
                tips: [
                    "request_policy:all_nodes", "response_policy:agg_sum",
                    "nondeterministic_output",
                ], since: "2.2.12", "Counts the entries of this node.", [], .slowlog),
            subcommand(
                "reset", of: "slowlog", arity: 2, flags: [.admin, .loading, .stale],
                tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
                since: "2.2.12", complexity: "O(N) for N entries.",
                "Removes the entries of this node.", [], .slowlog),
            .help(of: "slowlog", since: "6.2.0"),
        ])

    private static let special = [
        "nondeterministic_output", "request_policy:all_nodes", "response_policy:special",
    ]
    private static let events =
        "The events are `command`, `fast-command`, `commit`, `disk-sync` and `turn`: docs/info.md."
    private static let event = [CommandArgument("event", .string)]

    static let latency = Command(
        "latency", arity: -2, flags: [], categories: [.slow],
        since: "2.8.13", group: .server, complexity: "Depends on the subcommand.",
        summary: "Commands about how long things take.",
        body: .session(.latency),
        subcommands: [
            subcommand(
                "doctor", of: "latency", arity: 2, tips: special, since: "2.8.13",
                "Says in words what took long on this node.",
                differs: "Words of its own. " + events, [],
                .latency),
            subcommand(
                "graph", of: "latency", arity: 3, tips: special, since: "2.8.13",
                "Draws the latest samples of an event.", differs: events, event, .latency),
            subcommand(
                "history", of: "latency", arity: 3, tips: special, since: "2.8.13",
                "Answers the samples of an event.", differs: events, event, .latency),
            subcommand(
                "latest", of: "latency", arity: 2, tips: special, since: "2.8.13",
                "Answers the latest sample of each event.", differs: events, [], .latency),
            subcommand(
                "reset", of: "latency", arity: -2,
                tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
                since: "2.8.13", "Forgets the samples of some or all events.", differs: events,
                [CommandArgument("event", .string, flags: [.optional, .multiple])], .latency),
            subcommand(
                "histogram", of: "latency", arity: -2, tips: special, since: "7.0.0",
                complexity: "O(N) for N commands.",
                "Answers how often commands took how long on this node.",
                differs: "Commands count on the node that executes them.",
                [CommandArgument("command", .string, flags: [.optional, .multiple])], .latency),
            .help(of: "latency", since: "2.8.13"),
        ])

    static let lolwut = Command(
        "lolwut", arity: -1, flags: [.readonly, .fast], categories: [.read, .fast],
        since: "5.0.0", group: .server, complexity: "O(1)",
        summary: "Draws a bird and names the version.",
        differs: "Draws Martlet's bird for every version.",
        arguments: [
            CommandArgument("version", .integer, token: "VERSION", flags: [.optional])
        ],
        body: .session(.lolwut))
}
