package import Keyspace
package import Primitives
package import RESP

/// A write as it is applied: checks everything, then changes; an error leaves no trace.
package typealias WriteBody =
    @Sendable (
        inout Keyspace, borrowing Request, inout ExecutionContext, inout ReplyWriter
    ) throws(CommandError) -> Void

/// A read on the state of the last applied entry.
package typealias ReadBody =
    @Sendable (
        borrowing Keyspace, borrowing Request, inout ExecutionContext, inout ReplyWriter
    ) throws(CommandError) -> Void

/// A write tried as a read: `true` when it changes nothing and its reply is written; `false`, and
/// nothing is written, when it must go through the log. Not final, like any read, while
/// ``ExecutionContext/sawUncertainDeadline`` is set. Errors are final too.
package typealias PeekBody =
    @Sendable (
        borrowing Keyspace, borrowing Request, inout ExecutionContext, inout ReplyWriter
    ) throws(CommandError) -> Bool

/// How many bytes a write would make, going by the state as it is, that are not in its request
/// (``ExecutionContext/willMake(_:)``); 0 for one whose arguments are wrong.
package typealias WeighBody =
    @Sendable (borrowing Keyspace, borrowing Request, inout ExecutionContext) -> Int

/// A row of the command table: all that dispatch, routing, `COMMAND` and the docs know of a command.
///
/// A class, since all share the rows: a copy of so wide a struct costs more than a `GET`.
package final class Command: Sendable {
    package enum Body: Sendable {
        /// `worksMuch` where a few bytes may ask for milliseconds of work (``ExecutionContext/work``).
        case read(ReadBody, worksMuch: Bool = false)
        /// With `weigh` where a write may make much more than its request brings.
        case write(WriteBody, peek: PeekBody?, weigh: WeighBody? = nil)
        /// Run by the node.
        case session(SessionCommand)
    }

    /// What a command of the node's is to a whole database, when it concerns one.
    package enum WholeBody: Sendable {
        case read(ReadBody)
        case write(WriteBody)
    }

    /// In lower case; of a subcommand, its own word only.
    package let name: String
    /// With its container, as in `client|list`.
    package let fullName: String
    /// How many arguments, the name included (and the container's); `-n` means at least `n`.
    package let arity: Int
    package let flags: CommandFlags
    package let categories: CommandCategories
    package let keys: KeySpecification
    package let body: Body
    package let wholeBody: WholeBody?
    package let subcommands: [Command]
    package let documentation: CommandDocumentation

    init(
        _ name: String, in container: String? = nil, arity: Int, flags: CommandFlags,
        categories: CommandCategories, keys: KeySpecification = .none, tips: [String] = [],
        since: String, group: CommandDocumentation.Group, complexity: String,
        deprecatedSince: String? = nil, replacedBy: String? = nil, summary: String,
        differs: String? = nil, arguments: [CommandArgument] = [], body: Body,
        wholeBody: WholeBody? = nil, subcommands: [Command] = []
    ) {
        self.name = name
        fullName = container.map { "\($0)|\(name)" } ?? name
        self.arity = arity
        self.flags = flags
        self.categories = categories
        self.keys = keys
        self.body = body
        self.wholeBody = wholeBody
        self.subcommands = subcommands
        documentation = CommandDocumentation(
            summary: summary, since: since, group: group, complexity: complexity,
            deprecatedSince: deprecatedSince, replacedBy: replacedBy, differs: differs, tips: tips,
            arguments: arguments)
    }

    /// Whether a request of `count` arguments may be for this command.
    package func acceptsCount(_ count: Int) -> Bool {
        arity >= 0 ? count == arity : count >= -arity
    }

    /// The subcommand that `word` names, whatever its case.
    package func subcommand(_ word: Span<UInt8>) -> Command? {
        subcommandIndex(word).map { subcommands[$0] }
    }

    /// Which of ``subcommands`` `word` names, whatever its case.
    package func subcommandIndex(_ word: Span<UInt8>) -> Int? {
        subcommands.firstIndex { word.equalsIgnoringCase($0.name) }
    }
}

/// What the slots of a request's keys say about where it may run.
package enum SlotVerdict: Equatable, Sendable {
    /// It has no keys.
    case none
    case one(SlotID)
    /// Its keys are in several slots.
    case crossSlot
}
