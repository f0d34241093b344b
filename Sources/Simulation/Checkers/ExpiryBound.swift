/// How far a time to live may be off: the guarantee that the shard clock gives.
///
/// The shard clock runs with the leader's boot clock and is slewed by at most 0.5 %; so a key may
/// be gone that much sooner than asked, with the clocks' own drift and the rounding to
/// milliseconds on top, and any time later.
package struct ExpiryBound: Equatable, Sendable {
    /// How much faster than true time the shard clock may run, in parts per million.
    package var partsPerMillion: Int
    /// What roundings and changes of leader may add, in milliseconds.
    package var slackMilliseconds: Int
    /// Stretches of time in which the bound does not hold, as all machines of a group lost their
    /// boot clocks while wall clocks were wrong: a deadline that such a stretch touches may pass
    /// at any time after it began.
    package var unboundAfter: [UInt64] = []

    package init(partsPerMillion: Int, slackMilliseconds: Int) {
        self.partsPerMillion = partsPerMillion
        self.slackMilliseconds = slackMilliseconds
    }

    /// The earliest virtual time at which a key may be gone that was given `milliseconds` to live
    /// at `time` or later.
    package func earliestEnd(setAt time: UInt64, milliseconds: Int) -> UInt64 {
        let span = UInt64(milliseconds) * 1_000_000
        let early =
            span / 1_000_000 * UInt64(partsPerMillion)
            + UInt64(slackMilliseconds) * 1_000_000
        let end = time + (span > early ? span - early : 0)
        guard let unbound = unboundAfter.first(where: { $0 >= time && $0 < end }) else {
            return end
        }
        return unbound
    }

    /// The latest virtual time at which a key can have had its deadline by the shard clock, when
    /// it was seen with `remaining` milliseconds left at `time` or earlier.
    package func latestEnd(seenBy time: UInt64, remaining: Int) -> UInt64 {
        guard time < HistoryEntry.openEnd else { return HistoryEntry.openEnd }
        let span = UInt64(remaining) * 1_000_000
        return time + span + span / 1_000_000 * UInt64(partsPerMillion)
            + UInt64(slackMilliseconds) * 1_000_000
    }
}
