/// What `LATENCY` watches, by name.
package enum LatencyEvent: String, CaseIterable, Sendable {
    /// A command's execution.
    case command
    /// The same of one that takes constant time, or nearly.
    case fastCommand = "fast-command"
    /// From when a batch of writes was proposed to when it was applied.
    case commit
    /// From when the loop asked for bytes to be on disk to when it heard that they are.
    case diskSync = "disk-sync"
    /// What a loop did between two waits for events.
    case turn
}

/// A second in which an event took long, and how long at most.
package struct LatencySample: Equatable, Sendable {
    var seconds: Int64
    var milliseconds: Int64
}

/// The samples of one event.
package struct LatencySeries: Equatable, Sendable {
    /// The oldest first; one for each second.
    private(set) var samples: [LatencySample] = []
    private(set) var highest: Int64 = 0

    static let sampleLimit = 160

    mutating func add(_ sample: LatencySample) {
        highest = max(highest, sample.milliseconds)
        if let last = samples.last, last.seconds == sample.seconds {
            samples[samples.count - 1].milliseconds = max(last.milliseconds, sample.milliseconds)
            return
        }
        samples.append(sample)
        if samples.count > Self.sampleLimit { samples.removeFirst() }
    }

    /// Takes in what another loop has seen.
    mutating func add(_ other: Self) {
        var both = LatencySeries()
        let all = (samples + other.samples).sorted { $0.seconds < $1.seconds }
        for sample in all { both.add(sample) }
        both.highest = max(highest, other.highest)
        self = both
    }
}

/// What took long on a loop.
package struct LatencyMonitor: Sendable {
    /// By the order of ``LatencyEvent``.
    private(set) var series = LatencyEvent.allCases.map { _ in LatencySeries() }

    init() {}

    mutating func add(_ event: LatencyEvent, _ sample: LatencySample) {
        guard let place = LatencyEvent.allCases.firstIndex(of: event) else { return }
        series[place].add(sample)
    }

    mutating func add(_ other: Self) {
        for place in series.indices { series[place].add(other.series[place]) }
    }

    /// Forgets the events of these names; all without any.
    ///
    /// - Returns: Which had been seen.
    mutating func reset(_ names: [String]) -> [String] {
        var found: [String] = []
        for (place, event) in LatencyEvent.allCases.enumerated()
        where names.isEmpty || names.contains(event.rawValue) {
            if !series[place].samples.isEmpty { found.append(event.rawValue) }
            series[place] = LatencySeries()
        }
        return found
    }

    /// What has been seen.
    var seen: [(event: LatencyEvent, series: LatencySeries)] {
        Array(zip(LatencyEvent.allCases, series)).filter { !$0.1.samples.isEmpty }
    }

    subscript(name: String) -> LatencySeries? {
        seen.first { $0.event.rawValue == name }?.series
    }
}
