import Primitives

/// One voter's answer in the present election.
struct Ballot: Sendable {
    var replica: ReplicaID
    var isGranted: Bool
    var isAmnesiac: Bool
    var clock: ClockReport
    /// When the answer came: a running clock has moved on since.
    var instant: Instant

    /// ``clock``, as it stands at `now`.
    func clock(at now: Instant) -> ClockReport {
        guard case .running(let estimate) = clock else { return clock }
        return .running(estimate: estimate + Int64(now.milliseconds(since: instant)))
    }
}
