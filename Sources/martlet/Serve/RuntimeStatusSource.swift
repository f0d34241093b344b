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
        let isAnswered = Answered()
        return try await withCheckedThrowingContinuation { continuation in
            let timer = Task {
                try await Task.sleep(for: Self.limit)
                if isAnswered.claim() {
                    continuation.resume(throwing: NoAnswer())
                }
            }
            runtime.status { status in
                guard isAnswered.claim() else { return }
                timer.cancel()
                continuation.resume(returning: StatusReport(status))
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
