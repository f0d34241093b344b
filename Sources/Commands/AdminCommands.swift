/// The rows of the commands that operate a node or the cluster (Redis: "Server management").
enum AdminCommands {
    static let rows: [Command] = [config, function, slowlog, latency, lolwut]

    /// The flags that Redis gives nearly all of these.
    static let operating: CommandFlags = [.admin, .noScript, .loading, .stale]
    static let operators: CommandCategories = [.admin, .slow, .dangerous]

    private static let config = Command(
        "config", arity: -2, flags: [], categories: [.slow],
        since: "2.0.0", group: .server, complexity: "Depends on the subcommand.",
        summary: "Commands about parameters.",
        body: .session(.config),
        subcommands: [
            Command(
                "get", in: "config", arity: -3, flags: operating, categories: operators,
                since: "2.0.0", group: .server, complexity: "O(N) for N parameters.",
                summary: "Answers the values of parameters.",
                differs: "Has the parameters that docs/configuration.md lists.",
                arguments: [
                    CommandArgument(
                        "parameter", .block, flags: [.multiple],
                        [CommandArgument("parameter", .string)])
                ],
                body: .session(.config)),
            Command(
                "set", in: "config", arity: -4, flags: operating, categories: operators,
                tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
                since: "2.0.0", group: .server, complexity: "O(N) for N parameters.",
                summary: "Sets parameters for the whole cluster.",
                differs: "Sets parameters for the whole cluster, and keeps them through restarts. "
                    + "Which have an effect is in docs/configuration.md: `maxmemory` has none "
                    + "yet.",
                arguments: [
                    CommandArgument(
                        "parameter_value", .block, flags: [.multiple],
                        [
                            CommandArgument("parameter", .string),
                            CommandArgument("value", .string),
                        ])
                ],
                body: .session(.config)),
            Command(
                "resetstat", in: "config", arity: 2, flags: operating, categories: operators,
                since: "2.0.0", group: .server, complexity: "O(1)",
                summary: "Begins the counts of `INFO` anew, on this node.",
                body: .session(.config)),
            Command(
                "rewrite", in: "config", arity: 2, flags: operating, categories: operators,
                since: "2.8.0", group: .server, complexity: "O(1)",
                summary: "Is refused: what `CONFIG SET` sets is kept by the cluster.",
                differs: "Always refused: the cluster keeps what `CONFIG SET` has set, and no file "
                    + "is written.",
                body: .session(.config)),
            .help(of: "config"),
        ])

    private static let function = Command(
        "function", arity: -2, flags: [], categories: [.slow],
        since: "7.0.0", group: .scripting, complexity: "Depends on the subcommand.",
        summary: "Commands about functions, of which there are none yet.",
        body: .session(.function),
        subcommands: [
            Command(
                "flush", in: "function", arity: -2, flags: [.write, .noScript],
                categories: [.write, .slow, .scripting],
                tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
                since: "7.0.0", group: .scripting, complexity: "O(N) for N functions.",
                summary: "Deletes all functions.",
                differs: "There are no functions to delete.",
                arguments: [
                    CommandArgument(
                        "async", .oneOf, flags: [.optional],
                        [
                            CommandArgument("async", .pureToken, token: "ASYNC"),
                            CommandArgument("sync", .pureToken, token: "SYNC"),
                        ])
                ],
                body: .session(.function)),
            Command(
                "list", in: "function", arity: -2, flags: [.noScript],
                categories: [.slow, .scripting],
                tips: ["nondeterministic_output_order"],
                since: "7.0.0", group: .scripting, complexity: "O(N) for N functions.",
                summary: "Describes all functions.",
                differs: "There are no functions to list.",
                arguments: [
                    CommandArgument(
                        "library-name-pattern", .string, token: "LIBRARYNAME", flags: [.optional]),
                    CommandArgument("withcode", .pureToken, token: "WITHCODE", flags: [.optional]),
                ],
                body: .session(.function)),
            .help(of: "function", since: "7.0.0", .scripting, [.slow, .scripting]),
        ])
}
