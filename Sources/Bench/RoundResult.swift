/// What one round measured, or the medians of several.
package struct RoundResult: Codable, Equatable, Sendable {
    /// Requests with the right reply.
    package var requests: Double
    package var seconds: Double
    /// Requests a second.
    package var throughput: Double
    package var p50Microseconds: Double
    package var p99Microseconds: Double
    package var p999Microseconds: Double
    package var maximumMicroseconds: Double
    /// CPU time of all server processes for a million requests; absent when none were named.
    package var serverCPUSecondsPerMillion: Double?
    /// CPU time of this process over the round's time: 1 is a whole core.
    package var generatorCPUShare: Double
    /// Requests that were sent elsewhere, and that were refused for now; not in ``requests``.
    package var moved: Double
    package var refused: Double

    private enum CodingKeys: String, CodingKey {
        case requests
        case seconds
        case throughput
        case p50Microseconds = "p50_us"
        case p99Microseconds = "p99_us"
        case p999Microseconds = "p99_9_us"
        case maximumMicroseconds = "max_us"
        case serverCPUSecondsPerMillion = "server_cpu_s_per_million"
        case generatorCPUShare = "generator_cpu"
        case moved
        case refused
    }

    /// The median of each measure by itself.
    static func median(of rounds: [RoundResult]) -> RoundResult {
        func middle(_ measure: (RoundResult) -> Double) -> Double {
            Bench.median(rounds.map(measure))
        }
        let costs = rounds.compactMap(\.serverCPUSecondsPerMillion)
        return RoundResult(
            requests: middle(\.requests), seconds: middle(\.seconds),
            throughput: middle(\.throughput), p50Microseconds: middle(\.p50Microseconds),
            p99Microseconds: middle(\.p99Microseconds),
            p999Microseconds: middle(\.p999Microseconds),
            maximumMicroseconds: middle(\.maximumMicroseconds),
            serverCPUSecondsPerMillion: costs.isEmpty ? nil : Bench.median(costs),
            generatorCPUShare: middle(\.generatorCPUShare), moved: middle(\.moved),
            refused: middle(\.refused))
    }
}

/// The middle value; of an even number of values the mean of the middle two.
func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "no values have no median")
    let sorted = values.sorted()
    let upper = sorted[sorted.count / 2]
    return sorted.count.isMultiple(of: 2) ? (sorted[sorted.count / 2 - 1] + upper) / 2 : upper
}
