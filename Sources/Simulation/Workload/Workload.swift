package import Node
package import Primitives
import RESP

/// Eight clients, their keys and what they saw.
///
/// Each client does one action at a time: a command, or a pipeline of up to six on one connection.
/// It retries what was certainly refused, and takes the rest for unknown. Every other one is a client of
/// the cluster's listener, and knows slots' nodes from redirections alone; the others are plain clients,
/// ask any node for keys of whole databases, or through a sharded database 0 for those that the others
/// ask for too, and change the database within a pipeline.
package struct Workload: Sendable {
    /// What a client asks of the world.
    package enum Effect: Sendable {
        /// Connect the client to the node of this index; answered by `connected` or `closed`.
        case connect(client: Int, node: Int, ListenerKind)
        case send(client: Int, [UInt8])
        /// Close the client's connection; no `closed` follows.
        case disconnect(client: Int)
        /// Call ``Workload/wake(client:token:now:into:)`` at this time.
        case wake(client: Int, at: UInt64, token: UInt64)
    }

    private struct Attempt {
        var partition: Int
        /// `nil` for a change of the connection's database.
        var operation: Operation?
        /// Its place in the partition's history while it is under way.
        var entry: Int?
    }

    private enum Phase {
        case thinking
        case connecting
        case waiting
    }

    private struct Client {
        var phase = Phase.thinking
        /// The node that the connection leads to, if there is one.
        var node: Int?
        var reader = ReplyReader()
        /// The database that the connection has selected.
        var database = DatabaseID.sharded
        /// What was sent and not answered yet, in order.
        var sent: [Attempt] = []
        var answeredCount = 0
        /// What is still to be sent in this action.
        var waiting: [Attempt] = []
        /// The rest of a pipeline, sent a while after its beginning, whatever was answered meanwhile.
        var rest: [Attempt] = []
        /// The last entry of the pipeline in the history of each partition.
        var previous = SortedMap<Int, Int>()
        /// The node to try next, from the last redirection.
        var target: Int?
        /// When the action is given up.
        var deadline: UInt64 = 0
        /// Wakes with another token are stale.
        var token: UInt64 = 0
        /// The node that led each slot when last heard.
        var route = SortedMap<SlotID, Int>()
    }

    /// How clients behave at present.
    package enum Pace: Equatable, Sendable {
        /// As many actions as there is time for, with a mean pause between those of one client.
        case steady(meanPause: UInt64)
        /// The same, of reads alone.
        case reading(meanPause: UInt64)
        /// No new actions.
        case quiet

        fileprivate var meanPause: UInt64? {
            switch self {
            case .steady(let mean), .reading(let mean): mean
            case .quiet: nil
            }
        }

        fileprivate var isReading: Bool {
            switch self {
            case .reading: true
            case .steady, .quiet: false
            }
        }
    }

    private var clients: [Client]
    package private(set) var partitions: [Partition] = []
    /// The partitions that are in use, one for each of so many places.
    private var active: [Int] = []
    private var generator: SeededGenerator
    private var serial = 0
    private let nodes: [Address]
    package private(set) var counts = OperationCounts()
    package var pace = Pace.quiet
    /// The longest that an action took from its first attempt to its last reply, of those begun
    /// since the last ``resetLongestAction()``.
    package private(set) var longestAction: UInt64 = 0
    /// Replies that no server may give.
    package private(set) var faults: [String] = []
    /// How long a client tries before it gives an action up.
    private let patience: UInt64 = .seconds(3)
    private let activeCount: Int
    /// What database 0 of plain clients is.
    private let plainDatabaseZero: DatabaseID

    /// Clients that may connect to any of `nodes`, given by their client addresses.
    package init(
        clientCount: Int, nodes: [Address], activeCount: Int, plainDatabaseZero: DatabaseID,
        seed: UInt64
    ) {
        self.plainDatabaseZero = plainDatabaseZero
        clients = Array(repeating: Client(), count: clientCount)
        self.nodes = nodes
        self.activeCount = activeCount
        generator = SeededGenerator(seed: seed)
        for place in 0..<activeCount { active.append(addPartition(isPlain: place % 2 == 1)) }
    }

    private func isPlain(_ client: Int) -> Bool { client % 2 == 1 }

    /// A client that may ask for the keys of a partition.
    private func client(of partition: Int, _ number: Int) -> Int {
        let isSharded = partitions[partition].database.isSharded
        if isSharded, plainDatabaseZero.isSharded { return number % clients.count }
        let half = number % (clients.count / 2)
        return 2 * half + (isSharded ? 0 : 1)
    }

    package var clientCount: Int { clients.count }

    /// Whether no client has anything under way.
    package var isIdle: Bool {
        clients.allSatisfy { $0.waiting.isEmpty && $0.sent.isEmpty }
    }

    package mutating func resetLongestAction() { longestAction = 0 }

    // MARK: Events

    /// A client's pause or patience is over.
    package mutating func wake(
        client: Int, token: UInt64, now: UInt64, into effects: inout [Effect]
    ) {
        guard clients[client].token == token else { return }
        switch clients[client].phase {
        case .thinking:
            if clients[client].waiting.isEmpty { begin(client, now) }
            proceed(client, now, &effects)
        case .waiting where !clients[client].rest.isEmpty:
            // What was refused waits until all is answered.
            let refused = clients[client].waiting
            clients[client].waiting = clients[client].rest
            clients[client].rest = []
            transmit(client, now, &effects)
            clients[client].waiting = refused
        case .connecting, .waiting: abandonConnection(client, now, &effects)
        }
    }

    /// Begins the actions of all clients, after a pause each.
    package mutating func start(now: UInt64, into effects: inout [Effect]) {
        for client in clients.indices where clients[client].phase == .thinking {
            pause(client, now, &effects)
        }
    }

    package mutating func connected(client: Int, now: UInt64, into effects: inout [Effect]) {
        guard clients[client].phase == .connecting else { return }
        clients[client].reader = ReplyReader()
        transmit(client, now, &effects)
    }

    /// The connection is gone, or could not be made.
    package mutating func closed(client: Int, now: UInt64, into effects: inout [Effect]) {
        let phase = clients[client].phase
        clients[client].node = nil
        guard phase != .thinking else { return }
        loseSent(client)
        clients[client].target = generator.below(nodes.count)
        finishOrRetry(client, now, &effects)
    }

    package mutating func received(
        client: Int, _ bytes: [UInt8], now: UInt64, into effects: inout [Effect]
    ) {
        clients[client].reader.feed(bytes)
        do {
            while let reply = try clients[client].reader.next() {
                take(reply, client, now)
            }
        } catch {
            faults.append("client \(client) received bytes that are not RESP: \(error)")
            abandonConnection(client, now, &effects)
            return
        }
        let isWhole =
            clients[client].answeredCount == clients[client].sent.count
            && clients[client].rest.isEmpty
        guard clients[client].phase == .waiting, isWhole else { return }
        clients[client].sent.removeAll()
        clients[client].answeredCount = 0
        clients[client].previous.removeAll()
        finishOrRetry(client, now, &effects)
    }

    // MARK: Actions

    private mutating func addPartition(isPlain: Bool) -> Int {
        let kinds = PartitionKind.allCases
        let number = partitions.count
        partitions.append(
            Partition(
                number: number, kind: kinds[number % kinds.count],
                operationCount: generator.number(in: 30...60),
                database: isPlain ? database(generator.below(DatabaseID.wholeCount)) : .sharded))
        return number
    }

    /// What a plain client gets by this number.
    private func database(_ number: Int) -> DatabaseID {
        number == 0 ? plainDatabaseZero : .whole(number)
    }

    private mutating func begin(_ client: Int, _ now: UInt64) {
        guard pace.meanPause != nil else { return }
        let length = generator.chance(percent: 25) ? generator.number(in: 2...6) : 1
        var place = self.place(for: client)
        var attempts: [Attempt] = []
        for _ in 0..<length {
            if generator.chance(percent: 15) { place = self.place(for: client) }
            let partition = active[place]
            let operation =
                pace.isReading
                ? partitions[partition].nextRead(generator: &generator)
                : partitions[partition].nextOperation(generator: &generator, serial: &serial)
            attempts.append(Attempt(partition: partition, operation: operation))
            // Readers stay with the keys that were written before they began.
            if !pace.isReading { partitions[partition].remainingCount -= 1 }
            if partitions[partition].remainingCount <= 0 {
                active[place] = addPartition(isPlain: place % 2 == 1)
            }
        }
        clients[client].waiting = attempts
        clients[client].deadline = now + patience
        clients[client].target = nil
    }

    private mutating func place(for client: Int) -> Int {
        if isPlain(client), plainDatabaseZero.isSharded { return generator.below(active.count) }
        return 2 * generator.below(active.count / 2) + (isPlain(client) ? 1 : 0)
    }

    /// Has one client read each of the partitions, so that what they hold in the end is judged.
    ///
    /// - Parameters:
    ///   - patience: How long the clients try.
    ///   - now: The virtual time.
    ///   - effects: What the world must do is appended.
    package mutating func readEverything(
        patience: UInt64, now: UInt64, into effects: inout [Effect]
    ) {
        for partition in partitions.indices {
            let client = client(of: partition, partition)
            for operation in partitions[partition].finalReads {
                clients[client].waiting.append(
                    Attempt(partition: partition, operation: operation))
            }
        }
        for client in clients.indices where !clients[client].waiting.isEmpty {
            clients[client].deadline = now + patience
            if clients[client].phase == .thinking { proceed(client, now, &effects) }
        }
    }

    /// Has some clients set the keys of the partitions that are about expiry.
    package mutating func setExpiringKeys(
        milliseconds: Int, now: UInt64, into effects: inout [Effect]
    ) {
        for partition in active where partitions[partition].kind == .expiring {
            serial += 1
            attempt(
                .setExpiring(key: 0, value: .ascii("v\(serial)"), milliseconds: milliseconds),
                partition: partition,
                client: client(of: partition, generator.below(clients.count)), patience: patience,
                now: now, into: &effects)
        }
    }

    /// Has a client try one operation until it is done or the patience is over.
    package mutating func attempt(
        _ operation: Operation, partition: Int, client: Int, patience: UInt64, now: UInt64,
        into effects: inout [Effect]
    ) {
        clients[client].waiting.append(Attempt(partition: partition, operation: operation))
        clients[client].deadline = now + patience
        if clients[client].phase == .thinking { proceed(client, now, &effects) }
    }

    private mutating func proceed(_ client: Int, _ now: UInt64, _ effects: inout [Effect]) {
        guard let first = clients[client].waiting.first else {
            pause(client, now, &effects)
            return
        }
        let slot = partitions[first.partition].slot
        let known = isPlain(client) ? clients[client].node : clients[client].route[slot]
        let target = clients[client].target ?? known ?? generator.below(nodes.count)
        clients[client].target = target
        if clients[client].node == target {
            transmit(client, now, &effects)
            return
        }
        if clients[client].node != nil { effects.append(.disconnect(client: client)) }
        clients[client].node = target
        clients[client].phase = .connecting
        clients[client].reader = ReplyReader()
        clients[client].database = plainDatabaseZero
        effects.append(
            .connect(client: client, node: target, isPlain(client) ? .plain : .cluster))
        setWake(client, at: now + .milliseconds(700), &effects)
    }

    /// Sends all that waits, as one pipeline; of a plain client's at times only the beginning.
    private mutating func transmit(_ client: Int, _ now: UInt64, _ effects: inout [Effect]) {
        var bytes: [UInt8] = []
        if clients[client].waiting.count > 1, isPlain(client), generator.chance(percent: 50) {
            clients[client].rest = Array(clients[client].waiting[1...])
            clients[client].waiting.removeSubrange(1...)
        }
        for var attempt in clients[client].waiting {
            let partition = attempt.partition
            guard let operation = attempt.operation else { continue }
            select(partitions[partition].database, client, &bytes)
            bytes.append(request: operation.arguments(names: partitions[partition].names))
            attempt.entry = partitions[partition].history.count
            partitions[partition].history.append(
                HistoryEntry(
                    client: client, operation: operation, invoked: now,
                    predecessor: clients[client].previous[partition]))
            clients[client].previous[partition] = attempt.entry
            clients[client].sent.append(attempt)
        }
        clients[client].waiting.removeAll()
        clients[client].phase = .waiting
        effects.append(.send(client: client, bytes))
        let isWhole = clients[client].rest.isEmpty
        let pause: UInt64 =
            isWhole
            ? .milliseconds(2_500)
            : generator.time(in: .microseconds(100)...(.milliseconds(300)))
        setWake(client, at: now + pause, &effects)
    }

    /// Changes a plain connection's database where the next request is for another one.
    private mutating func select(
        _ database: DatabaseID, _ client: Int, _ bytes: inout [UInt8]
    ) {
        guard isPlain(client), database != clients[client].database else { return }
        clients[client].database = database
        bytes.append(request: [.ascii("SELECT"), .ascii("\(database.number ?? 0)")])
        clients[client].sent.append(Attempt(partition: 0, operation: nil))
    }

    private mutating func take(_ reply: Reply, _ client: Int, _ now: UInt64) {
        let index = clients[client].answeredCount
        guard index < clients[client].sent.count else {
            faults.append("client \(client) received a reply that it did not ask for: \(reply)")
            return
        }
        clients[client].answeredCount += 1
        let attempt = clients[client].sent[index]
        guard attempt.operation != nil else {
            if reply != .simple(.ascii("OK")) { faults.append("SELECT was answered \(reply)") }
            return
        }
        guard let entry = attempt.entry else {
            preconditionFailure("attempt \(attempt) was never sent")
        }
        if case .error(let text) = reply, let refusal = Refusal(error: text) {
            refuse(attempt, entry: entry, refusal, client)
            return
        }
        partitions[attempt.partition].history[entry].reply = reply
        partitions[attempt.partition].history[entry].returned = now
        counts.done += 1
        if let node = clients[client].node {
            clients[client].route[partitions[attempt.partition].slot] = node
        }
    }

    private mutating func refuse(
        _ attempt: Attempt, entry: Int, _ refusal: Refusal, _ client: Int
    ) {
        switch refusal {
        case .uncertain: counts.unknown += 1
        case .notDone, .moved:
            counts.refusedAttempts += 1
            partitions[attempt.partition].history[entry].isRefused = true
            clients[client].waiting.append(
                Attempt(partition: attempt.partition, operation: attempt.operation))
            guard case .moved(let host, let port) = refusal else {
                clients[client].target = generator.below(nodes.count)
                return
            }
            if isPlain(client) {
                faults.append("plain client \(client) was sent to \(host):\(port)")
            }
            guard let node = nodes.firstIndex(of: Address(host: host, port: port)) else {
                faults.append("client \(client) was sent to \(host):\(port), which is no node")
                return
            }
            clients[client].target = node
            clients[client].route[partitions[attempt.partition].slot] = node
        }
    }

    /// What was sent and not answered has an unknown outcome.
    private mutating func loseSent(_ client: Int) {
        let lost = clients[client].sent[clients[client].answeredCount...]
        counts.unknown += lost.count { $0.operation != nil }
        clients[client].sent.removeAll()
        clients[client].answeredCount = 0
        clients[client].previous.removeAll()
        // What was not sent is tried again.
        clients[client].waiting += clients[client].rest
        clients[client].rest = []
    }

    private mutating func abandonConnection(
        _ client: Int, _ now: UInt64, _ effects: inout [Effect]
    ) {
        effects.append(.disconnect(client: client))
        clients[client].node = nil
        loseSent(client)
        clients[client].target = generator.below(nodes.count)
        finishOrRetry(client, now, &effects)
    }

    private mutating func finishOrRetry(
        _ client: Int, _ now: UInt64, _ effects: inout [Effect]
    ) {
        clients[client].phase = .thinking
        if !clients[client].waiting.isEmpty, now >= clients[client].deadline {
            counts.refused += clients[client].waiting.count
            clients[client].waiting.removeAll()
        }
        guard !clients[client].waiting.isEmpty else {
            let begun = clients[client].deadline - min(patience, clients[client].deadline)
            longestAction = max(longestAction, now - min(begun, now))
            pause(client, now, &effects)
            return
        }
        setWake(
            client, at: now + generator.time(in: .milliseconds(1)...(.milliseconds(80))),
            &effects)
    }

    private mutating func pause(_ client: Int, _ now: UInt64, _ effects: inout [Effect]) {
        clients[client].phase = .thinking
        guard let mean = pace.meanPause else { return }
        setWake(client, at: now + generator.exponentialTime(mean: mean), &effects)
    }

    private mutating func setWake(_ client: Int, at time: UInt64, _ effects: inout [Effect]) {
        clients[client].token += 1
        effects.append(.wake(client: client, at: time, token: clients[client].token))
    }
}
