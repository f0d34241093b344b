/// The subcommands of `CLUSTER` about keys and other nodes.
enum ClusterCommands {
    static let subcommands: [Command] = [
        Command(
            "countkeysinslot", in: "cluster", arity: 3, flags: [.stale], categories: [.slow],
            since: "3.0.0", group: .cluster, complexity: "O(1)",
            summary: "Counts the keys that this node has in a slot.",
            differs: "Where this node follows the slot's shard it is the follower's copy, which "
                + "may be behind.",
            arguments: [CommandArgument("slot", .integer)], body: .session(.cluster)),
        Command(
            "getkeysinslot", in: "cluster", arity: 4, flags: [.stale], categories: [.slow],
            tips: ["nondeterministic_output"], since: "3.0.0", group: .cluster,
            complexity: "O(N) for N keys.",
            summary: "Answers keys that this node has in a slot.",
            differs: "Where this node follows the slot's shard it is the follower's copy, which "
                + "may be behind.",
            arguments: [
                CommandArgument("slot", .integer), CommandArgument("count", .integer),
            ], body: .session(.cluster)),
        Command(
            "links", in: "cluster", arity: 2, flags: [.stale], categories: [.slow],
            tips: ["nondeterministic_output"], since: "7.0.0", group: .cluster,
            complexity: "O(N) for N nodes.",
            summary: "Answers the links to other nodes that are up.",
            differs:
                "Those that the connection's loop has made, two to each node, one for consensus and "
                + "one for all else; those that others have made are not listed, and the sizes of "
                + "buffers are 0.",
            body: .session(.cluster)),
        replicas("replicas", since: "5.0.0"),
        replicas("slaves", since: "3.0.0", replacedBy: "`CLUSTER REPLICAS`"),
        Command(
            "myshardid", in: "cluster", arity: 2, flags: [.stale], categories: [.slow],
            since: "7.2.0", group: .cluster, complexity: "O(1)",
            summary: "Answers this node's id: it shows as a master without replicas.",
            differs: "Answers the node's own id.",
            body: .session(.cluster)),
        .help(of: "cluster", .cluster, body: .cluster),
    ]

    private static func replicas(
        _ name: String, since: String, replacedBy: String? = nil
    ) -> Command {
        Command(
            name, in: "cluster", arity: 3, flags: [.admin, .stale],
            categories: [.admin, .slow, .dangerous], tips: ["nondeterministic_output"],
            since: since, group: .cluster, complexity: "O(N) for N nodes.",
            deprecatedSince: replacedBy == nil ? nil : "5.0.0", replacedBy: replacedBy,
            summary: "Answers no replicas: every node shows as a master.",
            differs: "Always empty.", arguments: [CommandArgument("node-id", .string)],
            body: .session(.cluster))
    }
}
