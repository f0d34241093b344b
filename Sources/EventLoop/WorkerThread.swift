import CLibuv
import Glibc

/// A thread of the operating system.
///
/// Sendable: `pthread_t` is a number, and only ``join()`` uses it.
@safe package struct WorkerThread: @unchecked Sendable {
    private let thread: pthread_t

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        let name: String

        init(name: String, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts a thread named `name` (at most 15 bytes are shown) that runs `body` and ends.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(Body(name: name, body))
        let status = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                unsafe martlet_name_thread(String(body.name.prefix(15)))
                body.run()
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            unsafe box.release()
            throw SystemError(code: status, operation: "start thread \(name)")
        }
        self.thread = thread
    }

    /// Waits until the thread has ended. Call it once.
    package func join() { pthread_join(thread, nil) }
}
