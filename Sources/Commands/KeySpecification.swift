/// Which arguments are keys, and what is done with them (Redis: "Command key specifications").
package struct KeySpecification: Sendable {
    /// The first key's index; 0 when there are no keys.
    package let first: Int
    /// The last key's index; counted from the end when negative.
    package let last: Int
    package let step: Int
    /// As `COMMAND INFO` shows them: access (`RO`, `RW`, `OW`, `RM`) and what for.
    package let flags: [String]
    package let notes: String?

    package init(
        first: Int, last: Int, step: Int, flags: [String] = [], notes: String? = nil
    ) {
        self.first = first
        self.last = last
        self.step = step
        self.flags = flags
        self.notes = notes
    }

    package static let none = KeySpecification(first: 0, last: 0, step: 0)

    static func one(_ flags: String..., notes: String? = nil) -> KeySpecification {
        KeySpecification(first: 1, last: 1, step: 1, flags: flags, notes: notes)
    }

    static func all(_ flags: String..., step: Int = 1) -> KeySpecification {
        KeySpecification(first: 1, last: -1, step: step, flags: flags)
    }

    /// One past the last key's index in a request of `argumentCount` arguments.
    func end(argumentCount: Int) -> Int {
        min(last < 0 ? argumentCount + last + 1 : last + 1, argumentCount)
    }
}
