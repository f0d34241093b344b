import Commands

/// What came of the calls of one command.
package struct CallCount: Equatable, Sendable {
    /// Executed for a client, whatever came of it.
    package var calls: UInt64 = 0
    package var nanoseconds: UInt64 = 0
    /// Refused before they were executed.
    package var rejected: UInt64 = 0
    /// Executed, and answered with an error.
    package var failed: UInt64 = 0

    var isZero: Bool { calls == 0 && rejected == 0 }
}

/// The calls of each command and subcommand. Everything is in arrays by the row of the command table, so
/// that counting allocates nothing.
///
/// The core has no clock: it is given a stopwatch, which serves nothing but these counts and the slow
/// log. One reading a command: its end is the beginning of the next one in the same input or entry. Fast
/// commands of a pipeline share one, up to sixteen, and count as taking their mean, unless the slow log's
/// threshold is below a millisecond.
package struct CommandCalls: Sendable {
    private let names: [String]
    private(set) var counts: [CallCount]
    /// For each place, its ``LatencyBuckets``, and the time of the calls that are in them.
    private(set) var buckets: [UInt64]
    private var bucketNanoseconds: [UInt64]
    private let stopwatch: (@Sendable () -> UInt64)?
    private var lastReading: UInt64 = 0
    private var isRunning = false
    /// The rows of calls that were executed since the last reading.
    private var run = InlineArray<16, Int>(repeating: 0)
    private var runCount = 0
    /// Whether calls are added to the histograms.
    private var tracksLatency = false
    /// From where on a call is slow, and an event; `UInt64.max`: nothing is.
    private(set) var slowNanoseconds = UInt64.max
    private(set) var eventNanoseconds = UInt64.max
    /// Whether what is called slow is so short that a mean would hide it.
    private(set) var timesEach = false

    /// - Parameters:
    ///   - names: The commands and subcommands, by their rows in the ``DispatchTable``.
    ///   - stopwatch: Nanoseconds since some time; `nil`: nothing is timed.
    init(_ names: [String], stopwatch: (@Sendable () -> UInt64)?) {
        self.names = names
        counts = Array(repeating: CallCount(), count: names.count)
        buckets = Array(repeating: 0, count: names.count * LatencyBuckets.count)
        bucketNanoseconds = Array(repeating: 0, count: names.count)
        self.stopwatch = stopwatch
    }

    mutating func adopt(_ parameters: LoopParameters) {
        tracksLatency = parameters.tracksLatency
        let slow = parameters.slowMicroseconds
        slowNanoseconds = slow < 0 ? .max : UInt64(slow).multipliedClamping(by: 1000)
        let event = parameters.latencyMilliseconds
        eventNanoseconds = event <= 0 ? .max : UInt64(event).multipliedClamping(by: 1_000_000)
        timesEach = slowNanoseconds < 1_000_000
    }

    mutating func reset() {
        for place in counts.indices { counts[place] = CallCount() }
        for place in buckets.indices { buckets[place] = 0 }
        for place in bucketNanoseconds.indices { bucketNanoseconds[place] = 0 }
    }

    // MARK: Hot path

    /// What comes next does not follow what was timed last.
    mutating func pause() {
        if runCount > 0 { _ = endRun() }
        isRunning = false
    }

    /// Something is about to be executed.
    mutating func begin() {
        guard !isRunning, let stopwatch else { return }
        lastReading = stopwatch()
        isRunning = true
    }

    /// What comes next is not timed together with the calls before it.
    mutating func endRunBefore() {
        if runCount > 0 { _ = endRun() }
    }

    /// A call was executed since the last one, or since ``begin()``.
    ///
    /// - Parameters:
    ///   - row: Its row.
    ///   - failed: Whether it was answered with an error.
    ///   - endsRun: Whether it must be timed now, with those before it that were not.
    /// - Returns: How long it took, in nanoseconds, the mean of those that are timed with it; 0 where nothing
    ///   is timed, or not yet.
    mutating func executed(_ row: Int, failed: Bool, endsRun: Bool = true) -> UInt64 {
        counts[row].calls += 1
        if failed { counts[row].failed += 1 }
        guard isRunning else { return 0 }
        run[runCount] = row
        runCount += 1
        return endsRun || runCount == run.count ? endRun() : 0
    }

    /// A part of a command was executed since the last call, or since ``begin()``. It doesn't count itself.
    ///
    /// - Returns: How long it took, in nanoseconds; 0 where nothing is timed.
    mutating func executedPart() -> UInt64 {
        if runCount > 0 { _ = endRun() }
        guard isRunning, let stopwatch else { return 0 }
        let reading = stopwatch()
        let duration = reading &- lastReading
        lastReading = reading
        return duration
    }

    /// A command was executed whose parts took `duration` nanoseconds in all.
    mutating func executed(_ row: Int, failed: Bool, inParts duration: UInt64) {
        counts[row].calls += 1
        if failed { counts[row].failed += 1 }
        guard stopwatch != nil else { return }
        add(duration, to: row, bucket: LatencyBuckets.index(nanoseconds: duration))
    }

    private mutating func add(_ duration: UInt64, to row: Int, bucket: Int) {
        counts[row].nanoseconds &+= duration
        guard tracksLatency else { return }
        buckets[row * LatencyBuckets.count + bucket] += 1
        bucketNanoseconds[row] &+= duration
    }

    private mutating func endRun() -> UInt64 {
        guard let stopwatch else { return 0 }
        let reading = stopwatch()
        let duration = (reading &- lastReading) / UInt64(runCount)
        lastReading = reading
        let bucket = LatencyBuckets.index(nanoseconds: duration)
        for index in 0..<runCount { add(duration, to: run[index], bucket: bucket) }
        runCount = 0
        return duration
    }

    mutating func rejected(_ row: Int) {
        counts[row].rejected += 1
    }
}

extension CommandCalls {
    /// The calls of all loops together.
    mutating func add(_ other: Self) {
        for place in counts.indices {
            counts[place].calls += other.counts[place].calls
            counts[place].nanoseconds &+= other.counts[place].nanoseconds
            counts[place].rejected += other.counts[place].rejected
            counts[place].failed += other.counts[place].failed
        }
        for place in buckets.indices { buckets[place] += other.buckets[place] }
        for place in bucketNanoseconds.indices {
            bucketNanoseconds[place] &+= other.bucketNanoseconds[place]
        }
    }

    /// A command or subcommand that has been called.
    struct Row {
        /// With its container, as in `client|list`.
        var name: String
        var count: CallCount
        var buckets: ArraySlice<UInt64>
        /// Of the calls in ``buckets``; ``CallCount/nanoseconds`` is of all.
        var bucketNanoseconds: UInt64
    }

    /// What has been called.
    var rows: [Row] {
        names.indices.filter { !counts[$0].isZero }.map { row in
            let start = row * LatencyBuckets.count
            return Row(
                name: names[row], count: counts[row],
                buckets: buckets[start..<start + LatencyBuckets.count],
                bucketNanoseconds: bucketNanoseconds[row])
        }
    }
}

extension UInt64 {
    /// The product, or the largest number.
    func multipliedClamping(by other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
