import Client
import EventLoop
import Primitives

/// Writes one key again and again, each value until it is acknowledged, and times the gaps.
final class ProbeWriter {
    let key: String
    let slot: SlotID
    private let client: ClusterClient
    private let timer: LoopTimer
    private var isWaiting = false
    private var isStopping = false
    private var onStop: (() -> Void)?
    private var lastAcknowledged: UInt64?
    private(set) var acknowledgedCount = 0
    private(set) var longestGap: UInt64 = 0
    private(set) var calmGap: UInt64 = 0

    init(key: String, slot: SlotID, loop: Loop, seeds: [Address], password: String?) {
        self.key = key
        self.slot = slot
        var settings = ClusterClient.Settings()
        settings.password = password
        client = ClusterClient(loop: loop, seeds: seeds, settings: settings)
        timer = LoopTimer(loop: loop)
    }

    var redirectionCount: Int { client.redirectionCount }

    /// Begins to write, once it knows the cluster.
    func start(everyMilliseconds interval: Int, fail: @escaping (BenchFailure) -> Void) {
        client.refresh { [self] result in
            if case .failure(let error) = result {
                return fail(.unreachable(error.description))
            }
            timer.start(milliseconds: 0, repeatMilliseconds: interval) { [unowned self] in
                write(fail)
            }
        }
    }

    private func write(_ fail: @escaping (BenchFailure) -> Void) {
        guard !isWaiting, !isStopping else { return }
        isWaiting = true
        // The same value may be written twice without harm: a lost reply is no end.
        client.send(words("SET \(key) \(acknowledgedCount + 1)"), slot: slot, isRepeatable: true) {
            [self] result in
            isWaiting = false
            switch result {
            case .success(.simple("OK")): acknowledged()
            case .success(let reply): fail(.wrongReply("SET \(key) answered \(reply)"))
            case .failure(let error): fail(.unreachable(error.description))
            }
        }
    }

    private func acknowledged() {
        let now = RoundMeter.now()
        if let last = lastAcknowledged { longestGap = max(longestGap, now - last) }
        lastAcknowledged = now
        acknowledgedCount += 1
        if isStopping { onStop?() }
    }

    /// The node is about to be killed: what the gaps were without that.
    func markCalmEnd() { calmGap = longestGap }

    /// Stops after the write that is under way.
    func stop(_ completion: @escaping () -> Void) {
        isStopping = true
        timer.stop()
        guard isWaiting else { return completion() }
        onStop = completion
    }

    /// Reads the key back: it must hold the last value acknowledged.
    func verify(_ completion: @escaping (BenchFailure?) -> Void) {
        client.send(words("GET \(key)"), slot: slot, isRepeatable: true) { [self] result in
            switch result {
            case .success(.bulk([UInt8]("\(acknowledgedCount)".utf8))): completion(nil)
            case .success(let reply):
                completion(
                    .wrongReply(
                        "\(key) holds \(reply.text ?? "\(reply)"), but \(acknowledgedCount) was "
                            + "acknowledged"))
            case .failure(let error): completion(.unreachable(error.description))
            }
        }
    }

    func close() {
        timer.close()
        client.close()
    }
}
