import Primitives

/// How much a loop does in a second, measured over about the last one.
struct ServiceRates: Sendable {
    private var measuredAt = Instant.zero
    private var commands = 0
    private var inputByteCount = 0
    private var outputByteCount = 0
    private(set) var commandsPerSecond = 0
    private(set) var inputBytesPerSecond = 0
    private(set) var outputBytesPerSecond = 0

    mutating func measure(_ statistics: LoopStatistics, now: Instant) {
        let elapsed = now.milliseconds(since: measuredAt)
        guard elapsed >= 1000 else { return }
        let isFirst = measuredAt == .zero
        func rate(_ present: Int, _ past: Int) -> Int {
            isFirst ? 0 : (present - past) * 1000 / elapsed
        }
        commandsPerSecond = rate(statistics.commands, commands)
        inputBytesPerSecond = rate(statistics.inputByteCount, inputByteCount)
        outputBytesPerSecond = rate(statistics.outputByteCount, outputByteCount)
        measuredAt = now
        commands = statistics.commands
        inputByteCount = statistics.inputByteCount
        outputByteCount = statistics.outputByteCount
    }
}
