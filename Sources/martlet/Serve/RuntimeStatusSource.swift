import Node
import Runtime
import Synchronization

/// Asks a running node's home core, on its own thread, for the admin listener.
struct RuntimeStatusSource: StatusSource {
    let runtime: NodeRuntime

    /// The node doesn't answer once it has ended; then, and when its thread hangs, this is the end
    /// of waiting.
    private static let limit: Duration = .seconds(5)

    struct NoAnswer: Error {}

    func report() async throws -> StatusReport {
        StatusReport(try await answer { reply in runtime.status { reply($0) } })
    }

    func metrics() async throws -> String {
        let reports = try await answer { reply in runtime.metrics { reply($0) } }
        return MetricsText.page(reports, version: Martlet.version)
    }

    func request(_ wish: ClusterWish) async throws -> String? {
        try await answer { reply in runtime.request(wish) { reply($0) } }
    }

    /// What `ask` is answered, in time.
    private func answer<Value: Sendable>(
        _ ask: (@escaping @Sendable (Value) -> Void) -> Void
    ) async throws -> Value {
        let isAnswered = Answered()
        return try await withCheckedThrowingContinuation { continuation in
            let timer = Task {
                try await Task.sleep(for: Self.limit)
                if isAnswered.claim() {
                    continuation.resume(throwing: NoAnswer())
                }
            }
            ask { value in
                guard isAnswered.claim() else { return }
                timer.cancel()
                continuation.resume(returning: value)
            }
        }
    }

    /// Lets one of the answer and the time-out resume the continuation.
    private final class Answered: Sendable {
        private let isTaken = Atomic(false)

        func claim() -> Bool {
            isTaken.compareExchange(
                expected: false, desired: true, ordering: .acquiringAndReleasing
            ).exchanged
        }
    }
}
