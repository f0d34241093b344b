import Consensus
import Primitives
import Testing

@Suite("Shard clock")
struct ShardClockTests {
    private static let wall: Int64 = 1_700_000_000_000

    /// `boot` milliseconds after boot, with wall time `wall` off from as many after the start.
    private static func moment(_ boot: Int, wall: Int64 = 0) -> Moment {
        Moment(
            boot: Instant(nanoseconds: UInt64(boot) * 1_000_000),
            wallMilliseconds: Self.wall + Int64(boot) + wall)
    }

    private static func fresh(_ boot: Int = 0) -> ShardClock {
        ShardClock(recovered: nil, lastStamp: 0, bootID: 1, now: moment(boot))
    }

    @Test("starts at the wall time of a new group's first leader")
    func startsAtWallTime() {
        var clock = Self.fresh()
        #expect(clock.report(now: Self.moment(0)) == .unknown)
        clock.lead(from: [.unknown, .unknown], floor: 0, now: Self.moment(10))
        #expect(clock.stamp(now: Self.moment(10)) == Self.wall + 10)
        #expect(clock.stamp(now: Self.moment(1010)) == Self.wall + 1010)
    }

    @Test("comes to read what wall time reads, to the fraction of a millisecond")
    func isExact() {
        var clock = Self.fresh()
        func moment(_ boot: Int) -> Moment {
            var moment = Self.moment(boot)
            moment.wallNanoseconds += 900_000
            return moment
        }
        clock.lead(from: [.unknown], floor: 0, now: moment(0))
        for boot in stride(from: 10, through: 1000, by: 10) { clock.advance(now: moment(boot)) }
        var between = Self.moment(1000)
        between.boot = Instant(nanoseconds: between.boot.nanoseconds + 100_001)
        #expect(clock.stamp(now: between) == Self.wall + 1001)
    }

    @Test(
        "follows wall time by one part in 200 and never goes back",
        arguments: [Int64(-3_600_000), -90_000, -1, 0, 1, 90_000, 3_600_000])
    func slews(step: Int64) {
        var clock = Self.fresh()
        clock.lead(from: [.unknown], floor: 0, now: Self.moment(0))
        var last = clock.stamp(now: Self.moment(0))
        for boot in stride(from: 10, through: 20_000, by: 10) {
            let now = Self.moment(boot, wall: step)
            clock.advance(now: now)
            let stamp = clock.stamp(now: now)
            #expect(stamp >= last)
            last = stamp
        }
        let moved = last - Self.wall - 20_000
        #expect(abs(moved) <= 100)
        #expect(abs(step - moved) <= max(1, abs(step) - 98))
        #expect(clock.isSkewed(now: Self.moment(20_000, wall: step)) == (abs(step) > 60_100 - 100))
    }

    @Test("never goes back between samples of a wall time that jumps to and fro")
    func isMonotone() {
        var random = SeededGenerator(seed: 7)
        var clock = Self.fresh()
        clock.lead(from: [.unknown], floor: 0, now: Self.moment(0))
        var boot = 0
        var last = clock.stamp(now: Self.moment(0))
        for _ in 0..<3000 {
            boot += random.below(200)
            let now = Self.moment(boot, wall: Int64(random.below(1 << 30)) - 1 << 29)
            if random.chance(percent: 50) { clock.advance(now: now) }
            let stamp = clock.stamp(now: now)
            #expect(stamp >= last)
            last = stamp
        }
        #expect(abs(last - Self.wall - Int64(boot)) <= Int64(boot) / 200 + 1)
    }

    @Test("runs on in a follower from the last stamp, and its vote says so")
    func runsOn() {
        var clock = Self.fresh()
        clock.observe(stamp: 5000, of: Term(1), now: Self.moment(100))
        #expect(clock.report(now: Self.moment(350)) == .running(estimate: 5250))
        #expect(clock.stamp(now: Self.moment(350)) == 5250)
    }

    @Test("is a newer leader's in a follower, even if that one's is behind")
    func followsNewerLeader() {
        var clock = Self.fresh()
        clock.observe(stamp: 5000, of: Term(1), now: Self.moment(100))
        clock.observe(stamp: 3000, of: Term(2), now: Self.moment(1000))
        clock.observe(stamp: 4000, of: Term(1), now: Self.moment(1100))
        #expect(clock.report(now: Self.moment(1200)) == .running(estimate: 3200))
    }

    @Test("does not jump ahead in a new leader that rebooted before its leader's clock stood still")
    func doesNotJumpAhead() {
        let persisted = PersistedClock(stamp: 5000, moment: Self.moment(100), bootID: 1)
        var clock = ShardClock(
            recovered: persisted, lastStamp: 5000, bootID: 2, now: Self.moment(50))
        // Two seconds later another one is elected, by voters whose wall clocks stood still.
        clock.observe(stamp: 5010, of: Term(2), now: Self.moment(2050))
        clock.lead(
            from: [.running(estimate: 5110), clock.report(now: Self.moment(2150))], floor: 5010,
            now: Self.moment(2150))
        #expect(clock.stamp(now: Self.moment(2150)) == 5110)
    }

    @Test("is in a rebooted quorum's leader no less than what passed since it booted")
    func countsBootTime() {
        let persisted = PersistedClock(stamp: 5000, moment: Self.moment(100), bootID: 1)
        var clock = ShardClock(
            recovered: persisted, lastStamp: 5000, bootID: 2, now: Self.moment(50))
        let now = Self.moment(2050, wall: -90_000)
        clock.lead(from: [clock.report(now: now), .unknown], floor: 5000, now: now)
        #expect(clock.stamp(now: now) == 7000)
    }

    @Test("ignores a stamp that comes late")
    func ignoresLate() {
        var clock = Self.fresh()
        clock.observe(stamp: 5000, of: Term(1), now: Self.moment(100))
        clock.observe(stamp: 4000, of: Term(1), now: Self.moment(110))
        #expect(clock.report(now: Self.moment(110)) == .running(estimate: 5010))
    }

    @Test("goes on in a new leader from the largest running estimate, whatever wall time says")
    func resumes() {
        var clock = Self.fresh()
        clock.observe(stamp: 5000, of: Term(1), now: Self.moment(100))
        clock.lead(
            from: [
                .running(estimate: 5100), .running(estimate: 5300), .unknown,
                .rebooted(lastStamp: 9000, wallDifference: 90_000),
            ], floor: 0, now: Self.moment(200))
        #expect(clock.stamp(now: Self.moment(200)) == 5300)
    }

    @Test("goes on from no less than the log's last stamp")
    func respectsLog() {
        var clock = Self.fresh()
        clock.lead(from: [.running(estimate: 5100)], floor: 6000, now: Self.moment(200))
        #expect(clock.stamp(now: Self.moment(200)) == 6000)
    }

    @Test("counts wall time only if the whole quorum has rebooted, and the least of it")
    func wholeQuorumRebooted() {
        var clock = Self.fresh()
        clock.lead(
            from: [
                .rebooted(lastStamp: 5000, wallDifference: 700),
                .rebooted(lastStamp: 4900, wallDifference: 400),
            ], floor: 0, now: Self.moment(0))
        #expect(clock.stamp(now: Self.moment(0)) == 5400)
    }

    @Test("goes on after a restart in the same boot")
    func sameBoot() {
        let persisted = PersistedClock(stamp: 5000, moment: Self.moment(100), bootID: 1)
        let clock = ShardClock(
            recovered: persisted, lastStamp: 4990, bootID: 1, now: Self.moment(600))
        #expect(clock.report(now: Self.moment(700)) == .running(estimate: 5600))
        let ahead = ShardClock(
            recovered: persisted, lastStamp: 5900, bootID: 1, now: Self.moment(600))
        #expect(ahead.report(now: Self.moment(700)) == .running(estimate: 6000))
    }

    @Test("reports the wall time that passed over a reboot, never negative")
    func otherBoot() {
        let persisted = PersistedClock(stamp: 5000, moment: Self.moment(100), bootID: 1)
        let clock = ShardClock(
            recovered: persisted, lastStamp: 0, bootID: 2, now: Self.moment(5, wall: 1000))
        #expect(
            clock.report(now: Self.moment(5, wall: 1000))
                == .rebooted(lastStamp: 5000, wallDifference: 905))
        #expect(
            clock.report(now: Self.moment(5, wall: -1000))
                == .rebooted(lastStamp: 5000, wallDifference: 0))
        // The log's last stamp is later than the clock's record: so much less has passed.
        let later = ShardClock(
            recovered: persisted, lastStamp: 5300, bootID: 2, now: Self.moment(5, wall: 1000))
        #expect(
            later.report(now: Self.moment(5, wall: 1000))
                == .rebooted(lastStamp: 5300, wallDifference: 605))
    }

    @Test("runs on when a leader steps down")
    func stepsDown() {
        var clock = Self.fresh()
        clock.lead(from: [.running(estimate: 5000)], floor: 0, now: Self.moment(0))
        clock.stopLeading(now: Self.moment(100))
        guard case .running(let estimate) = clock.report(now: Self.moment(300)) else {
            Issue.record("not running")
            return
        }
        #expect((5299...5301).contains(estimate))
    }
}
