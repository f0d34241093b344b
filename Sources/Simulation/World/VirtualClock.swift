package import Primitives

/// The clocks of one machine: a boot clock that runs a little fast or slow, and a wall clock that
/// is off and can be stepped.
package struct VirtualClock: Sendable {
    /// When the machine booted, in virtual time.
    private var bootedAt: UInt64
    /// What the boot clock showed then.
    private var bootOffset: UInt64
    /// How much faster than true time the boot clock runs, in parts per million.
    package let driftPartsPerMillion: Int
    /// How far the wall clock is off, in milliseconds.
    package private(set) var wallOffsetMilliseconds: Int64
    /// The boot that the boot clock counts from; another one after each reboot.
    package private(set) var bootID: UInt64

    /// Wall time at virtual time 0, in milliseconds since the epoch.
    package static let epochMilliseconds: Int64 = 1_700_000_000_000

    package init(driftPartsPerMillion: Int, wallOffsetMilliseconds: Int64, bootID: UInt64) {
        bootedAt = 0
        bootOffset = .seconds(20)
        self.driftPartsPerMillion = driftPartsPerMillion
        self.wallOffsetMilliseconds = wallOffsetMilliseconds
        self.bootID = bootID
    }

    /// What the machine's clocks show at virtual time `now`.
    package func moment(at now: UInt64) -> Moment {
        let elapsed = now - bootedAt
        let drifted = Int64(elapsed) + drift(of: elapsed)
        return Moment(
            boot: Instant(nanoseconds: bootOffset + UInt64(drifted)),
            wallNanoseconds: (Self.epochMilliseconds + wallOffsetMilliseconds) * 1_000_000
                + Int64(now) + drift(of: now))
    }

    /// Moves the wall clock by `milliseconds`, which may be negative.
    package mutating func step(milliseconds: Int64) { wallOffsetMilliseconds += milliseconds }

    /// The machine boots at `now`, and its boot clock starts at `offset`.
    package mutating func reboot(at now: UInt64, offset: UInt64, bootID: UInt64) {
        bootedAt = now
        bootOffset = offset
        self.bootID = bootID
    }

    private func drift(of elapsed: UInt64) -> Int64 {
        Int64(elapsed / 1_000) * Int64(driftPartsPerMillion) / 1_000
    }
}
