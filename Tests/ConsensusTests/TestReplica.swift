import Consensus
import Primitives

/// What of a replica survives a crash.
struct TestDisk {
    var hardState = HardState()
    var snapshot: SnapshotMetadata?
    var entries: [LogEntry] = []
    var clock: PersistedClock?
    var isAmnesiac = false

    /// Carries out a `persist` effect; any other has nothing to do with the disk.
    mutating func write(_ effect: RaftEffect) {
        switch effect {
        case .persistHardState(let state): hardState = state
        case .persistEntries(let new):
            guard let first = new.first else { return }
            let next = entries.last?.index.next ?? snapshot?.index.next ?? LogIndex(1)
            precondition(first.index == next, "entry \(first.index) written at \(next)")
            entries += new
        case .persistTruncation(let index): entries.removeAll { $0.index > index }
        case .persistSnapshot(let metadata):
            snapshot = metadata
            entries.removeAll { $0.index <= metadata.index }
        case .persistCaughtUp: isAmnesiac = false
        case .send, .committed, .becameLeader, .leaderChanged, .readsConfirmed, .readsDropped,
            .needsSnapshot, .configurationChanged:
            break
        }
    }

    var lastIndex: LogIndex { entries.last?.index ?? snapshot?.index ?? .zero }

    func recovered(_ initial: Configuration) -> RaftGroup.Recovered {
        RaftGroup.Recovered(
            hardState: hardState, snapshot: snapshot, initialConfiguration: initial,
            entries: entries, clock: clock, isAmnesiac: isAmnesiac)
    }
}

extension RaftEffect {
    var isPersist: Bool {
        switch self {
        case .persistHardState, .persistEntries, .persistTruncation, .persistSnapshot,
            .persistCaughtUp:
            true
        case .send, .committed, .becameLeader, .leaderChanged, .readsConfirmed, .readsDropped,
            .needsSnapshot, .configurationChanged:
            false
        }
    }
}

/// A replica, its disk with the writes under way, and its machine's clocks.
struct TestReplica {
    let id: ReplicaID
    var group: RaftGroup?
    var disk = TestDisk()
    /// `persist` effects that are not durable yet, oldest first.
    var writes: [RaftEffect] = []
    /// The number of the last effect that is durable, in the present life.
    var durableSequence: UInt64 = 0
    var now: Moment
    var bootID: UInt64 = 1
    var appliedIndex = LogIndex.zero

    init(id: ReplicaID, now: Moment) {
        self.id = id
        self.now = now
    }

    mutating func start(initial: Configuration, settings: RaftSettings, seed: UInt64) {
        group = RaftGroup(
            group: GroupID(1), replica: id, recovered: disk.recovered(initial),
            settings: settings, seed: seed, bootID: bootID, now: now)
        writes = []
        durableSequence = 0
        appliedIndex = disk.snapshot?.index ?? .zero
    }

    /// Loses what is not durable.
    mutating func crash() {
        group = nil
        writes = []
    }

    /// Completes the oldest `count` writes.
    mutating func persist(_ count: Int, into effects: inout [RaftEffect]) {
        let count = min(count, writes.count)
        guard count > 0, let clock = group?.persistedClock(now: now) ?? disk.clock else {
            return complete(count, into: &effects)
        }
        disk.clock = clock
        complete(count, into: &effects)
    }

    private mutating func complete(_ count: Int, into effects: inout [RaftEffect]) {
        guard count > 0 else { return }
        for write in writes.prefix(count) { disk.write(write) }
        writes.removeFirst(count)
        durableSequence += UInt64(count)
        group?.persisted(through: durableSequence, now: now, into: &effects)
    }

    mutating func advance(milliseconds: Int) { advance(nanoseconds: milliseconds * 1_000_000) }

    mutating func advance(nanoseconds: Int) {
        now.boot = now.boot.advanced(nanoseconds: UInt64(nanoseconds))
        now.wallMilliseconds += Int64(nanoseconds) / 1_000_000
    }
}
