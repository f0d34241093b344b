package import RESP

extension CommandReplies {
    /// Writes the reply to the `HELP` of a container: its subcommands, and what each does.
    ///
    /// - Parameters:
    ///   - request: The whole request, whose name is the container's.
    ///   - table: The table that has it.
    ///   - reply: Where the reply goes.
    package static func help(
        _ request: borrowing Request, from table: borrowing CommandTable,
        into reply: inout ReplyWriter
    ) {
        guard let index = table.find(request[0]) else { return reply.array(0) }
        let container = table[index]
        reply.array(1 + container.subcommands.count * 2)
        reply.simple(
            "\(container.name.uppercased()) <subcommand> [<arg> [value] [opt] ...]. "
                + "Subcommands are:")
        for subcommand in container.subcommands {
            let arguments = subcommand.documentation.arguments.map(\.syntax)
            reply.simple(([subcommand.name.uppercased()] + arguments).joined(separator: " "))
            reply.simple("    \(subcommand.documentation.summary)")
        }
    }
}

extension Command {
    /// The row of a container's `HELP`.
    static func help(
        of container: String, since: String = "5.0.0",
        _ group: CommandDocumentation.Group = .server, _ categories: CommandCategories = [.slow],
        body: SessionCommand = .help
    ) -> Command {
        Command(
            "help", in: container, arity: 2, flags: [.loading, .stale], categories: categories,
            since: since, group: group, complexity: "O(1)", summary: "Lists the subcommands.",
            body: .session(body))
    }
}
