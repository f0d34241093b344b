/// What `LATENCY DOCTOR` and `LATENCY GRAPH` say.
enum LatencyText {
    static func report(_ monitor: LatencyMonitor, thresholdMilliseconds: Int, now: Int64) -> String
    {
        guard thresholdMilliseconds > 0 else {
            return
                "Latency monitoring is off. CONFIG SET latency-monitor-threshold MILLISECONDS turns "
                + "it on for the whole cluster.\n"
        }
        guard !monitor.seen.isEmpty else {
            return
                "Nothing on this node has taken \(thresholdMilliseconds) ms or longer since the "
                + "monitoring began.\n"
        }
        var text =
            "Since the monitoring began, this took \(thresholdMilliseconds) ms or longer:\n\n"
        for (event, series) in monitor.seen {
            let total = series.samples.reduce(0) { $0 + $1.milliseconds }
            let average = total / Int64(series.samples.count)
            let ago = now - (series.samples.last?.seconds ?? now)
            text +=
                "- \(event.rawValue): in \(series.samples.count) seconds, on average "
                + "\(average) ms, at most \(series.highest) ms, the last time \(ago) s ago. "
                + advice(event) + "\n"
        }
        return text
    }

    private static func advice(_ event: LatencyEvent) -> String {
        switch event {
        case .command:
            "SLOWLOG GET names the commands; one that looks at many keys or fields holds up all others."
        case .fastCommand:
            "Such commands are only slow on values that are large, or when the machine has no time for the process."
        case .commit:
            "A majority was slow to write or to answer: compare disk-sync here and on the other nodes, then the network."
        case .diskSync:
            "The disk is slow or busy with something else; durability = \"periodic\" doesn't wait for it."
        case .turn:
            "A loop did much between two looks at its clients; see command, and the machine's load."
        }
    }

    /// The last samples as columns of characters, with how long ago each was below.
    static func graph(_ name: String, _ series: LatencySeries, now: Int64) -> String {
        let samples = series.samples.suffix(columnCount)
        let high = samples.map(\.milliseconds).max() ?? 0
        let low = samples.map(\.milliseconds).min() ?? 0
        var text =
            "\(name) - high \(high) ms, low \(low) ms (all time high \(series.highest) ms)\n"
        text += String(repeating: "-", count: columnCount) + "\n"
        for row in stride(from: rowCount - 1, through: 0, by: -1) {
            var line = ""
            for sample in samples {
                let range = max(1, high - low)
                let height = (sample.milliseconds - low) * Int64(rowCount * 3 - 1) / range
                let above = Int(height) - row * 3
                line += above < 0 ? " " : above == 0 ? "_" : above == 1 ? "o" : "#"
            }
            text += line + "\n"
        }
        let ages = samples.map { age(now - $0.seconds) }
        let height = ages.map(\.count).max() ?? 0
        text += "\n"
        for row in 0..<height {
            let line = ages.map { row < $0.count ? String(Array($0)[row]) : " " }
            text += line.joined() + "\n"
        }
        return text
    }

    private static let columnCount = 80
    private static let rowCount = 4

    private static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: "\(max(0, seconds))s"
        case ..<3600: "\(seconds / 60)m"
        case ..<86400: "\(seconds / 3600)h"
        default: "\(seconds / 86400)d"
        }
    }
}
