import DequeModule
import Primitives

/// The heartbeat rounds of a leader: which reads wait for which, and how long the lease lasts.
struct ReadRounds: Sendable {
    private struct Sent {
        var round: UInt64
        var instant: Instant
    }

    /// Rounds kept for the lease; when there are more, the oldest are not counted for it.
    private static let maxSentCount = 64

    /// The number of the last round sent; it never goes back, in any term.
    private(set) var latest: UInt64 = 0
    private(set) var confirmed: UInt64 = 0
    /// When the newest confirmed round was sent.
    private(set) var confirmedSent: Instant?
    /// Rounds that reads wait for, sent and not confirmed; ascending.
    private(set) var awaited: Deque<UInt64> = []
    /// Reads wait for the round after ``latest``.
    private(set) var isNextAwaited = false
    private var sent: Deque<Sent> = []

    /// Begins a leadership, or ends one. A number that was promised to dropped reads isn't used.
    mutating func reset() {
        latest += 1
        confirmed = latest
        confirmedSent = nil
        awaited.removeAll()
        isNextAwaited = false
        sent.removeAll()
    }

    /// Numbers a round that is being sent.
    mutating func send(at instant: Instant) -> UInt64 {
        latest += 1
        if isNextAwaited {
            awaited.append(latest)
            isNextAwaited = false
        }
        if sent.count == Self.maxSentCount { sent.removeFirst() }
        sent.append(Sent(round: latest, instant: instant))
        return latest
    }

    /// Promises the next round to a read.
    mutating func awaitNext() -> UInt64 {
        isNextAwaited = true
        return latest + 1
    }

    /// A quorum has answered `round` or a later one.
    ///
    /// - Returns: Whether reads waited for it.
    mutating func confirm(_ round: UInt64) -> Bool {
        guard round > confirmed else { return false }
        confirmed = round
        while let first = sent.first, first.round <= round {
            confirmedSent = first.instant
            sent.removeFirst()
        }
        var hasReaders = false
        while let first = awaited.first, first <= round {
            awaited.removeFirst()
            hasReaders = true
        }
        return hasReaders
    }
}
