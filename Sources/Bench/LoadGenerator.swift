import Client
import EventLoop
import Primitives

/// Runs a ``BenchPlan`` on one thread: connects, fills the keys, warms up, and measures its rounds.
package final class LoadGenerator {
    private enum Phase: Equatable {
        case connecting
        /// Every key is written once.
        case filling
        case warming
        case measuring
        case finished
    }

    /// What a connection has to send.
    enum Filling {
        case filled
        /// Every key of its node is written or on its way.
        case nothingLeft
        /// Its node leads nothing any more.
        case nothingHere
        /// The run is over.
        case over
    }

    /// How long no reply may come before the run is given up.
    private static let stallSeconds = 15
    private static let leastFillPipeline = 16
    private static let fillAttemptLimit = 20

    let plan: BenchPlan
    let loop: Loop
    private let values: ValuePool
    private let client: ClusterClient
    private var nodes: [LoadNode] = []
    private var connections: [LoadConnection] = []
    private var phase = Phase.connecting
    private var readyCount = 0
    private var idleCount = 0
    /// Keys that the filling could not write, and how often it began anew because of such.
    private var unfilledCount = 0
    private var fillAttemptCount = 0
    private var isRefreshing = false
    private var generator: SeededGenerator
    private var meter: RoundMeter
    private var results: [RoundResult] = []
    private var failure: BenchFailure?
    private let phaseTimer: LoopTimer
    private let stallTimer: LoopTimer
    private var totalCount = 0
    private var totalAtLastCheck = 0
    private var stalledSeconds = 0

    private init(_ plan: BenchPlan, loop: Loop) throws(BenchFailure) {
        self.plan = plan
        self.loop = loop
        values = ValuePool(valueByteCount: plan.valueByteCount)
        var settings = ClusterClient.Settings()
        settings.password = plan.password
        client = ClusterClient(loop: loop, seeds: plan.addresses, settings: settings)
        generator = SeededGenerator(seed: plan.seed)
        meter = try RoundMeter(pids: plan.serverPIDs)
        phaseTimer = LoopTimer(loop: loop)
        stallTimer = LoopTimer(loop: loop)
    }

    /// Runs the plan on a loop of its own.
    ///
    /// - Parameter plan: Without a ``BenchPlan/problem``.
    /// - Returns: What was measured.
    /// - Throws: ``BenchFailure`` at the first reply that isn't as it must be, or when a server is
    ///   gone.
    package static func run(_ plan: BenchPlan) throws(BenchFailure) -> BenchReport {
        if let problem = plan.problem { throw .impossible(problem) }
        SignalWatcher.ignoreBrokenPipes()
        let loop: Loop
        do throws(SystemError) {
            loop = try Loop()
        } catch {
            throw .impossible(error.description)
        }
        let generator = try LoadGenerator(plan, loop: loop)
        generator.start()
        loop.run()
        generator.stop()
        loop.close()
        if let failure = generator.failure { throw failure }
        return BenchReport(
            plan: plan, nodeCount: generator.nodes.count { !$0.keys.isEmpty },
            rounds: generator.results)
    }

    private func start() {
        stallTimer.start(milliseconds: 1000, repeatMilliseconds: 1000) { [unowned self] in
            checkProgress()
        }
        guard plan.isCluster else {
            return begin(SlotLeaders(only: plan.addresses[0]))
        }
        client.refresh { [unowned self] result in
            switch result {
            case .success(let leaders): begin(leaders)
            case .failure(let error): fail(.unreachable(error.description))
            }
        }
    }

    private func stop() {
        phaseTimer.close()
        stallTimer.close()
        client.close()
        for connection in connections { connection.close() }
    }

    func fail(_ failure: BenchFailure) {
        guard phase != .finished else { return }
        self.failure = failure
        phase = .finished
        loop.stop()
    }

    private func checkProgress() {
        stalledSeconds = totalCount == totalAtLastCheck ? stalledSeconds + 1 : 0
        totalAtLastCheck = totalCount
        guard stalledSeconds >= Self.stallSeconds else { return }
        fail(.unreachable("no reply for \(Self.stallSeconds) s"))
    }

    // MARK: Nodes

    private func begin(_ leaders: SlotLeaders) {
        do throws(BenchFailure) {
            try assignKeys(leaders)
            for _ in 0..<plan.clientCount {
                let connection = LoadConnection(generator: self, node: try leastUsedNode())
                connections.append(connection)
                try connection.connect()
            }
        } catch {
            fail(error)
        }
    }

    /// Gives each leader the keys of its slots; nodes that lead nothing keep none.
    private func assignKeys(_ leaders: SlotLeaders) throws(BenchFailure) {
        if let slot = leaders.firstUnserved {
            throw .unreachable("slot \(slot) has no leader")
        }
        for node in nodes { node.keys = [] }
        let prefix = [UInt8](plan.workload.keyPrefix.utf8)
        var key = prefix + [UInt8](repeating: 0, count: ValuePool.digitCount)
        var bySlot = [LoadNode?](repeating: nil, count: SlotID.count)
        for number in 0..<UInt32(plan.keyCount) {
            unsafe key.withUnsafeMutableBytes {
                unsafe writeDigits(
                    of: number,
                    to: UnsafeMutableRawBufferPointer(rebasing: $0[prefix.count...]))
            }
            let slot = SlotID(key: key.span)
            let index = Int(slot.rawValue)
            if let node = bySlot[index] {
                node.keys.append(number)
            } else if let address = leaders[slot] {
                let node = node(at: address)
                bySlot[index] = node
                node.keys.append(number)
            }
        }
    }

    private func node(at address: Address) -> LoadNode {
        if let node = nodes.first(where: { $0.address == address }) { return node }
        let node = LoadNode(address: address)
        nodes.append(node)
        return node
    }

    private func leastUsedNode() throws(BenchFailure) -> LoadNode {
        let leading = nodes.filter { !$0.keys.isEmpty }
        guard let node = leading.min(by: { $0.connectionCount < $1.connectionCount }) else {
            throw .unreachable("no node leads a slot")
        }
        return node
    }

    /// A node said that a slot has moved: asks who leads what now.
    private func refresh() {
        guard !isRefreshing else { return }
        isRefreshing = true
        client.refresh { [unowned self] result in
            isRefreshing = false
            guard phase != .finished, case .success(let leaders) = result, leaders.isComplete
            else { return }
            do throws(BenchFailure) {
                try assignKeys(leaders)
            } catch {
                fail(error)
            }
        }
    }

    // MARK: Phases

    func makeBatch() -> RequestBatch {
        let capacity =
            phase == .filling ? max(plan.pipeline, Self.leastFillPipeline) : plan.pipeline
        return RequestBatch(presentWorkload, capacity: capacity, values: values)
    }

    func makeChecker() -> ReplyChecker { ReplyChecker(presentWorkload, values: values) }

    private var presentWorkload: Workload {
        phase == .filling ? plan.workload.filler ?? plan.workload : plan.workload
    }

    func connectionIsReady(_ connection: LoadConnection) {
        guard phase == .connecting else { return connection.startPhase() }
        readyCount += 1
        guard readyCount == connections.count else { return }
        if plan.fillsKeys, plan.workload.filler != nil {
            beginFilling()
        } else {
            warmUp()
        }
    }

    func connectionIsIdle() {
        idleCount += 1
        guard idleCount == connections.count else { return }
        if unfilledCount == 0 { return warmUp() }
        // Slots moved meanwhile: all is written again, by what is known then.
        fillAttemptCount += 1
        guard fillAttemptCount <= Self.fillAttemptLimit else {
            return fail(.unreachable("slots kept moving while the keys were being written"))
        }
        client.refresh { [unowned self] result in
            guard case .success(let leaders) = result else {
                return fail(.unreachable("the cluster can't be asked who leads"))
            }
            do throws(BenchFailure) {
                try assignKeys(leaders)
            } catch {
                return fail(error)
            }
            beginFilling()
        }
    }

    private func beginFilling() {
        phase = .filling
        idleCount = 0
        unfilledCount = 0
        for node in nodes { node.fillCursor = 0 }
        for connection in connections { connection.startPhase() }
    }

    func relocate(_ connection: LoadConnection) {
        do throws(BenchFailure) {
            try connection.move(to: try leastUsedNode())
        } catch {
            fail(error)
        }
    }

    private func warmUp() {
        guard phase != .finished else { return }
        phase = .warming
        phaseTimer.start(milliseconds: plan.warmupMilliseconds) { [unowned self] in beginRound() }
        for connection in connections { connection.startPhase() }
    }

    private func beginRound() {
        guard phase != .finished else { return }
        phase = .measuring
        do throws(BenchFailure) {
            meter = try RoundMeter(pids: plan.serverPIDs)
        } catch {
            return fail(error)
        }
        if case .milliseconds(let milliseconds) = plan.limit {
            phaseTimer.start(milliseconds: milliseconds) { [unowned self] in endRound() }
        }
    }

    private func endRound() {
        guard phase == .measuring else { return }
        do throws(BenchFailure) {
            results.append(try meter.result())
        } catch {
            return fail(error)
        }
        guard results.count == plan.roundCount else { return beginRound() }
        phase = .finished
        loop.stop()
    }

    // MARK: Hot path

    /// Puts the next requests of a node's connection into `batch`.
    func fill(_ batch: inout RequestBatch, for node: LoadNode) -> Filling {
        switch phase {
        case .filling:
            batch.take(from: node.keys, cursor: &node.fillCursor)
            return batch.count == 0 ? .nothingLeft : .filled
        case .warming, .measuring:
            guard !node.keys.isEmpty else { return .nothingHere }
            batch.draw(from: node.keys, &generator)
            return .filled
        case .connecting, .finished:
            return .over
        }
    }

    func count(good: Int, moved: Int, refused: Int, nanoseconds: UInt64) {
        totalCount += good
        if phase == .measuring {
            meter.add(good: good, moved: moved, refused: refused, nanoseconds: nanoseconds)
            if case .requests(let limit) = plan.limit, meter.goodCount >= limit { endRound() }
        }
        if phase == .filling {
            unfilledCount += moved + refused
        } else if moved > 0 {
            refresh()
        }
    }
}
