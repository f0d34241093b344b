/// One attempt of a client at one operation: when it was sent, and what came of it.
///
package struct HistoryEntry: Equatable, Sendable {
    package var client: Int
    package var operation: Operation
    /// When the client sent it, in virtual nanoseconds.
    package var invoked: UInt64
    /// When the client had the reply; ``openEnd`` while the outcome is unknown.
    package var returned: UInt64
    /// `nil` while the outcome is unknown: it may have happened, may still happen, or never will.
    package var reply: Reply?
    /// The place in the same history of the command before it on the same connection, when both
    /// were sent together: it must take effect first.
    package var predecessor: Int?
    /// Whether a reply said that it was not done: then it must have no effect, now or later.
    package var isRefused = false

    package static let openEnd = UInt64.max

    package init(
        client: Int, operation: Operation, invoked: UInt64, returned: UInt64 = Self.openEnd,
        reply: Reply? = nil, predecessor: Int? = nil
    ) {
        self.client = client
        self.operation = operation
        self.invoked = invoked
        self.returned = returned
        self.reply = reply
        self.predecessor = predecessor
    }

    package var isKnown: Bool { reply != nil }
}

extension HistoryEntry: CustomStringConvertible {
    package var description: String {
        let names = [[UInt8]].init([.ascii("a"), .ascii("b"), .ascii("c")])
        let command = operation.arguments(names: names)
            .map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        let end = returned == Self.openEnd ? "…" : "\(returned / 1_000)"
        return "client \(client) [\(invoked / 1_000) \(end)] \(command) → "
            + (isRefused ? "refused" : reply?.description ?? "unknown")
    }
}
