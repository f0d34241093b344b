/// One thread that performs blocking requests strictly in order and reports them, in that order and
/// in batches, to the loop that made it.
///
/// Its owner ends it with ``finish()``. Loop-confined: only what is shared with the thread is
/// behind the lock.
package final class DiskThread<Request: Sendable, Outcome: Sendable> {
    /// What the loop and the thread share.
    ///
    /// Sendable: `queue` and `isEnding` are only touched under the lock.
    private final class Shared: @unchecked Sendable {
        let lock = Lock()
        var queue: [Request] = []
        var isEnding = false

        /// All that has come; `nil` once the queue is empty and is to stay so.
        func next() -> [Request]? {
            lock.withLock {
                while queue.isEmpty {
                    if isEnding { return nil }
                    lock.wait()
                }
                let taken = queue
                queue = []
                return taken
            }
        }
    }

    private let shared = Shared()
    private let thread: WorkerThread
    private let mailbox: Mailbox<Outcome>
    /// The loop's own counters: it alone submits and receives.
    private final class Counts { var outstanding = 0 }
    private let counts = Counts()

    /// `perform` runs on the thread; `completed` on the loop.
    package init(
        name: String, loop: Loop, isInBackground: Bool = false,
        perform: @escaping @Sendable (Request) -> Outcome,
        completed: @escaping ([Outcome]) -> Void
    ) throws(SystemError) {
        let counts = counts
        let mailbox = try Mailbox<Outcome>(loop: loop) { outcomes in
            counts.outstanding -= outcomes.count
            completed(outcomes)
        }
        self.mailbox = mailbox
        let shared = shared
        thread = try WorkerThread(name: name, isInBackground: isInBackground) {
            while let requests = shared.next() {
                for request in requests { mailbox.post(perform(request)) }
            }
        }
    }

    /// Requests whose outcome the loop hasn't received yet.
    package var outstandingCount: Int { counts.outstanding }

    package func submit(_ request: Request) {
        counts.outstanding += 1
        shared.lock.withLock {
            shared.queue.append(request)
            if shared.queue.count == 1 { shared.lock.signal() }
        }
    }

    /// Performs what was submitted, reports no more, and ends. Blocks.
    package func finish() {
        mailbox.close()
        shared.lock.withLock {
            shared.isEnding = true
            shared.lock.signal()
        }
        thread.join()
    }
}
