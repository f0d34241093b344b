import EventLoop
import Primitives

/// One request of a ``ClusterClient`` on its way, from node to node, until it is answered.
///
/// It lives as long as its timers and its connection's completion refer to it.
final class ClusterRequest {
    private let client: ClusterClient
    private let words: [[UInt8]]
    private let slot: SlotID
    private let isRepeatable: Bool
    private var completion: ClusterClient.Completion?

    private let deadline: LoopTimer
    private let attemptTimer: LoopTimer
    /// Counted up with each attempt, so that an answer that comes too late isn't taken for another.
    private var attempt = 0
    private var target: Address
    private var lastRefusal = "no node answered"

    init(
        client: ClusterClient, words: [[UInt8]], slot: SlotID, isRepeatable: Bool,
        completion: @escaping ClusterClient.Completion
    ) {
        self.client = client
        self.words = words
        self.slot = slot
        self.isRepeatable = isRepeatable
        self.completion = completion
        deadline = LoopTimer(loop: client.loop)
        attemptTimer = LoopTimer(loop: client.loop)
        target = client.leaders?[slot] ?? client.addresses[0]
    }

    func start() {
        deadline.start(milliseconds: client.settings.requestMilliseconds) { [self] in
            finish(.failure(.refused(lastRefusal)))
        }
        go(isAsking: false)
    }

    private func go(isAsking: Bool) {
        guard completion != nil else { return }
        attempt += 1
        let number = attempt
        let address = target
        attemptTimer.start(milliseconds: client.settings.attemptMilliseconds) { [self] in
            client.drop(address)
            failed(number, address, .lost(address, reason: "no answer"))
        }
        do throws(ClientError) {
            let connection = try client.connection(to: address)
            if isAsking { connection.send([[UInt8]("ASKING".utf8)]) { _ in } }
            connection.send(words) { [self] result in
                switch result {
                case .success(let reply): answered(number, address, reply)
                case .failure(let error): failed(number, address, error)
                }
            }
        } catch {
            failed(number, address, error)
        }
    }

    private func answered(_ number: Int, _ address: Address, _ reply: Reply) {
        guard number == attempt, completion != nil else { return }
        attemptTimer.stop()
        guard case .error(let error) = reply else { return finish(.success(reply)) }
        if let redirection = Redirection(error, dialled: address) {
            client.learn(redirection)
            target = redirection.address
            // A node that sends back to itself would be asked without end.
            guard target != address else { return goAfterPause() }
            go(isAsking: redirection.kind == .ask)
        } else if Self.isRefusal(error) {
            lastRefusal = error
            askAnother(than: address)
        } else {
            finish(.success(reply))
        }
    }

    private func failed(_ number: Int, _ address: Address, _ error: ClientError) {
        guard number == attempt, completion != nil else { return }
        attemptTimer.stop()
        lastRefusal = error.description
        if case .lost = error, !isRepeatable { return finish(.failure(error)) }
        askAnother(than: address)
        client.refresh { _ in }
    }

    /// Errors that say that nothing was done and that trying again may help.
    private static func isRefusal(_ error: String) -> Bool {
        ["TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN"].contains { error.hasPrefix($0) }
    }

    private func askAnother(than address: Address) {
        let known = client.addresses
        let place = known.firstIndex(of: address) ?? 0
        target = known[(place + 1) % known.count]
        goAfterPause()
    }

    private func goAfterPause() {
        attempt += 1
        attemptTimer.start(milliseconds: client.settings.pauseMilliseconds) { [self] in
            go(isAsking: false)
        }
    }

    private func finish(_ result: Result<Reply, ClientError>) {
        guard let completion else { return }
        self.completion = nil
        deadline.close()
        attemptTimer.close()
        completion(result)
    }
}
