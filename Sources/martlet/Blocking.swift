import Dispatch

/// Carries one result from a task to the thread that waits for it. Written once before the
/// semaphore is signalled, read once after: never at the same time.
private final class ResultBox<Value: Sendable>: @unchecked Sendable {
    var result: Result<Value, any Error>?
}

/// Runs `work` on the cooperative pool and waits. Commands are synchronous, so that `serve` needs
/// no main actor; only those that speak HTTP come through here.
func waitFor<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
) throws -> Value {
    let box = ResultBox<Value>()
    let done = DispatchSemaphore(value: 0)
    Task {
        do {
            box.result = .success(try await work())
        } catch {
            box.result = .failure(error)
        }
        done.signal()
    }
    done.wait()
    guard let result = box.result else { preconditionFailure("signalled without a result") }
    return try result.get()
}
