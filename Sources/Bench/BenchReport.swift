/// The result of a benchmark. Its JSON keys are an interface.
package struct BenchReport: Codable, Equatable, Sendable {
    /// Above this share of a core the generator, not the server, may have set the pace.
    package static let clientBoundShare = 0.9

    package var command: String
    package var clients: Int
    package var pipeline: Int
    package var keys: Int
    package var size: Int
    /// Leaders that the load was spread over.
    package var nodes: Int
    package var rounds: [RoundResult]
    package var median: RoundResult
    package var isClientBound: Bool

    private enum CodingKeys: String, CodingKey {
        case command
        case clients
        case pipeline
        case keys
        case size
        case nodes
        case rounds
        case median
        case isClientBound = "client_bound"
    }

    init(plan: BenchPlan, nodeCount: Int, rounds: [RoundResult]) {
        command = plan.workload.rawValue
        clients = plan.clientCount
        pipeline = plan.pipeline
        keys = plan.keyCount
        size = plan.valueByteCount
        nodes = nodeCount
        self.rounds = rounds
        median = RoundResult.median(of: rounds)
        isClientBound = median.generatorCPUShare > Self.clientBoundShare
    }
}
