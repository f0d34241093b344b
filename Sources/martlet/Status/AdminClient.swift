import FlyingFox
import FlyingSocks
import Foundation
import Primitives
import Settings

/// Asks a node's admin listener.
struct AdminClient: Sendable {
    let address: Address
    var timeoutSeconds: Double = 5

    /// `GET path`, or `POST path` with a body.
    ///
    /// - Parameters:
    ///   - path: With its slash.
    ///   - body: What to post.
    /// - Returns: The status code and the body.
    /// - Throws: ``CommandFailure`` when there is no answer in time.
    func get(_ path: String, posting body: Data? = nil) async throws -> (status: Int, body: Data) {
        let resolved = try HostAddress.resolve(address)
        let host = "\(address)"
        do {
            return try await withThrowingTaskGroup(of: (Int, Data).self) { group in
                group.addTask {
                    let request = HTTPRequest(
                        method: body == nil ? .GET : .POST, version: .http11, path: path,
                        query: [], headers: [.host: host, .connection: "close"],
                        body: body ?? Data())
                    var client = HTTPClient()
                    let response =
                        switch resolved {
                        case .version4(let ip):
                            try await client.sendHTTPRequest(
                                request, to: .inet(ip4: ip, port: address.port))
                        case .version6(let ip):
                            try await client.sendHTTPRequest(
                                request, to: .inet6(ip6: ip, port: address.port))
                        }
                    return (response.statusCode.code, try await response.bodyData)
                }
                group.addTask { [timeoutSeconds] in
                    try await Task.sleep(for: .seconds(timeoutSeconds))
                    throw CommandFailure(
                        .unavailable, "\(host) took the connection, but doesn't answer")
                }
                defer { group.cancelAll() }
                guard let (status, body) = try await group.next() else {
                    preconditionFailure("a group of two tasks ended without a result")
                }
                return (status, body)
            }
        } catch let error as SocketError {
            throw CommandFailure(.unavailable, "\(host) can't be reached: \(error.reason)")
        }
    }

    /// Asks for a node to leave.
    ///
    /// - Throws: ``CommandFailure`` with the reason when that can't be.
    func request(_ departure: DepartureRequest) async throws {
        let (status, body) = try await get(
            "/departures", posting: try JSONEncoder().encode(departure))
        guard status != 202 else { return }
        let answer = try? JSONDecoder().decode(DepartureAnswer.self, from: body)
        throw CommandFailure(
            .unavailable,
            answer?.error ?? "\(address) answered /departures with status \(status)")
    }

    /// What the node knows of its cluster.
    func report() async throws -> StatusReport {
        let (status, body) = try await get("/topology")
        guard status == 200 else {
            throw CommandFailure(
                .unavailable, "\(address) answered /topology with status \(status)")
        }
        do {
            return try JSONDecoder().decode(StatusReport.self, from: body)
        } catch {
            throw CommandFailure(
                .unavailable,
                "\(address) is no admin listener of Martlet: its /topology is \(error)")
        }
    }
}

extension SocketError {
    /// The system's words, where it has some.
    var reason: String {
        switch self {
        case .failed(_, _, let message), .timeout(let message): message
        case .disconnected: "nobody listens there, or the connection was closed"
        case .blocked, .unsupportedAddress: localizedDescription
        }
    }
}
