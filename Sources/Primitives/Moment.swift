/// A reading of `CLOCK_BOOTTIME`: nanoseconds since this machine booted, sleep included.
package struct Instant: Hashable, Comparable, Sendable {
    package let nanoseconds: UInt64
    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }
    package static func < (left: Self, right: Self) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static let zero = Instant(nanoseconds: 0)
    package static let distantFuture = Instant(nanoseconds: .max)

    package func advanced(milliseconds: Int) -> Instant {
        Instant(nanoseconds: nanoseconds &+ UInt64(milliseconds) &* 1_000_000)
    }

    package func advanced(nanoseconds more: UInt64) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(more)
        return overflow ? .distantFuture : Instant(nanoseconds: sum)
    }

    /// Nanoseconds from `earlier` to this instant; 0 when `earlier` is the later one.
    package func nanoseconds(since earlier: Instant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }

    /// Whole milliseconds from `earlier` to this instant; 0 when `earlier` is the later one.
    package func milliseconds(since earlier: Instant) -> Int {
        Int(nanoseconds(since: earlier) / 1_000_000)
    }
}

/// The time that comes with an event: both clocks, read once by the shell.
package struct Moment: Hashable, Sendable {
    package var boot: Instant
    /// `CLOCK_REALTIME` in nanoseconds since the Unix epoch. It may step in either direction.
    package var wallNanoseconds: Int64

    package init(boot: Instant, wallNanoseconds: Int64) {
        self.boot = boot
        self.wallNanoseconds = wallNanoseconds
    }

    package init(boot: Instant, wallMilliseconds: Int64) {
        self.init(boot: boot, wallNanoseconds: Self.nanoseconds(wallMilliseconds))
    }

    /// Times further off than 64 bits can say are the furthest.
    private static func nanoseconds(_ milliseconds: Int64) -> Int64 {
        let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? (milliseconds < 0 ? .min : .max) : product
    }

    /// The same in milliseconds, rounded down as every clock's are.
    package var wallMilliseconds: Int64 {
        get { wallNanoseconds / 1_000_000 }
        set { wallNanoseconds = Self.nanoseconds(newValue) }
    }
}
