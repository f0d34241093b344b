import Journal
import Primitives

/// What a journal should hold, kept in the simplest way.
struct JournalModel: Equatable {
    struct Group: Equatable {
        var replica: ReplicaID
        var initialConfiguration: Configuration
        var hardState = HardState()
        var snapshot: SnapshotMetadata?
        var entries: [LogEntry] = []
        var clock: PersistedClock?
        var isAmnesiac = false
        /// When set, only the replica's id and the reason count.
        var quarantine: Quarantine?

        static func == (left: Self, right: Self) -> Bool {
            guard left.replica == right.replica, left.quarantine == right.quarantine else {
                return false
            }
            return left.quarantine != nil
                || (left.initialConfiguration == right.initialConfiguration
                    && left.hardState == right.hardState && left.snapshot == right.snapshot
                    && left.entries == right.entries && left.clock == right.clock
                    && left.isAmnesiac == right.isAmnesiac)
        }

        var base: UInt64 { snapshot?.index.rawValue ?? 0 }
        var last: UInt64 { base + UInt64(entries.count) }

        func term(at index: UInt64) -> Term? {
            guard index > base, index <= last else { return nil }
            return entries[Int(index - base) - 1].term
        }
    }

    /// One flush.
    struct Batch {
        var records: [JournalRecord]
        var moment: Moment
        var bootID: UInt64
        var durability: Durability
        /// Whether this is the first flush after a recovery that declared every replica amnesiac.
        var beginsAmnesia = false
    }

    var groups = SortedMap<GroupID, Group>()
    var mayHaveLostGroups = false
    var last: (bootID: UInt64, durability: Durability, isCleanStop: Bool)?

    static func == (left: Self, right: Self) -> Bool {
        left.groups == right.groups && left.mayHaveLostGroups == right.mayHaveLostGroups
    }

    mutating func apply(_ batch: Batch) {
        if batch.beginsAmnesia { declareAmnesia() }
        for record in batch.records { apply(record, batch) }
        last = (batch.bootID, batch.durability, batch.records.last == .cleanStop)
    }

    mutating func declareAmnesia() {
        for place in groups.keys.indices { groups[valueAt: place].isAmnesiac = true }
    }

    /// Whether a recovery in this boot must declare every replica amnesiac.
    func forgets(in bootID: UInt64) -> Bool {
        guard let last else { return false }
        return last.durability == .periodic && last.bootID != bootID && !last.isCleanStop
    }

    mutating func apply(_ record: JournalRecord, _ batch: Batch) {
        switch record {
        case .groupCreated(let group, let replica, let configuration):
            groups[group] = Group(replica: replica, initialConfiguration: configuration)
        case .groupRemoved(let group): groups[group] = nil
        case .cleanStop: break
        case .lostGroupsSettled: mayHaveLostGroups = false
        case .quarantined(let group, let reason):
            change(group) {
                $0.quarantine = reason
                $0.entries.removeAll()
            }
        case .hardState(let group, let state): change(group) { $0.hardState = state }
        case .caughtUp(let group): change(group) { $0.isAmnesiac = false }
        case .truncation(let group, let after):
            change(group) { $0.entries.removeLast(Int($0.last - min($0.last, after.rawValue))) }
        case .entry(let group, let entry):
            change(group) {
                $0.entries.removeLast(Int($0.last - (entry.index.rawValue - 1)))
                $0.entries.append(entry)
            }
            see(entry.stamp, of: group, batch)
        case .snapshot(let group, let metadata):
            guard metadata.index.rawValue > groups[group]?.base ?? 0 else { return }
            change(group) {
                let index = metadata.index.rawValue
                if $0.term(at: index) == metadata.term {
                    $0.entries.removeFirst(Int(index - $0.base))
                } else {
                    $0.entries.removeAll()
                }
                $0.snapshot = metadata
            }
            see(metadata.stamp, of: group, batch)
        }
    }

    private mutating func see(_ stamp: Int64, of group: GroupID, _ batch: Batch) {
        change(group) {
            guard stamp > $0.clock?.stamp ?? .min else { return }
            $0.clock = PersistedClock(stamp: stamp, moment: batch.moment, bootID: batch.bootID)
        }
    }

    private mutating func change(_ group: GroupID, _ body: (inout Group) -> Void) {
        guard let place = groups.index(of: group) else {
            preconditionFailure("group \(group) is not in the model")
        }
        guard groups[valueAt: place].quarantine == nil else { return }
        body(&groups[valueAt: place])
    }

    /// What recovery found, in the model's form.
    init(_ recovered: [RecoveredGroup], mayHaveLostGroups: Bool = false) {
        self.mayHaveLostGroups = mayHaveLostGroups
        for found in recovered {
            groups[found.group] = Group(
                replica: found.replica, initialConfiguration: found.initialConfiguration,
                hardState: found.hardState, snapshot: found.snapshot, entries: found.entries,
                clock: found.clock, isAmnesiac: found.isAmnesiac, quarantine: found.quarantine)
        }
    }

    init() {}

    /// The first group that is not the same in both, for a failed test's message.
    func difference(from expected: JournalModel) -> String {
        for group in (groups.keys + expected.groups.keys).sorted()
        where groups[group] != expected.groups[group] {
            let found = groups[group].map { "\($0)" } ?? "nothing"
            let other = expected.groups[group].map { "\($0)" } ?? "nothing"
            return "group \(group): \(found)\nexpected at least \(other)"
        }
        return "what was expected"
    }
}
