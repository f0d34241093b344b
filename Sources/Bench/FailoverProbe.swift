import Client
import EventLoop
import Glibc
import Primitives

/// Runs a ``FailoverPlan`` on one thread.
package final class FailoverProbe {
    private let plan: FailoverPlan
    private let loop: Loop
    private let client: ClusterClient
    private let timer: LoopTimer
    private var writers: [ProbeWriter] = []
    private var failure: BenchFailure?
    private var doneCount = 0

    private init(_ plan: FailoverPlan, loop: Loop) {
        self.plan = plan
        self.loop = loop
        var settings = ClusterClient.Settings()
        settings.password = plan.password
        client = ClusterClient(loop: loop, seeds: plan.addresses, settings: settings)
        timer = LoopTimer(loop: loop)
    }

    /// Runs the plan on a loop of its own.
    ///
    /// - Parameter plan: What to do.
    /// - Returns: The gaps.
    /// - Throws: ``BenchFailure`` when a write can't be done at all, or an acknowledged one is gone.
    package static func run(_ plan: FailoverPlan) throws(BenchFailure) -> FailoverReport {
        SignalWatcher.ignoreBrokenPipes()
        let loop: Loop
        do throws(SystemError) {
            loop = try Loop()
        } catch {
            throw .impossible(error.description)
        }
        let probe = FailoverProbe(plan, loop: loop)
        probe.start()
        loop.run()
        probe.close()
        loop.close()
        if let failure = probe.failure { throw failure }
        return probe.report
    }

    private var report: FailoverReport {
        FailoverReport(
            keys: writers.map { writer in
                FailoverReport.Key(
                    key: writer.key, slot: Int(writer.slot.rawValue),
                    writes: writer.acknowledgedCount,
                    calmGapMilliseconds: Double(writer.calmGap) / 1e6,
                    longestGapMilliseconds: Double(writer.longestGap) / 1e6)
            },
            redirections: writers.reduce(0) { $0 + $1.redirectionCount })
    }

    private func start() {
        client.refresh { [unowned self] result in
            switch result {
            case .success(let leaders): begin(leaders)
            case .failure(let error): fail(.unreachable(error.description))
            }
        }
    }

    private func close() {
        timer.close()
        client.close()
        for writer in writers { writer.close() }
    }

    private func fail(_ failure: BenchFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        loop.stop()
    }

    private func begin(_ leaders: SlotLeaders) {
        let slots = (0..<UInt16(SlotID.count)).map { SlotID($0) }
            .filter { leaders[$0] == plan.victim }
        guard slots.count >= plan.connectionCount else {
            return fail(.impossible("\(plan.victim) leads \(slots.count) slots"))
        }
        // Spread over all that it leads, so that several of its shards are probed.
        let probed = (0..<plan.connectionCount).map { number in
            slots[(2 * number + 1) * slots.count / (2 * plan.connectionCount)]
        }
        for slot in probed {
            let writer = ProbeWriter(
                key: Self.key(in: slot), slot: slot, loop: loop, seeds: plan.addresses,
                password: plan.password)
            writers.append(writer)
            writer.start(everyMilliseconds: plan.intervalMilliseconds) { [unowned self] in
                fail($0)
            }
        }
        timer.start(milliseconds: plan.millisecondsBefore) { [unowned self] in strike() }
    }

    /// A key of `slot`, found by trying.
    static func key(in slot: SlotID) -> String {
        var number = 0
        while true {
            let key = "probe:\(number)"
            if SlotID(key: [UInt8](key.utf8).span) == slot { return key }
            number += 1
        }
    }

    private func strike() {
        if let silent = writers.first(where: { $0.acknowledgedCount == 0 }) {
            return fail(.unreachable("\(silent.key) could not be written before the kill"))
        }
        for writer in writers { writer.markCalmEnd() }
        if let pid = plan.victimPID, kill(pid, SIGKILL) != 0 {
            return fail(.impossible("process \(pid) can't be killed: errno \(errno)"))
        }
        timer.start(milliseconds: plan.millisecondsAfter) { [unowned self] in finish() }
    }

    private func finish() {
        for writer in writers {
            writer.stop { [unowned self] in
                writer.verify { [unowned self] failure in
                    if let failure { return fail(failure) }
                    doneCount += 1
                    if doneCount == writers.count { loop.stop() }
                }
            }
        }
    }
}
