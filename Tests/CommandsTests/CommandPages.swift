import Commands
import Foundation

/// What is generated from the command table: the pages in docs/commands and the tables of
/// docs/compatibility.md. It stands with the test that compares the files with it, since no server needs it.
enum CommandPages {
    private static let commands = (0..<CommandTable.standard.count)
        .map { CommandTable.standard[$0] }
        .flatMap { [$0] + $0.subcommands }
        .sorted { $0.fullName < $1.fullName }

    /// The version that Martlet's behaviour is compared with, reply by reply.
    private static let reference = [7, 0, 15]

    /// Each file of docs/commands by its name.
    static var files: [(name: String, text: String)] {
        let groups = CommandDocumentation.Group.allCases
            .map { group in (group, commands.filter { $0.documentation.group == group }) }
            .filter { !$0.1.isEmpty }
        return [("README.md", index(groups))] + groups.map { ("\($0.rawValue).md", page($0, $1)) }
    }

    private static let origin = """
        <!-- Made from the command table in Sources/Commands; to write it again:
             MARTLET_REWRITE=1 swift test --filter CommandPagesTests -->

        """

    // MARK: docs/commands

    private static func index(_ groups: [(CommandDocumentation.Group, [Command])]) -> String {
        var text =
            origin + """
                # Commands

                Every command that Martlet has. [docs/compatibility.md](../compatibility.md) says in what they differ from
                Redis's, all on one page, and which commands of Redis are missing.


                """
        for (group, commands) in groups {
            text += "## [\(title(group))](\(group.rawValue).md)\n\n| command | |\n|---|---|\n"
            for command in commands {
                let name = "[`\(name(command))`](\(group.rawValue).md#\(anchor(command)))"
                text += "| \(name) | \(command.documentation.summary) |\n"
            }
            text += "\n"
        }
        return String(text.dropLast())
    }

    private static func page(
        _ group: CommandDocumentation.Group, _ commands: [Command]
    ) -> String {
        let sections = commands.map(section).joined(separator: "\n")
        return origin
            + "# \(title(group))\n\nAll groups: [Commands](README.md).\n\n\(sections)"
    }

    private static func section(_ command: Command) -> String {
        let documentation = command.documentation
        var text = """
            ## \(name(command))

                \(command.syntax)

            \(documentation.summary)


            """
        if let since = documentation.deprecatedSince {
            let other = documentation.replacedBy.map { "; use \(withoutMarks($0))" } ?? ""
            text += "- **Deprecated** since Redis \(since)\(other)\n"
        }
        if let differs = documentation.differs {
            text += "- **Differs from Redis:** \(linked(differs, from: "../"))\n"
        }
        let scope = scope(command)
        if !scope.isEmpty { text += "- Listeners: \(scope)\n" }
        text += "- Since: Redis \(documentation.since)\n"
        text += "- Complexity: \(documentation.complexity)\n"
        let keys = keys(command)
        if !keys.isEmpty { text += "- Keys: \(keys)\n" }
        let flags = command.flags.names
        if !flags.isEmpty { text += "- Flags: \(flags.map { "`\($0)`" }.joined(separator: " "))\n" }
        let categories = command.categories.names.map { "`@\($0)`" }
        text += "- Categories of ACLs: \(categories.joined(separator: " "))\n"
        if !command.subcommands.isEmpty {
            let names = command.subcommands.sorted { $0.name < $1.name }
                .map { "[\($0.name.uppercased())](\(page(of: $0))#\(anchor($0)))" }
            text += "- Subcommands: \(names.joined(separator: ", "))\n"
        }
        return text + arguments(documentation.arguments)
    }

    private static func arguments(_ arguments: [CommandArgument]) -> String {
        guard !arguments.isEmpty else { return "" }
        let rows = leaves(of: arguments, since: nil).map {
            "| \(code($0.argument.syntax)) | \(kind($0.argument)) | \($0.since ?? "") |\n"
        }
        return "\n| argument | takes | since |\n|---|---|---|\n" + rows.joined()
    }

    /// The arguments without those that only group others.
    private static func leaves(
        of arguments: [CommandArgument], since: String?
    ) -> [(argument: CommandArgument, since: String?)] {
        arguments.flatMap { argument in
            let since = argument.since ?? since
            guard !argument.arguments.isEmpty, argument.token == nil else {
                return [(argument, since)]
            }
            return leaves(of: argument.arguments, since: since)
        }
    }

    private static func kind(_ argument: CommandArgument) -> String {
        switch argument.kind {
        case .string: "a string"
        case .integer: "an integer"
        case .double: "a number"
        case .key: "a key"
        case .pattern: "a pattern"
        case .unixTime: "a Unix time"
        case .pureToken: "the word"
        case .oneOf, .block:
            Array(Set(argument.arguments.map(kind))).sorted().joined(separator: ", ")
        }
    }

    private static func keys(_ command: Command) -> String {
        let positions = command.keys.positions
        guard positions.first > 0 else { return "" }
        let flags = command.keys.flags.map { $0.joined(separator: " ") }.joined(
            separator: ", then ")
        let step = positions.step == 1 ? "each" : "every \(ordinal(positions.step))"
        let place =
            if positions.countIndex > 0 {
                "as many as argument \(positions.countIndex) says, \(step) from argument \(positions.first) on"
            } else if positions.last < 0 {
                "\(step) from argument \(positions.first) on"
            } else if positions.last == positions.first {
                "argument \(positions.first)"
            } else {
                "arguments \(positions.first) to \(positions.last)"
            }
        return "\(place) (\(flags))"
    }

    private static func ordinal(_ number: Int) -> String {
        switch number {
        case 2: "second"
        case 3: "third"
        default: "\(number)th"
        }
    }

    // MARK: docs/compatibility.md

    /// A row for each command and subcommand.
    static var compatibilityTable: String {
        var text = "| command | group | since | listeners | differs |\n|---|---|---|---|---|\n"
        for command in commands {
            let documentation = command.documentation
            let link = "commands/\(page(of: command))#\(anchor(command))"
            let differs = documentation.differs.map { linked($0, from: "") } ?? ""
            text +=
                "| [`\(name(command))`](\(link)) | \(documentation.group.rawValue) | "
                + "\(documentation.since) | \(scope(command)) | \(cell(differs)) |\n"
        }
        return text
    }

    /// What Martlet has and Redis 7.0.15 has not.
    static var newer: String {
        let wholes = commands.filter { isNewer($0.documentation.since) }
            .map { "`\(name($0))` (\($0.documentation.since))" }
        let parts = commands.filter { !isNewer($0.documentation.since) }.flatMap { command in
            leaves(of: command.documentation.arguments, since: nil)
                .filter { $0.since.map(isNewer) ?? false }
                .map { "`\(name(command)) … \($0.argument.syntax)` (\($0.since ?? ""))" }
        }
        return "Commands: \(wholes.joined(separator: ", ")).\n\n"
            + "Options: \(parts.map(withoutBrackets).joined(separator: ", ")).\n"
    }

    /// What of `names`, as COMMAND LIST of Redis gives them, Martlet has not.
    static func missing(of names: [String]) -> String {
        let own = Set(commands.map(\.fullName))
        let missing = names.filter { !own.contains($0) }
        let (parts, wholes) = (missing.filter(isSubcommand), missing.filter { !isSubcommand($0) })
        func list(_ names: [String]) -> String {
            names.map { "`\(spaced($0))`" }.joined(separator: ", ")
        }
        // The subcommands of a container that is missing itself go without saying.
        let known = parts.filter { own.contains(String($0.prefix { $0 != "|" })) }
        return "Commands: \(list(wholes)).\n\nSubcommands: \(list(known)).\n"
    }

    private static func isSubcommand(_ name: String) -> Bool { name.contains("|") }

    private static func isNewer(_ version: String) -> Bool {
        reference.lexicographicallyPrecedes(version.split(separator: ".").compactMap { Int($0) })
    }

    // MARK: Both

    /// What a command is on the two listeners, where they aren't alike.
    private static func scope(_ command: Command) -> String {
        if case .session(let session) = command.body {
            switch session {
            case .cluster, .readonly, .readwrite, .asking:
                return command.subcommands.isEmpty ? "cluster only" : ""
            default: break
            }
        }
        if command.wholeBody != nil {
            return "cluster: the shards that this node leads; plain: the connection's database"
        }
        let positions = command.keys.positions
        let hasSeveral = positions.countIndex > 0 || positions.last != positions.first
        return hasSeveral ? "cluster: keys of one slot; plain: any keys" : ""
    }

    private static func title(_ group: CommandDocumentation.Group) -> String {
        switch group {
        case .generic: "Keys of any type"
        case .string: "Strings"
        case .hash: "Hashes"
        case .connection: "Connections"
        case .server: "The server"
        case .cluster: "The cluster"
        case .scripting: "Scripting"
        }
    }

    private static func spaced(_ name: String) -> String {
        name.replacing("|", with: " ").uppercased()
    }

    private static func name(_ command: Command) -> String { spaced(command.fullName) }

    /// As GitHub makes them of headings.
    private static func anchor(_ command: Command) -> String {
        command.fullName.replacing("|", with: "-")
    }

    private static func page(of command: Command) -> String {
        "\(command.documentation.group.rawValue).md"
    }

    /// Within a table's cell, a bar has to be escaped even in code.
    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

    private static func code(_ text: String) -> String { "`\(cell(text))`" }

    /// Redis marks arguments as `!GET` in what a command was replaced by.
    private static func withoutMarks(_ text: String) -> String { text.replacing("`!", with: "`") }

    private static func withoutBrackets(_ text: String) -> String {
        text.filter { !"[]".contains($0) }
    }

    /// Makes links of the names of pages.
    private static func linked(_ text: String, from folder: String) -> String {
        text.replacing(/docs\/([a-z]+\.md)/) { "[\($0.0)](\(folder)\($0.1))" }
    }
}
