import Foundation

/// What `GET /readyz` answers.
struct Readiness: Codable, Equatable, Sendable {
    /// The process that answers.
    var pid = ProcessInfo.processInfo.processIdentifier
    var ready: Bool
    /// Why it isn't.
    var missing: [String]

    init(_ report: StatusReport) {
        missing = report.missing
        ready = missing.isEmpty
    }
}

/// What `GET /livez` answers: that the process does.
struct Liveness: Codable, Equatable, Sendable {
    var pid = ProcessInfo.processInfo.processIdentifier
    var live = true
}
