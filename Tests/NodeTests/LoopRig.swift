import Consensus
import Journal
import Primitives
import Topology

@testable import Node

/// A folder in memory.
final class MemoryFolder: JournalDisk {
    var contents = SortedMap<JournalFile, [UInt8]>()
    /// What is kept for snapshots, and taken by them while the disk is full.
    var reservedByteCount = 0
    /// Of it, what was given up for files of the log on a full disk.
    var givenByteCount = 0

    func files() throws(DiskFailure) -> [JournalFile] { contents.keys }
    func read(_ file: JournalFile) throws(DiskFailure) -> [UInt8] { contents[file] ?? [] }

    func carryOut(_ request: DiskRequest) {
        switch request {
        case .createSegment(let number, let byteCount):
            contents[.segment(number)] = Array(repeating: 0, count: byteCount)
        case .recycleSegment(let from, let to):
            contents[.segment(to)] = contents[.segment(from)]
            contents[.segment(from)] = nil
        case .write(let number, let offset, let bytes, _):
            contents[.segment(number)]?.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        case .sync: break
        case .writeHead(let bytes): contents[.head] = bytes
        case .remove(let file): contents[file] = nil
        }
    }

    func carryOut(_ request: SnapshotRequest) -> SnapshotOutcome {
        switch request {
        case .begin(let group, let index): contents[.partialSnapshot(group, index)] = []
        case .append(let group, let index, let bytes):
            contents[.partialSnapshot(group, index)]?.append(contentsOf: bytes)
        case .finish(let group, let index):
            contents[.snapshot(group, index)] = contents[.partialSnapshot(group, index)]
            contents[.partialSnapshot(group, index)] = nil
        case .discard(let group, let index): contents[.partialSnapshot(group, index)] = nil
        case .reserve(let byteCount):
            reservedByteCount = byteCount
            return .reserved(byteCount: byteCount)
        case .giveReserve: return .reserved(byteCount: reservedByteCount)
        case .read(let group, let index, let offset, let byteCount):
            return .bytes(
                contents[.snapshot(group, index)].map {
                    Array($0.dropFirst(offset).prefix(byteCount))
                })
        }
        return .done
    }
}

/// The loops of a single-node cluster, with a disk that is as fast as the test lets it be.
final class LoopRig {
    static let node = NodeID(7)

    let folders: [MemoryFolder]
    private var cores: [LoopRigCore] = []
    private(set) var now = Moment(
        boot: Instant(nanoseconds: 1_000_000_000), wallMilliseconds: 1_700_000_000_000)
    private var waiting: [[DiskRequest]]
    private var waitingSnapshots: [[SnapshotRequest]]
    /// Whether disk requests are completed only by ``finishDisk()``.
    var isDiskSlow = false
    /// Whether requests for snapshot files are left undone.
    var holdsSnapshots = false
    /// Whether there is no room for new files, nor for more in those of snapshots.
    var isDiskFull = false
    private(set) var received = SortedMap<ConnectionID, [UInt8]>()
    private(set) var closed: [ConnectionID] = []
    /// What the loops have told the home.
    private(set) var homePosts: [CoreMessage] = []
    /// For each turn of the first loop since ``startRecordingTurns()``, how far each group was applied.
    private(set) var recordedTurns: [[LogIndex]]?
    /// How much a client takes of its output each time there is more.
    var socketByteCount = Int.max

    init(
        folders: [MemoryFolder] = [MemoryFolder()], durability: Durability = .sync,
        isDiskFull: Bool = false, adjust: (inout LoopSettings) -> Void = { _ in }
    ) throws {
        self.folders = folders
        self.isDiskFull = isDiskFull
        waiting = folders.map { _ in [] }
        waitingSnapshots = folders.map { _ in [] }
        for (index, folder) in folders.enumerated() {
            let journal = JournalSettings(segmentByteCount: 1 << 16, durability: durability)
            var settings = LoopSettings(nodeID: Self.node, journal: journal)
            settings.loopIndex = index
            settings.loopCount = folders.count
            settings.durability = durability
            adjust(&settings)
            let recovery = try Journal.recover(
                from: folder, settings: settings.journal, bootID: 1, seed: 3, now: now)
            cores.append(
                LoopRigCore(
                    try LoopCore(
                        settings: settings, recovery: recovery, disk: folder, bootID: 1, seed: 5,
                        now: now)))
        }
        for core in cores { core.core.start(now: now) }
        settle()
    }

    /// Founds a cluster of this node alone, with two shards.
    ///
    /// - Parameter parameters: What is set before there are shards.
    func found(parameters: [ParameterValue] = []) {
        let member = Member(replica: ReplicaID(1), node: Self.node)
        post(.hostDirectory(ReplicaID(1), Configuration(voters: [member])), to: 0)
        advance(milliseconds: 1000)
        post(
            .proposeDirectory(
                .createCluster(
                    ClusterFounding(
                        clusterID: ClusterID(9), name: "rig", hashSecret: 11, replicationFactor: 1,
                        founders: [member]))), to: 0)
        let address = Address(host: "127.0.0.1", port: 7000)
        post(
            .proposeDirectory(
                .registerNode(
                    Self.node,
                    AdvertisedAddresses(
                        peer: address, cluster: address, plain: address, admin: address))), to: 0)
        if !parameters.isEmpty {
            let mark = ParameterChangeMark(process: 1, number: 1)
            let change = ParameterChange(node: Self.node, mark: mark, values: parameters)
            post(.proposeDirectory(.setParameters(change)), to: 0)
        }
        let plan = { (number: UInt32, slots: ClosedRange<UInt16>) in
            ShardPlan(
                id: GroupID(number), nodes: [Self.node], preferredLeader: Self.node, slots: [slots])
        }
        post(.proposeDirectory(.createShards([plan(1, 0...8191), plan(2, 8192...16383)])), to: 0)
        advance(milliseconds: 1000)
    }

    func connect(
        loop: Int = 0, _ listener: ListenerKind = .cluster
    ) -> (loop: Int, id: ConnectionID) {
        (
            loop,
            cores[loop].core.clientConnected(
                listener, remote: Address(host: "127.0.0.1", port: 5), now: now)
        )
    }

    /// Sends RESP text and runs until nothing happens any more.
    ///
    /// - Returns: What the connection has received since the last call.
    func send(_ text: String, on connection: (loop: Int, id: ConnectionID)) -> String {
        receive(text, on: connection)
        settle()
        return takeReceived(connection.id)
    }

    /// Bytes come from a client, and the turn goes on.
    func receive(_ text: String, on connection: (loop: Int, id: ConnectionID)) {
        let bytes = [UInt8](text.utf8)
        cores[connection.loop].core.clientReceived(connection.id, bytes.span, now: now)
    }

    /// What the loops hold of logs in memory, in bytes.
    var heldByteCount: Int {
        cores.reduce(0) { $0 + $1.core.shards.reduce(0) { $0 + $1.heldByteCount } }
    }

    func owesNothing(_ connection: (loop: Int, id: ConnectionID)) -> Bool {
        cores[connection.loop].core.owesNothing(connection.id)
    }

    func disconnect(_ connection: (loop: Int, id: ConnectionID)) {
        cores[connection.loop].core.clientClosed(connection.id, now: now)
        settle()
    }

    /// The changes of parameters that clients have asked for.
    var changes: [(ticket: UInt64, values: [ParameterValue])] {
        homePosts.compactMap { message in
            if case .changeParameters(let ticket, let values) = message {
                (ticket, values)
            } else {
                nil
            }
        }
    }

    /// As the home knows it.
    var directoryEpoch: UInt64 {
        homePosts.reduce(0) { epoch, message in
            if case .directory(let state) = message { max(epoch, state.epoch) } else { epoch }
        }
    }

    func takeReceived(_ id: ConnectionID) -> String {
        defer { received[id] = nil }
        return String(decoding: received[id] ?? [], as: UTF8.self)
    }

    /// The replies to commands given as words.
    func run(_ commands: [[String]], on connection: (loop: Int, id: ConnectionID)) -> String {
        send(commands.map(resp).joined(), on: connection)
    }

    func post(_ message: CoreMessage, to loop: Int) {
        cores[loop].core.received(message, from: .home, now: now)
        settle()
    }

    func advance(milliseconds: Int) {
        for _ in 0..<milliseconds / 10 {
            now.boot = now.boot.advanced(milliseconds: 10)
            now.wallMilliseconds += 10
            for core in cores { core.core.tick(now: now) }
            settle()
        }
    }

    /// Lets time pass in which the process doesn't run, and a tick come before anything else.
    func pause(milliseconds: Int) {
        now.boot = now.boot.advanced(milliseconds: milliseconds)
        now.wallMilliseconds += Int64(milliseconds)
        for core in cores { core.core.tick(now: now) }
    }

    func finishDisk() {
        for loop in cores.indices {
            while !waiting[loop].isEmpty { complete(loop) }
        }
        settle()
    }

    /// Completes the oldest disk request of the first loop.
    func finishDiskRequest() {
        complete(0)
        settle()
    }

    /// Of those for files; room may be asked for at any time.
    var waitingSnapshotRequestCount: Int {
        waitingSnapshots.joined().count { request in
            switch request {
            case .reserve, .giveReserve: false
            default: true
            }
        }
    }

    /// Completes the requests for snapshot files that there are.
    func finishSnapshotRequests() {
        for loop in cores.indices {
            while !waitingSnapshots[loop].isEmpty { completeSnapshotRequest(loop) }
        }
        settle()
    }

    func startRecordingTurns() { recordedTurns = [inspect().map(\.appliedIndex)] }

    func inspect(loop: Int = 0) -> [GroupInspection] { cores[loop].core.inspect() }
    func stateHash(of group: UInt32, loop: Int = 0) -> UInt64? {
        cores[loop].core.stateHash(of: GroupID(group))
    }
    /// The page for Prometheus, of all loops.
    func metrics() -> String { MetricsText.page(cores.map { $0.core.metrics() }, version: "1") }
    func counters(loop: Int = 0) -> LoopStatistics { cores[loop].core.counters }

    func stop() {
        for core in cores { core.core.stop(now: now) }
        settle()
    }

    private func settle() {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            for loop in cores.indices {
                cores[loop].core.endTurn(now: now)
                if loop == 0 { recordedTurns?.append(inspect().map(\.appliedIndex)) }
                let effects = cores[loop].core.takeEffects()
                if !effects.isEmpty { isQuiet = false }
                for effect in effects { carryOut(effect, of: loop) }
                while !isDiskSlow, !waiting[loop].isEmpty {
                    isQuiet = false
                    complete(loop)
                }
                while !isDiskSlow, !holdsSnapshots, !waitingSnapshots[loop].isEmpty {
                    isQuiet = false
                    completeSnapshotRequest(loop)
                }
            }
        }
    }

    private func complete(_ loop: Int) {
        let request = waiting[loop].removeFirst()
        guard case .createSegment = request else {
            folders[loop].carryOut(request)
            return cores[loop].core.diskCompleted(.done, now: now)
        }
        cores[loop].core.diskCompleted(.done, now: now)
        let isRefused = isDiskFull && !folders[loop].takeGiven(for: request)
        if !isRefused { folders[loop].carryOut(request) }
        cores[loop].core.segmentMade(
            isRefused ? .full(code: 28, operation: "make a segment") : .done, now: now)
    }

    /// The client's socket takes what it can at once.
    func sendOutput(of id: ConnectionID, loop: Int = 0) {
        let limit = socketByteCount
        cores[loop].core.sendOutput(of: id) { bytes in
            let taken = bytes.extracting(first: min(limit, bytes.count))
            received[id, default: []].append(copying: taken)
            return taken.count
        }
    }

    private func completeSnapshotRequest(_ loop: Int) {
        let request = waitingSnapshots[loop].removeFirst()
        let folder = folders[loop]
        let outcome = isDiskFull ? folder.carryOutWhenFull(request) : folder.carryOut(request)
        cores[loop].core.snapshotCompleted(outcome, now: now)
    }

    private func carryOut(_ effect: LoopEffect, of loop: Int) {
        switch effect {
        case .clientOutput(let id): sendOutput(of: id, loop: loop)
        case .closeClient(let id), .dropClient(let id): closed.append(id)
        case .disk(let request): waiting[loop].append(request)
        case .snapshot(let request): waitingSnapshots[loop].append(request)
        case .post(let message, .loop(let target)):
            cores[target].core.received(message, from: .loop(loop), now: now)
        case .post(let message, .home): homePosts.append(message)
        case .pauseClient, .resumeClient, .frame, .log, .stop: break
        }
    }
}

extension MemoryFolder {
    /// Whether there is room after all for a segment, as it was made for it.
    func takeGiven(for request: DiskRequest) -> Bool {
        guard case .createSegment(_, let byteCount) = request, byteCount <= givenByteCount
        else { return false }
        givenByteCount -= byteCount
        return true
    }

    /// Does what can be done when there is no other room than what is kept.
    func carryOutWhenFull(_ request: SnapshotRequest) -> SnapshotOutcome {
        let needed: Int
        switch request {
        case .begin: needed = 1
        case .append(_, _, let bytes): needed = bytes.count
        case .reserve(let byteCount):
            reservedByteCount = min(reservedByteCount, byteCount)
            return .reserved(byteCount: reservedByteCount)
        case .giveReserve(let byteCount):
            if byteCount <= reservedByteCount {
                reservedByteCount -= byteCount
                givenByteCount += byteCount
            }
            return .reserved(byteCount: reservedByteCount)
        case .finish, .discard, .read: needed = 0
        }
        guard needed <= reservedByteCount else {
            return .full(code: 28, operation: "write a snapshot")
        }
        reservedByteCount -= needed
        return carryOut(request)
    }
}

/// A class around a core, so that there can be an array of them.
private final class LoopRigCore {
    var core: LoopCore
    init(_ core: consuming LoopCore) { self.core = core }
}

/// A request as a client sends it.
func resp(_ words: [String]) -> String {
    "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
}
