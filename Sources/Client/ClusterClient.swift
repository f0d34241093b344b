package import EventLoop
package import Primitives

/// A client of a cluster: sends each request to the leader of its slot, follows redirections, and
/// finds the new leader when one is gone. A server without cluster mode counts as one leader of all.
///
/// Confined to its loop.
package final class ClusterClient {
    package struct Settings: Sendable {
        /// How long one node may take to answer before another is asked.
        package var attemptMilliseconds = 1500
        /// How long a request is tried in all.
        package var requestMilliseconds = 15_000
        /// The pause before a refused request is tried again.
        package var pauseMilliseconds = 5
        package var password: String?
        package init() {}
    }

    package typealias Completion = (Result<Reply, ClientError>) -> Void

    let loop: Loop
    let settings: Settings
    private let seeds: [Address]
    /// What is known of the cluster; `nil` until a first ``refresh(_:)`` is done.
    package private(set) var leaders: SlotLeaders?
    private var connections: [ClientConnection] = []
    private var refreshing: [(Result<SlotLeaders, ClientError>) -> Void] = []
    /// Redirections followed so far.
    package internal(set) var redirectionCount = 0

    /// - Parameters:
    ///   - loop: Where it lives.
    ///   - seeds: At least one node to ask for the cluster; the others are learned.
    ///   - settings: Its bounds.
    package init(loop: Loop, seeds: [Address], settings: Settings = Settings()) {
        precondition(!seeds.isEmpty, "a client needs an address")
        self.loop = loop
        self.seeds = seeds
        self.settings = settings
    }

    /// Every node known of: seeds first.
    package var addresses: [Address] {
        seeds + (leaders?.addresses.filter { !seeds.contains($0) } ?? [])
    }

    /// Sends a request for a key of `slot`.
    ///
    /// - Parameters:
    ///   - words: The request.
    ///   - slot: The slot of its keys.
    ///   - isRepeatable: Whether it may be sent again when it may have been executed already;
    ///     otherwise it fails then with ``ClientError/lost(_:reason:)``.
    ///   - completion: Called once, later.
    package func send(
        _ words: [[UInt8]], slot: SlotID, isRepeatable: Bool, _ completion: @escaping Completion
    ) {
        ClusterRequest(
            client: self, words: words, slot: slot, isRepeatable: isRepeatable,
            completion: completion
        ).start()
    }

    /// Sends a request to one node and tells what it answers, errors included.
    package func send(
        _ words: [[UInt8]], to address: Address, _ completion: @escaping Completion
    ) {
        do throws(ClientError) {
            try connection(to: address).send(words, completion)
        } catch {
            completion(.failure(error))
        }
    }

    /// Asks the nodes, one after the other, which of them leads what. Calls that overlap share it.
    package func refresh(_ completion: @escaping (Result<SlotLeaders, ClientError>) -> Void) {
        refreshing.append(completion)
        guard refreshing.count == 1 else { return }
        ask(addresses[...])
    }

    /// Ends all connections.
    package func close() {
        for connection in connections { connection.close(reason: "closed") }
        connections = []
    }

    // MARK: Topology

    private func ask(_ candidates: ArraySlice<Address>) {
        guard let address = candidates.first else {
            return finishRefresh(.failure(.refused("no node knows the cluster's slots")))
        }
        var answered = false
        let timer = LoopTimer(loop: loop)
        let finish = { [self] (result: Result<Reply, ClientError>) in
            guard !answered else { return }
            answered = true
            timer.close()
            if let found = Self.leaders(in: result, from: address) {
                leaders = found
                finishRefresh(.success(found))
            } else if candidates.count == 1, case .failure(let error) = result {
                finishRefresh(.failure(error))
            } else {
                ask(candidates.dropFirst())
            }
        }
        timer.start(milliseconds: settings.attemptMilliseconds) { [self] in
            drop(address)
            finish(.failure(.lost(address, reason: "no answer")))
        }
        send(words("CLUSTER SLOTS"), to: address, finish)
    }

    private static func leaders(
        in result: Result<Reply, ClientError>, from address: Address
    ) -> SlotLeaders? {
        guard case .success(let reply) = result else { return nil }
        if case .error(let error) = reply, error.contains("cluster support disabled") {
            return SlotLeaders(only: address)
        }
        return SlotLeaders(reply, dialled: address)
    }

    private func finishRefresh(_ result: Result<SlotLeaders, ClientError>) {
        let waiting = refreshing
        refreshing = []
        for completion in waiting { completion(result) }
    }

    func learn(_ redirection: Redirection) {
        redirectionCount += 1
        if redirection.kind == .moved {
            leaders?[redirection.slot] = redirection.address
        }
    }

    // MARK: Connections

    func connection(to address: Address) throws(ClientError) -> ClientConnection {
        if let connection = connections.first(where: { $0.address == address && $0.isUsable }) {
            return connection
        }
        connections.removeAll { !$0.isUsable }
        let connection = try ClientConnection(loop: loop, address: address)
        connections.append(connection)
        if let password = settings.password {
            // A refusal shows in the replies to the requests that follow.
            connection.send([[UInt8]("AUTH".utf8), [UInt8](password.utf8)]) { _ in }
        }
        return connection
    }

    /// Gives up the connection to a node that doesn't answer.
    func drop(_ address: Address) {
        for connection in connections where connection.address == address {
            connection.close(reason: "no answer")
        }
        connections.removeAll { $0.address == address }
    }
}
