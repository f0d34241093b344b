import Primitives

/// All that a journal remembers of a replica but the entries: what a checkpoint holds.
struct GroupState: Equatable, Sendable {
    let replica: ReplicaID
    let initialConfiguration: Configuration
    var hardState = HardState()
    var snapshot: SnapshotMetadata?
    /// Where the log ends, truncations counted in.
    var lastIndex = LogIndex.zero
    var isAmnesiac = false
    var clock: PersistedClock?
    /// When set, the log is empty, and only the replica's id counts.
    var quarantine: Quarantine?

    init(replica: ReplicaID, initialConfiguration: Configuration) {
        self.replica = replica
        self.initialConfiguration = initialConfiguration
    }

    /// The place before the first entry that the log may still hold.
    var baseIndex: LogIndex { snapshot?.index ?? .zero }

    /// What a record did to the entries.
    enum LogChange: Equatable, Sendable {
        case none
        /// The entry is the last one now; those at and after its index are gone.
        case append(LogEntry)
        case cut(after: LogIndex)
        /// The entries up to here are in the snapshot.
        case compact(through: LogIndex)
        /// The snapshot took the place of the whole log.
        case replace(LogIndex)
    }

    /// Takes a record in that neither makes nor removes the group.
    ///
    /// - Parameters:
    ///   - record: One of this group.
    ///   - keepsLog: For a snapshot, whether the entries after it stay.
    ///   - moment: When the record's batch was written.
    ///   - bootID: Which boot `moment` was read in.
    ///   - fault: The bug that a test plants.
    /// - Returns: What to do to the entries.
    /// - Throws: What is wrong, when the record can't follow what came before.
    mutating func apply(
        _ record: JournalRecord, keepsLog: Bool, moment: Moment, bootID: UInt64,
        fault: JournalFault?
    ) throws(Contradiction) -> LogChange {
        guard quarantine == nil else { return .none }
        switch record {
        case .hardState(_, let state):
            hardState = state
            return .none
        case .entry(_, let entry):
            guard entry.index > baseIndex, entry.index <= lastIndex.next else {
                throw Contradiction(
                    "entry \(entry.index) in a log of \(baseIndex.next)…\(lastIndex)")
            }
            lastIndex =
                fault == .checkpointForgetsTruncation
                ? max(lastIndex, entry.index) : entry.index
            see(entry.stamp, moment: moment, bootID: bootID)
            return .append(entry)
        case .truncation(_, let last):
            guard last >= baseIndex else {
                throw Contradiction("truncation after \(last) below the snapshot at \(baseIndex)")
            }
            guard last < lastIndex else { return .none }
            if fault != .checkpointForgetsTruncation { lastIndex = last }
            return .cut(after: last)
        case .snapshot(_, let metadata):
            guard metadata.index > baseIndex else { return .none }
            snapshot = metadata
            see(metadata.stamp, moment: moment, bootID: bootID)
            guard keepsLog else {
                lastIndex = metadata.index
                return .replace(metadata.index)
            }
            guard metadata.index <= lastIndex else {
                throw Contradiction(
                    "snapshot at \(metadata.index) of a log that ends at \(lastIndex)")
            }
            return .compact(through: metadata.index)
        case .caughtUp:
            isAmnesiac = false
            return .none
        case .quarantined(_, let reason):
            return quarantine(reason)
        case .groupCreated, .groupRemoved, .cleanStop, .lostGroupsSettled:
            throw Contradiction("\(record) is no record of a group that is there")
        }
    }

    /// Stops trusting the replica; the first reason stays.
    mutating func quarantine(_ reason: Quarantine) -> LogChange {
        guard quarantine == nil else { return .none }
        quarantine = reason
        lastIndex = baseIndex
        return .replace(baseIndex)
    }

    private mutating func see(_ stamp: Int64, moment: Moment, bootID: UInt64) {
        guard stamp > clock?.stamp ?? .min else { return }
        clock = PersistedClock(stamp: stamp, moment: moment, bootID: bootID)
    }

    // MARK: Checkpoints

    /// What a checkpoint says of the group; less than it should when a test plants a bug.
    func checkpoint(fault: JournalFault?) -> GroupState {
        var state = self
        switch fault {
        case .voteLostOnRecycle: state.hardState.vote = nil
        case .rottenTakenForTorn, .checkpointForgetsTruncation, nil: break
        }
        return state
    }

    /// How many bytes ``encode(for:into:)`` appends.
    var encodedByteCount: Int {
        let snapshotByteCount = snapshot.map { 24 + StoredRecord.byteCount(of: $0.configuration) }
        return 20 + StoredRecord.byteCount(of: initialConfiguration) + (snapshotByteCount ?? 0)
            + (clock == nil ? 0 : 32) + (quarantine?.encodedByteCount ?? 0)
    }

    func encode(for group: GroupID, into bytes: inout [UInt8]) -> RecordHead {
        bytes.append(littleEndian: replica.rawValue)
        bytes.append(hardState.vote == nil ? 0 : 1)
        bytes.append(littleEndian: hardState.vote?.rawValue ?? 0)
        bytes.append(isAmnesiac ? 1 : 0)
        initialConfiguration.encode(into: &bytes)
        bytes.append(snapshot == nil ? 0 : 1)
        if let snapshot {
            bytes.append(littleEndian: snapshot.index.rawValue)
            bytes.append(littleEndian: snapshot.term.rawValue)
            bytes.append(littleEndian: snapshot.stamp)
            snapshot.configuration.encode(into: &bytes)
        }
        bytes.append(clock == nil ? 0 : 1)
        if let clock {
            bytes.append(littleEndian: clock.stamp)
            bytes.append(littleEndian: clock.moment.boot.nanoseconds)
            bytes.append(littleEndian: clock.moment.wallMilliseconds)
            bytes.append(littleEndian: clock.bootID)
        }
        // Format 1 ends here.
        quarantine?.encode(into: &bytes)
        var head = RecordHead(kind: .checkpoint, group: group)
        head.term = hardState.term
        head.index = lastIndex
        return head
    }

    init(_ head: RecordHead, reading reader: inout ByteReader) throws(DecodingFailure) {
        replica = ReplicaID(try reader.read(UInt64.self, "replica"))
        hardState = HardState(term: head.term, vote: try reader.readVote())
        isAmnesiac = try reader.readFlag("amnesia")
        initialConfiguration = try Configuration(reading: &reader)
        lastIndex = head.index
        if try reader.readFlag("snapshot") {
            let index = try reader.readIndex("snapshot index")
            let term = try reader.readTerm("snapshot term")
            let stamp = try reader.readStamp("snapshot stamp")
            snapshot = SnapshotMetadata(
                index: index, term: term, configuration: try Configuration(reading: &reader),
                stamp: stamp)
        }
        if try reader.readFlag("clock") {
            let stamp = try reader.readStamp("clock stamp")
            let boot = Instant(nanoseconds: try reader.read(UInt64.self, "clock boot time"))
            let wall = try reader.read(Int64.self, "clock wall time")
            clock = PersistedClock(
                stamp: stamp, moment: Moment(boot: boot, wallMilliseconds: wall),
                bootID: try reader.read(UInt64.self, "clock boot id"))
        }
        if !reader.isAtEnd { _ = quarantine(try Quarantine(reading: &reader)) }
    }
}

/// A record can't follow the ones before it.
struct Contradiction: Error, Equatable, Sendable {
    let what: String
    init(_ what: String) { self.what = what }
}
