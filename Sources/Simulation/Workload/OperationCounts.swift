/// What became of the operations of a run.
package struct OperationCounts: Equatable, Sendable {
    /// Operations that got their reply.
    package var done = 0
    /// Operations that were given up although every attempt was refused.
    package var refused = 0
    /// Operations whose outcome their client never learnt.
    package var unknown = 0
    /// Attempts that were refused, those included that a later attempt made good.
    package var refusedAttempts = 0

    package init() {}

    package var total: Int { done + refused + unknown }

    package static func += (left: inout Self, right: Self) {
        left.done += right.done
        left.refused += right.refused
        left.unknown += right.unknown
        left.refusedAttempts += right.refusedAttempts
    }
}
