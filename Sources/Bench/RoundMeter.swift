import Glibc
import Histogram

/// Counts and times of the round that is under way.
struct RoundMeter {
    private static let slowestNanoseconds: UInt64 = 120_000_000_000

    private(set) var goodCount = 0
    private(set) var movedCount = 0
    private(set) var refusedCount = 0
    private var latencies: Histogram<UInt64>
    private let pids: [Int32]
    private var startNanoseconds: UInt64
    private var startOwnCPU: UInt64
    private var startServerCPU: UInt64

    init(pids: [Int32]) throws(BenchFailure) {
        latencies = Histogram(
            highestTrackableValue: Self.slowestNanoseconds, numberOfSignificantValueDigits: .three)
        self.pids = pids
        startServerCPU = try ProcessClock.total(of: pids)
        startOwnCPU = ProcessClock.own()
        startNanoseconds = Self.now()
    }

    /// A reading of `CLOCK_MONOTONIC`, in nanoseconds.
    static func now() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Counts replies that came together, `nanoseconds` after their requests left.
    mutating func add(good: Int, moved: Int, refused: Int, nanoseconds: UInt64) {
        goodCount += good
        movedCount += moved
        refusedCount += refused
        guard good > 0 else { return }
        latencies.record(min(nanoseconds, Self.slowestNanoseconds), count: UInt64(good))
    }

    /// What has been measured so far.
    func result() throws(BenchFailure) -> RoundResult {
        let nanoseconds = max(Self.now() - startNanoseconds, 1)
        let ownCPU = ProcessClock.own() - startOwnCPU
        let serverCPU = try ProcessClock.total(of: pids) - startServerCPU
        guard goodCount > 0 else { throw .impossible("not one right reply in a round") }
        let seconds = Double(nanoseconds) / 1e9
        func microseconds(_ percentile: Double) -> Double {
            Double(latencies.valueAtPercentile(percentile)) / 1e3
        }
        return RoundResult(
            requests: Double(goodCount), seconds: seconds,
            throughput: Double(goodCount) / seconds, p50Microseconds: microseconds(50),
            p99Microseconds: microseconds(99), p999Microseconds: microseconds(99.9),
            maximumMicroseconds: Double(latencies.max) / 1e3,
            serverCPUSecondsPerMillion: pids.isEmpty
                ? nil : Double(serverCPU) / 1e9 / (Double(goodCount) / 1e6),
            generatorCPUShare: Double(ownCPU) / Double(nanoseconds),
            moved: Double(movedCount), refused: Double(refusedCount))
    }
}
