/// Builds a page of metrics.
struct MetricsPage {
    private(set) var text = ""
    private var name = ""

    mutating func metric(
        _ name: String, _ type: String, _ help: String, _ body: (inout Self) -> Void
    ) {
        self.name = "martlet_" + name
        text += "# HELP \(self.name) \(help)\n# TYPE \(self.name) \(type)\n"
        body(&self)
    }

    mutating func counter(_ name: String, _ value: Int, _ help: String) {
        metric(name, "counter", help) { $0.sample(UInt64(max(0, value)), []) }
    }

    mutating func gauge(_ name: String, _ value: Int, _ help: String) {
        metric(name, "gauge", help) { $0.sample(UInt64(max(0, value)), []) }
    }

    mutating func sample(_ value: UInt64, _ labels: [(name: String, value: String)]) {
        text += "\(name)\(Self.block(labels)) \(value)\n"
    }

    mutating func seconds(microseconds: Int, _ labels: [(name: String, value: String)]) {
        text += "\(name)\(Self.block(labels)) \(Double(microseconds) / 1_000_000)\n"
    }

    mutating func histogram(_ histogram: LatencyHistogram) {
        self.histogram(histogram.counts[...], nanoseconds: histogram.nanoseconds, [])
    }

    /// A bucket for each fourfold, up to some seconds.
    mutating func histogram(
        _ buckets: ArraySlice<UInt64>, nanoseconds: UInt64,
        _ labels: [(name: String, value: String)]
    ) {
        var sum: UInt64 = 0
        for (place, count) in buckets.enumerated() {
            sum += count
            guard place % 8 == 0, place <= 8 * 12 else { continue }
            let end = Double(LatencyBuckets.end(of: place)) / 1e9
            text += "\(name)_bucket\(Self.block(labels, le: "\(end)")) \(sum)\n"
        }
        text += "\(name)_bucket\(Self.block(labels, le: "+Inf")) \(sum)\n"
        text += "\(name)_sum\(Self.block(labels)) \(Double(nanoseconds) / 1e9)\n"
        text += "\(name)_count\(Self.block(labels)) \(sum)\n"
    }

    private static func block(
        _ labels: [(name: String, value: String)], le bound: String? = nil
    ) -> String {
        var all = labels.map { "\($0.name)=\"\(escaped($0.value))\"" }
        if let bound { all.append("le=\"\(bound)\"") }
        return all.isEmpty ? "" : "{\(all.joined(separator: ","))}"
    }

    private static func escaped(_ value: String) -> String {
        value.flatMap { character -> [Character] in
            switch character {
            case "\\": ["\\", "\\"]
            case "\"": ["\\", "\""]
            case "\n": ["\\", "n"]
            default: [character]
            }
        }.reduce(into: "") { $0.append($1) }
    }
}
