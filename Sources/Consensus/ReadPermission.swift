/// When a read may be served from applied state.
package enum ReadPermission: Equatable, Sendable {
    /// At once, if everything up to `readFloor` is applied.
    case now
    /// Once `readsConfirmed` reaches this round, and everything up to `readFloor` is applied.
    case afterRound(UInt64)
    /// The leader has no committed entry of its own term yet.
    case notReady
    case notLeader
}
