import Consensus
import Journal
import Node
import Primitives
import Topology

/// A loop core of a node on a disk that never fails, as a shell would run it.
///
/// Its cluster has the nodes 7, which it is, 8 and 10. Shard 1 is its alone and has every slot but the
/// last; of shard 2, which has that one, it is one replica of three.
final class LoopHarness {
    /// This node's member of shard 2, and that of node 8.
    static let ownMember = Member(replica: ReplicaID(5), node: FuzzSeeds.node)
    static let peerMember = Member(replica: ReplicaID(6), node: FuzzSeeds.peer)
    static let shard = GroupID(1)
    static let sharedShard = GroupID(2)

    private var core: LoopCore
    private(set) var folder: FuzzFolder
    private(set) var now: Moment
    private var waiting: [DiskRequest] = []
    private var waitingSnapshots: [SnapshotRequest] = []
    private(set) var output: [UInt8] = []
    private(set) var hasClosedClient = false
    /// Why the core asked to be stopped.
    private(set) var stopReason: StopReason?

    init(
        on folder: FuzzFolder, now: Moment = LoopHarness.start,
        adjust: (inout LoopSettings) -> Void = { _ in }
    ) throws {
        self.folder = folder
        self.now = now
        var settings = LoopSettings(nodeID: FuzzSeeds.node, journal: Self.journalSettings)
        adjust(&settings)
        let recovery = try Journal.recover(
            from: folder, settings: settings.journal, bootID: 1, seed: 3, now: now)
        core = try LoopCore(
            settings: settings, recovery: recovery, disk: folder, bootID: 1, seed: 5, now: now)
        core.start(now: now)
        settle()
    }

    // MARK: Events

    func post(_ message: CoreMessage) {
        core.received(message, from: .home, now: now)
        settle()
    }

    func connect(_ listener: ListenerKind = .cluster) -> ConnectionID {
        core.clientConnected(listener, remote: FuzzSeeds.address, now: now)
    }

    func receive(_ bytes: Span<UInt8>, on connection: ConnectionID) {
        core.clientReceived(connection, bytes, now: now)
        settle()
    }

    func receive(_ frame: PeerFrame, from node: NodeID) {
        core.frameReceived(from: node, frame, now: now)
        settle()
    }

    func advance(milliseconds: Int) {
        for _ in 0..<milliseconds / 10 where stopReason == nil {
            now.boot = now.boot.advanced(milliseconds: 10)
            now.wallMilliseconds += 10
            core.tick(now: now)
            settle()
        }
    }

    /// Lets time pass until the core leads `group` and has applied its log; bounded, since that may
    /// never be.
    func elect(_ group: GroupID) {
        for _ in 0..<120 where stopReason == nil {
            if let found = inspect(group), found.role == .leader, found.isReady,
                found.appliedIndex == found.commitIndex, found.commitIndex > .zero
            {
                return
            }
            advance(milliseconds: 10)
        }
    }

    func inspect(_ group: GroupID) -> GroupInspection? {
        core.inspect().first { $0.group == group }
    }

    func stateHash(of group: GroupID) -> UInt64? { core.stateHash(of: group) }

    private func settle() {
        for _ in 0..<10_000 where stopReason == nil {
            core.endTurn(now: now)
            let effects = core.takeEffects()
            for effect in effects { carryOut(effect) }
            if effects.isEmpty, waiting.isEmpty, waitingSnapshots.isEmpty { return }
            while !waiting.isEmpty {
                let request = waiting.removeFirst()
                folder.carryOut(request)
                core.diskCompleted(.done, now: now)
                if case .createSegment = request { core.segmentMade(.done, now: now) }
            }
            while !waitingSnapshots.isEmpty {
                let outcome = folder.carryOut(waitingSnapshots.removeFirst())
                core.snapshotCompleted(outcome, now: now)
            }
        }
        precondition(stopReason != nil, "the core never comes to rest")
    }

    private func carryOut(_ effect: LoopEffect) {
        switch effect {
        case .clientOutput(let id):
            core.sendOutput(of: id) { bytes in
                output.append(copying: bytes)
                return bytes.count
            }
        case .closeClient, .dropClient: hasClosedClient = true
        case .disk(let request): waiting.append(request)
        case .snapshot(let request): waitingSnapshots.append(request)
        case .post(let message, .loop): core.received(message, from: .loop(0), now: now)
        case .stop(let reason): stopReason = reason
        case .post, .pauseClient, .resumeClient, .frame, .log: break
        }
    }

    // MARK: Folders

    private static let journalSettings = JournalSettings(segmentByteCount: 16384)
    private static let start = Moment(
        boot: Instant(nanoseconds: 1_000_000_000), wallMilliseconds: 1_700_000_000_000)

    /// The folder of the formed cluster's node, and the time it was left.
    private static let formed: (folder: FuzzFolder, now: Moment) = {
        guard let harness = try? LoopHarness(on: FuzzFolder()) else {
            preconditionFailure("an empty folder can't be started from")
        }
        let member = Member(replica: ReplicaID(1), node: FuzzSeeds.node)
        harness.post(.hostDirectory(member.replica, Configuration(voters: [member])))
        harness.elect(.directory)
        for command in formation { harness.post(.proposeDirectory(command)) }
        harness.elect(shard)
        precondition(harness.inspect(sharedShard)?.replica == ownMember.replica, "no shard 2")
        return (harness.folder, harness.now)
    }()

    static var formation: [DirectoryCommand] {
        let addresses = AdvertisedAddresses(
            peer: FuzzSeeds.address, cluster: FuzzSeeds.address, plain: FuzzSeeds.address,
            admin: FuzzSeeds.address)
        let nodes = [FuzzSeeds.node, FuzzSeeds.peer, NodeID(10)]
        let founding = ClusterFounding(
            clusterID: ClusterID(9), name: "fuzz", hashSecret: 11, replicationFactor: 3,
            founders: [Member(replica: ReplicaID(1), node: FuzzSeeds.node)])
        return [.createCluster(founding)] + nodes.map { .registerNode($0, addresses) } + [
            .createShards([
                ShardPlan(
                    id: shard, nodes: [FuzzSeeds.node], preferredLeader: FuzzSeeds.node,
                    slots: [0...16382]),
                ShardPlan(
                    id: sharedShard, nodes: nodes, preferredLeader: FuzzSeeds.node,
                    slots: [16383...16383]),
            ])
        ]
    }

    /// The formed cluster's node, started anew after `records` were written to its journal and `files`
    /// beside it.
    ///
    /// - Parameters:
    ///   - files: Snapshots that the records speak of.
    ///   - records: Gets what the journal holds of each group.
    ///   - adjust: Changes the settings.
    /// - Returns: `nil` when it refuses to start.
    static func formed(
        adding files: [(JournalFile, [UInt8])] = [],
        records: ([RecoveredGroup]) -> [JournalRecord] = { _ in [] },
        adjust: (inout LoopSettings) -> Void = { _ in }
    ) -> LoopHarness? {
        var folder = formed.folder
        for (file, bytes) in files { folder.contents[file] = bytes }
        guard
            var recovery = try? Journal.recover(
                from: folder, settings: journalSettings, bootID: 1, seed: 7, now: formed.now)
        else { preconditionFailure("the formed cluster's journal can't be read") }
        let added = records(recovery.groups)
        if !added.isEmpty {
            for record in added { recovery.journal.append(record) }
            folder.flush(&recovery.journal, now: formed.now)
        }
        return try? LoopHarness(on: folder, now: formed.now, adjust: adjust)
    }
}
