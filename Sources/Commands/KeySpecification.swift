/// Which arguments are keys, and what is done with them (Redis: "Command key specifications").
package struct KeySpecification: Sendable {
    package let positions: KeyPositions
    /// As `COMMAND INFO` shows them: access (`RO`, `RW`, `OW`, `RM`) and what for. Several when each
    /// key has its own.
    package let flags: [[String]]
    package let notes: String?

    private init(_ positions: KeyPositions, flags: [[String]] = [], notes: String? = nil) {
        self.positions = positions
        self.flags = flags
        self.notes = notes
    }

    package static let none = KeySpecification(.none)

    static func one(_ flags: String..., notes: String? = nil, at index: Int = 1) -> KeySpecification
    {
        KeySpecification(
            KeyPositions(first: index, last: index, step: 1), flags: [flags], notes: notes)
    }

    /// The first `count`, or all.
    static func all(_ flags: String..., step: Int = 1, count: Int = -1) -> KeySpecification {
        KeySpecification(KeyPositions(first: 1, last: count, step: step), flags: [flags])
    }

    /// The first keys, each with flags of its own.
    static func each(_ flags: [String]...) -> KeySpecification {
        KeySpecification(KeyPositions(first: 1, last: flags.count, step: 1), flags: flags)
    }

    /// As many as the first argument says.
    static func counted(_ flags: String..., step: Int = 1) -> KeySpecification {
        KeySpecification(KeyPositions(countedAt: 1, first: 2, step: step), flags: [flags])
    }
}
