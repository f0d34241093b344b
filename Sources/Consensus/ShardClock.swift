package import Primitives

/// One shard's clock as a replica knows it, in milliseconds since the epoch.
///
/// A leader's clock advances with the machine's boot time and is slewed towards wall time by at most
/// one part in 200; it is never stepped and never goes back. A follower's runs on from the last stamp
/// that came from a leader, a newer leader's even if it is lower: after all voters of an election have
/// rebooted, what deadlines rest on is the elected one's clock, which may be behind what others remember.
/// What is reported with a vote is never ahead of the leader's clock by more than the slew, so time may
/// stand still between leaders and never jumps ahead.
package struct ShardClock: Sendable {
    /// A stamp and when this machine saw it.
    private struct Observation {
        var nanoseconds: Int64
        var instant: Instant
    }

    private static let millisecond: Int64 = 1_000_000
    /// The slew is at most one part in so many.
    private static let slewDivisor: Int64 = 200
    /// How far from wall time the clock may be before that is worth a report.
    package static let skewLimitMilliseconds: Int64 = 60_000

    /// The newest stamp seen in this boot, if there was one.
    private var observation: Observation?
    /// The highest term that a leader sent a stamp in.
    private var observedTerm = Term.zero
    /// The highest stamp from before this boot and the wall time that it was written at.
    private let recovered: PersistedClock?
    /// The clock as it reads: from this point on, at the rate of boot time, but for `correction`.
    private var anchor: Observation
    /// What is still to be added, in nanoseconds; spread over time by ``slewDivisor``.
    private var correction: Int64 = 0
    private let bootID: UInt64
    package private(set) var isLeading = false

    /// - Parameters:
    ///   - recovered: What was on disk, if anything.
    ///   - lastStamp: The highest stamp in the recovered log and snapshot; 0 when there is none.
    ///   - bootID: The present boot of this machine.
    ///   - now: The present.
    package init(recovered: PersistedClock?, lastStamp: Int64, bootID: UInt64, now: Moment) {
        self.bootID = bootID
        anchor = Observation(nanoseconds: lastStamp * Self.millisecond, instant: now.boot)
        guard let recovered else {
            // The age of the log's stamp is not known, so none of it counts.
            self.recovered =
                lastStamp > 0 ? PersistedClock(stamp: lastStamp, moment: now, bootID: bootID) : nil
            return
        }
        if recovered.bootID == bootID {
            let seen = Observation(
                nanoseconds: recovered.stamp * Self.millisecond, instant: recovered.moment.boot)
            let estimate = Self.reading(seen, at: now.boot)
            observation = estimate >= anchor.nanoseconds ? seen : anchor
            anchor.nanoseconds = max(estimate, anchor.nanoseconds)
            self.recovered = nil
            return
        }
        // Wall time is taken to have moved as much as the stamps up to the log's last one.
        var highest = recovered
        highest.stamp = max(lastStamp, recovered.stamp)
        highest.moment.wallMilliseconds += highest.stamp - recovered.stamp
        anchor.nanoseconds = highest.stamp * Self.millisecond
        self.recovered = highest
    }

    /// Whether any stamp was ever seen.
    package var hasStamp: Bool { observation != nil || recovered != nil }

    /// Takes in a stamp that a leader sent.
    ///
    /// - Parameters:
    ///   - stamp: Milliseconds since the epoch.
    ///   - term: The term that it leads; zero when the stamp is from before.
    ///   - now: The present.
    package mutating func observe(stamp: Int64, of term: Term, now: Moment) {
        let nanoseconds = stamp * Self.millisecond
        if let observation, (term, nanoseconds) <= (observedTerm, observation.nanoseconds) {
            return
        }
        observedTerm = term
        anchor = Observation(nanoseconds: nanoseconds, instant: now.boot)
        observation = anchor
        correction = 0
    }

    /// What a vote carries.
    package func report(now: Moment) -> ClockReport {
        if isLeading { return .running(estimate: stamp(now: now)) }
        if let observation {
            let estimate = Self.reading(observation, at: now.boot)
            return .running(estimate: estimate / Self.millisecond)
        }
        guard let recovered else { return .unknown }
        let difference = now.wallMilliseconds - recovered.moment.wallMilliseconds
        return .rebooted(lastStamp: recovered.stamp, wallDifference: max(0, difference))
    }

    /// Begins to lead: the clock goes on from what the voters of the election know.
    ///
    /// - Parameters:
    ///   - reports: The reports of all voters that elected this leader, itself included, as they
    ///     stand at `now`.
    ///   - floor: The highest stamp in the leader's log; 0 when there is none.
    ///   - now: The present.
    package mutating func lead(from reports: [ClockReport], floor: Int64, now: Moment) {
        let start = max(Self.start(from: reports, wallMilliseconds: now.wallMilliseconds), floor)
        var nanoseconds = start * Self.millisecond
        if observation == nil, !reports.contains(where: \.isRunning) {
            // As much time as has passed since this machine booted has passed since its last stamp.
            nanoseconds = max(nanoseconds, reading(at: now.boot))
        }
        anchor = Observation(nanoseconds: nanoseconds, instant: now.boot)
        isLeading = true
        aimAtWallTime(now)
    }

    /// Stops leading; the clock runs on as a follower's.
    package mutating func stopLeading(now: Moment) {
        guard isLeading else { return }
        anchor = Observation(nanoseconds: reading(at: now.boot), instant: now.boot)
        observation = anchor
        correction = 0
        isLeading = false
    }

    /// Samples wall time, if leading, and decides which way the clock is slewed until the next call.
    package mutating func advance(now: Moment) {
        guard isLeading else { return }
        anchor = Observation(nanoseconds: reading(at: now.boot), instant: now.boot)
        aimAtWallTime(now)
    }

    /// The clock at `now`, in milliseconds since the epoch.
    package func stamp(now: Moment) -> Int64 { reading(at: now.boot) / Self.millisecond }

    /// What to write to disk, so that the clock outlives a restart; `nil` while no stamp is known.
    package func persisted(now: Moment) -> PersistedClock? {
        switch report(now: now) {
        case .unknown: return nil
        case .running(let estimate):
            return PersistedClock(stamp: estimate, moment: now, bootID: bootID)
        case .rebooted: return recovered
        }
    }

    /// Wall time minus the clock, in milliseconds.
    package func wallDifference(now: Moment) -> Int64 { now.wallMilliseconds - stamp(now: now) }

    /// Whether the clock is more than a minute off wall time.
    package func isSkewed(now: Moment) -> Bool {
        hasStamp || isLeading
            ? abs(wallDifference(now: now)) > Self.skewLimitMilliseconds : false
    }

    // MARK: Reading

    private mutating func aimAtWallTime(_ now: Moment) {
        correction = now.wallNanoseconds - anchor.nanoseconds
    }

    private func reading(at instant: Instant) -> Int64 {
        let elapsed = Int64(instant.nanoseconds(since: anchor.instant))
        let most = elapsed / Self.slewDivisor
        return anchor.nanoseconds + elapsed + min(max(correction, -most), most)
    }

    private static func reading(_ observation: Observation, at instant: Instant) -> Int64 {
        observation.nanoseconds + Int64(instant.nanoseconds(since: observation.instant))
    }

    /// Where a new leader starts: the largest running estimate; without one, the last stamp plus the
    /// smallest wall time that passed since; without any stamp, wall time.
    private static func start(from reports: [ClockReport], wallMilliseconds: Int64) -> Int64 {
        var running: Int64?
        var lastStamp: Int64?
        var difference = Int64.max
        for report in reports {
            switch report {
            case .unknown: continue
            case .running(let estimate): running = max(running ?? estimate, estimate)
            case .rebooted(let stamp, let passed):
                lastStamp = max(lastStamp ?? stamp, stamp)
                difference = min(difference, passed)
            }
        }
        if let running { return running }
        if let lastStamp { return min(lastStamp + difference, highestStamp) }
        return wallMilliseconds
    }
}
