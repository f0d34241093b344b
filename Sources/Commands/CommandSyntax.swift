extension Command {
    /// How the command is written, as the pages on redis.io show it: `GETEX key [EX seconds | …]`.
    package var syntax: String {
        let words = fullName.uppercased().replacing("|", with: " ")
        guard subcommands.isEmpty else { return "\(words) subcommand [argument ...]" }
        return ([words] + documentation.arguments.map(\.syntax)).joined(separator: " ")
    }
}

extension CommandArgument {
    package var syntax: String {
        var text = once
        if flags.contains(.multiple) {
            let again = flags.contains(.multipleToken) || token == nil ? once : value
            // A long choice is not written out again.
            text += kind == .oneOf ? " ..." : " [\(again) ...]"
        }
        return flags.contains(.optional) ? "[\(text)]" : text
    }

    private var once: String {
        let words = [token ?? "", kind == .pureToken ? "" : value]
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private var value: String {
        switch kind {
        case .block: arguments.map(\.syntax).joined(separator: " ")
        case .oneOf: isBracketed ? choices : "<\(choices)>"
        case .string, .integer, .double, .key, .pattern, .unixTime, .pureToken: name
        }
    }

    private var choices: String { arguments.map(\.syntax).joined(separator: " | ") }

    /// Whether the brackets of what is optional are around the choices already.
    private var isBracketed: Bool {
        flags.contains(.optional) && token == nil && !flags.contains(.multiple)
    }
}
