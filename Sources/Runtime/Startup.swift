import EventLoop
import Primitives

/// How the threads of a node come up together: each reports once, and then waits for the word.
///
/// Sendable: its state is only touched under the lock.
final class Startup: @unchecked Sendable {
    /// What a loop has ready.
    struct Ready: Sendable {
        let nodeID: NodeID
        let mailbox: Mailbox<ShellMail>
        /// Of loop 0: where its listeners are.
        let listeners: BoundAddresses?
    }

    private let lock = Lock()
    private var reports: [Result<Ready, StartError>?]
    private var isDecided = false
    private var mailboxes: [Mailbox<ShellMail>]?

    init(loopCount: Int) { reports = Array(repeating: nil, count: loopCount) }

    func report(_ result: Result<Ready, StartError>, loop: Int) {
        lock.withLock {
            reports[loop] = result
            lock.signal()
        }
    }

    func awaitReport(loop: Int) throws(StartError) -> Ready {
        let result: Result<Ready, StartError> = lock.withLock {
            while true {
                if let report = reports[loop] { return report }
                lock.wait()
            }
        }
        return try result.get()
    }

    /// With every loop's mailbox: go on. With none: give up.
    func decide(_ mailboxes: [Mailbox<ShellMail>]?) {
        lock.withLock {
            self.mailboxes = mailboxes
            isDecided = true
            lock.signal()
        }
    }

    func awaitDecision() -> [Mailbox<ShellMail>]? {
        lock.withLock {
            while !isDecided { lock.wait() }
            return mailboxes
        }
    }
}
