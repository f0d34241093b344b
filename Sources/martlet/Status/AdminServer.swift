import FlyingFox
import FlyingSocks
import Foundation
import Node
import Primitives
import Settings

/// Where the admin listener gets what it answers.
protocol StatusSource: Sendable {
    /// What the node knows of its cluster at this moment.
    func report() async throws -> StatusReport
    /// What the node counts, as a page for Prometheus.
    func metrics() async throws -> String
    /// Asks for a change of the cluster.
    ///
    /// - Returns: Why it can't be; `nil` when it is on its way.
    func request(_ wish: ClusterWish) async throws -> String?
}

/// What `POST /departures` takes.
struct DepartureRequest: Codable, Sendable {
    /// The node that is to leave: sixteen hexadecimal digits.
    var node: String
    /// Who takes its place; absent to forget a node that has no shards.
    var successor: String?

    /// `nil` where an id is none.
    var wish: ClusterWish? {
        guard let node = NodeID(hexadecimal: node) else { return nil }
        guard let successor else { return .forget(node) }
        return NodeID(hexadecimal: successor).map { .replace(node, by: $0) }
    }
}

/// What `POST /departures` answers.
struct DepartureAnswer: Codable, Sendable {
    /// Why it can't be; absent when it is on its way.
    var error: String?
}

/// The `admin` listener: `GET /livez`, `/readyz`, `/topology` and `/metrics`, `POST /departures`.
struct AdminServer: Sendable {
    private let server: HTTPServer

    init(address: Address, source: some StatusSource) async throws {
        server =
            HostKind.isVersion6(address.host)
            ? HTTPServer(
                address: try .inet6(ip6: address.host, port: address.port), timeout: 10,
                logger: .disabled)
            : HTTPServer(
                address: try .inet(ip4: address.host, port: address.port), timeout: 10,
                logger: .disabled)
        await server.appendRoute("GET /livez") { _ in
            try Self.json(Liveness(), status: .ok)
        }
        await server.appendRoute("GET /readyz") { _ in
            let readiness = Readiness(try await source.report())
            return try Self.json(readiness, status: readiness.ready ? .ok : .serviceUnavailable)
        }
        await server.appendRoute("POST /departures") { request in
            let body = try await request.bodyData
            guard let wish = (try? JSONDecoder().decode(DepartureRequest.self, from: body))?.wish
            else {
                let error =
                    "expected {\"node\": ID, \"successor\": ID}, with ids of 16 hexadecimal digits"
                return try Self.json(DepartureAnswer(error: error), status: .badRequest)
            }
            let error = try await source.request(wish)
            return try Self.json(
                DepartureAnswer(error: error), status: error == nil ? .accepted : .conflict)
        }
        await server.appendRoute("GET /topology") { _ in
            try Self.json(try await source.report(), status: .ok)
        }
        await server.appendRoute("GET /metrics") { _ in
            HTTPResponse(
                statusCode: .ok, headers: [.contentType: MetricsText.contentType],
                body: Data(try await source.metrics().utf8))
        }
    }

    /// Binds the listener and serves in a task of its own, until that is cancelled.
    ///
    /// - Parameter onFailure: Called when serving ends for another reason.
    /// - Returns: The task, once the listener is bound.
    /// - Throws: Why it can't be bound.
    func start(onFailure: @escaping @Sendable (any Error) -> Void) async throws -> Task<Void, Never>
    {
        let (failures, failed) = AsyncStream<any Error>.makeStream()
        let serving = Task { [server] in
            do {
                try await server.run()
            } catch {
                guard !Task.isCancelled else { return }
                failed.yield(error)
                onFailure(error)
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { [server] group in
            group.addTask { try await server.waitUntilListening(timeout: Self.bindSeconds) }
            group.addTask {
                for await failure in failures { throw failure }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        return serving
    }

    private static let bindSeconds: Double = 5

    /// The port that is listened on, once it is.
    var port: UInt16? {
        get async {
            switch await server.listeningAddress {
            case .ip4(_, let port), .ip6(_, let port): port
            case .unix, nil: nil
            }
        }
    }

    private static func json(
        _ value: some Encodable, status: HTTPStatusCode
    ) throws -> HTTPResponse {
        HTTPResponse(
            statusCode: status, headers: [.contentType: "application/json"],
            body: Data((try jsonText(value) + "\n").utf8))
    }
}
