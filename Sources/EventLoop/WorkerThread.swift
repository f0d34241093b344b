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
        let isInBackground: Bool

        init(name: String, isInBackground: Bool, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.isInBackground = isInBackground
            self.run = run
        }
    }

    /// What a thread in the background is behind others: a tenth of the time of one that isn't, when
    /// there are fewer processors than threads to run (sched(7)).
    private static let backgroundNiceness: Int32 = 10

    /// Starts a thread that runs `body` and ends.
    ///
    /// - Parameters:
    ///   - name: At most 15 bytes of it are shown.
    ///   - isInBackground: Whether it gives way to threads that somebody waits for.
    ///   - body: What it does.
    /// - Throws: The system's error when there can be no more threads.
    package init(
        name: String, isInBackground: Bool = false, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(
            Body(name: name, isInBackground: isInBackground, body))
        let status = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                unsafe martlet_name_thread(String(body.name.prefix(15)))
                if body.isInBackground { martlet_lower_thread_priority(Self.backgroundNiceness) }
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
