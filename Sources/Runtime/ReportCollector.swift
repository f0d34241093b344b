import EventLoop
import Node

/// Waits until every loop has said what it counts.
///
/// Sendable because all that changes is under the lock.
final class ReportCollector: @unchecked Sendable {
    private let lock = Lock()
    private let count: Int
    private let reply: @Sendable ([LoopReport]) -> Void
    private var reports: [LoopReport] = []

    init(count: Int, _ reply: @escaping @Sendable ([LoopReport]) -> Void) {
        self.count = count
        self.reply = reply
    }

    func add(_ report: LoopReport) {
        let all = lock.withLock {
            reports.append(report)
            return reports.count == count ? reports : nil
        }
        if let all { reply(all) }
    }
}
