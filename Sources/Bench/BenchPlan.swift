package import Primitives

/// What to measure, and how.
package struct BenchPlan: Sendable {
    /// When a round is over.
    package enum Limit: Equatable, Sendable {
        case requests(Int)
        case milliseconds(Int)
    }

    /// One server, or nodes to ask for the cluster.
    package var addresses: [Address]
    /// Whether the servers are asked who leads which slot.
    package var isCluster = false
    package var workload = Workload.set
    /// Connections, spread evenly over the leaders.
    package var clientCount = 50
    /// Requests that a connection sends together before it waits for their replies.
    package var pipeline = 1
    package var keyCount = 100_000
    package var valueByteCount = 64
    package var roundCount = 1
    package var limit = Limit.milliseconds(5000)
    package var warmupMilliseconds = 1000
    /// Whether reads find what they must because every key is written first.
    package var fillsKeys = true
    /// The servers' processes, whose CPU time is measured.
    package var serverPIDs: [Int32] = []
    package var password: String?
    package var seed: UInt64 = 1

    package init(addresses: [Address]) { self.addresses = addresses }

    /// What is wrong with it; `nil` when nothing is.
    package var problem: String? {
        if addresses.isEmpty { return "no address" }
        if !(1...10_000).contains(clientCount) { return "clients: expected 1 to 10000" }
        if !(1...10_000).contains(pipeline) { return "pipeline: expected 1 to 10000" }
        if !(1...100_000_000).contains(keyCount) { return "keys: expected 1 to 100000000" }
        if !(1...16 << 20).contains(valueByteCount) { return "size: expected 1 to 16777216" }
        if !(1...1000).contains(roundCount) { return "rounds: expected 1 to 1000" }
        switch limit {
        case .requests(let count) where count < 1: return "requests: expected at least 1"
        case .milliseconds(let count) where count < 1: return "seconds: expected more than 0"
        case .requests, .milliseconds: return nil
        }
    }
}
