package import Primitives

extension RaftGroup {
    /// Until when no other leader can be elected, as far as is known now; zero without a lease.
    ///
    /// The same rule as ``hasLease(now:)``, for a host that asks many times between two messages.
    package var leaseEnd: Instant {
        guard hasCommittedOwnTerm else { return .zero }
        if isSoleVoter { return .distantFuture }
        if isLeaseForfeited, settings.fault != .leaseKeptAfterTransfer { return .zero }
        return reads.confirmedSent?.advanced(milliseconds: settings.leaseMilliseconds) ?? .zero
    }
}
