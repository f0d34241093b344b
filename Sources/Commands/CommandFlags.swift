/// What is special about a command, as `COMMAND` reports it.
package struct CommandFlags: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let write = CommandFlags(rawValue: 1 << 0)
    package static let readonly = CommandFlags(rawValue: 1 << 1)
    /// May use more memory.
    package static let denyOOM = CommandFlags(rawValue: 1 << 2)
    package static let admin = CommandFlags(rawValue: 1 << 3)
    package static let noScript = CommandFlags(rawValue: 1 << 4)
    package static let blocking = CommandFlags(rawValue: 1 << 5)
    /// Allowed while a node loads its data.
    package static let loading = CommandFlags(rawValue: 1 << 6)
    /// Allowed on a node that may be behind.
    package static let stale = CommandFlags(rawValue: 1 << 7)
    package static let fast = CommandFlags(rawValue: 1 << 8)
    /// Allowed before the connection has authenticated.
    package static let noAuth = CommandFlags(rawValue: 1 << 9)
    package static let noAsyncLoading = CommandFlags(rawValue: 1 << 10)
    package static let noMulti = CommandFlags(rawValue: 1 << 11)
    /// Its keys are not where ``KeySpecification`` can say.
    package static let movableKeys = CommandFlags(rawValue: 1 << 12)
    /// Allowed while a script runs too long.
    package static let allowBusy = CommandFlags(rawValue: 1 << 13)

    /// In the order in which Redis lists them.
    static let names: [(flag: CommandFlags, name: String)] = [
        (.write, "write"), (.readonly, "readonly"), (.denyOOM, "denyoom"), (.admin, "admin"),
        (.noScript, "noscript"), (.blocking, "blocking"), (.loading, "loading"),
        (.stale, "stale"), (.fast, "fast"), (.noAuth, "no_auth"),
        (.noAsyncLoading, "no_async_loading"), (.noMulti, "no_multi"),
        (.movableKeys, "movablekeys"), (.allowBusy, "allow_busy"),
    ]

    package var names: [String] { Self.names.filter { contains($0.flag) }.map(\.name) }
}

/// Which categories of access control lists a command is in.
package struct CommandCategories: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let keyspace = CommandCategories(rawValue: 1 << 0)
    package static let read = CommandCategories(rawValue: 1 << 1)
    package static let write = CommandCategories(rawValue: 1 << 2)
    package static let hash = CommandCategories(rawValue: 1 << 3)
    package static let string = CommandCategories(rawValue: 1 << 4)
    package static let admin = CommandCategories(rawValue: 1 << 5)
    package static let fast = CommandCategories(rawValue: 1 << 6)
    package static let slow = CommandCategories(rawValue: 1 << 7)
    package static let dangerous = CommandCategories(rawValue: 1 << 8)
    package static let connection = CommandCategories(rawValue: 1 << 9)
    package static let scripting = CommandCategories(rawValue: 1 << 20)

    /// In the order in which Redis lists them.
    package static let names: [(category: CommandCategories, name: String)] = [
        (.keyspace, "keyspace"), (.read, "read"), (.write, "write"), (.hash, "hash"),
        (.string, "string"), (.admin, "admin"), (.fast, "fast"), (.slow, "slow"),
        (.dangerous, "dangerous"), (.connection, "connection"),
        (.scripting, "scripting"),
    ]

    package var names: [String] { Self.names.filter { contains($0.category) }.map(\.name) }
}
