/// What `COMMAND DOCS` and the docs pages say of a command. A class, so that a row of the table
/// stays small: all rows are made once and shared.
package final class CommandDocumentation: Sendable {
    package enum Group: String, Sendable, CaseIterable {
        case generic
        case string
        case hash
        case connection
        case server
        case cluster
        case scripting
    }

    package let summary: String
    /// The version of Redis whose command this is.
    package let since: String
    package let group: Group
    package let complexity: String
    package let deprecatedSince: String?
    package let replacedBy: String?
    /// In what the command is not Redis's, in Markdown and whole sentences; for the docs pages, which a
    /// test makes of the table. `COMMAND DOCS` has no place for it.
    package let differs: String?
    package let tips: [String]
    package let arguments: [CommandArgument]

    init(
        summary: String, since: String, group: Group, complexity: String,
        deprecatedSince: String?, replacedBy: String?, differs: String?, tips: [String],
        arguments: [CommandArgument]
    ) {
        self.summary = summary
        self.since = since
        self.group = group
        self.complexity = complexity
        self.deprecatedSince = deprecatedSince
        self.replacedBy = replacedBy
        self.differs = differs
        self.tips = tips
        self.arguments = arguments
    }
}

/// An argument in a command's documentation (Redis: "Command arguments").
package struct CommandArgument: Sendable {
    package enum Kind: String, Sendable {
        case string
        case integer
        case double
        case key
        case pattern
        case unixTime = "unix-time"
        case pureToken = "pure-token"
        case oneOf = "oneof"
        case block
    }

    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let optional = Flags(rawValue: 1)
        package static let multiple = Flags(rawValue: 2)
        /// The token is repeated with each value.
        package static let multipleToken = Flags(rawValue: 4)

        package var names: [String] {
            [
                (Flags.optional, "optional"), (.multiple, "multiple"),
                (.multipleToken, "multiple_token"),
            ]
            .filter { contains($0.0) }.map(\.1)
        }
    }

    package let name: String
    package let kind: Kind
    package let token: String?
    package let since: String?
    package let flags: Flags
    package let arguments: [CommandArgument]

    init(
        _ name: String, _ kind: Kind, token: String? = nil, since: String? = nil,
        flags: Flags = [], _ arguments: [CommandArgument] = []
    ) {
        self.name = name
        self.kind = kind
        self.token = token
        self.since = since
        self.flags = flags
        self.arguments = arguments
    }
}
