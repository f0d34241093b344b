import Primitives

/// A record as it is in a segment.
enum StoredRecord: Equatable, Sendable {
    /// What the host asked for. `keepsLog`, which counts for a snapshot only, says whether the entries
    /// after it stay.
    case logged(JournalRecord, keepsLog: Bool)
    case checkpoint(GroupID, GroupState)
    case carried(GroupID, LogEntry)
    /// In front of a checkpoint that may not name all groups that were here.
    case lostGroups

    /// How many bytes the record takes in a batch.
    static func byteCount(of record: JournalRecord) -> Int {
        switch record {
        case .groupCreated(_, _, let configuration):
            RecordHead.byteCount + 8 + byteCount(of: configuration)
        case .hardState: RecordHead.byteCount + 9
        case .entry(_, let entry): byteCount(of: entry)
        case .snapshot(_, let metadata):
            RecordHead.byteCount + 8 + byteCount(of: metadata.configuration)
        case .quarantined(_, let quarantine): RecordHead.byteCount + quarantine.encodedByteCount
        case .groupRemoved, .truncation, .caughtUp, .cleanStop, .lostGroupsSettled:
            RecordHead.byteCount
        }
    }

    var byteCount: Int {
        switch self {
        case .logged(let record, _): Self.byteCount(of: record)
        case .checkpoint(_, let state): RecordHead.byteCount + state.encodedByteCount
        case .carried(_, let entry): Self.byteCount(of: entry)
        case .lostGroups: RecordHead.byteCount
        }
    }

    static func byteCount(of entry: LogEntry) -> Int {
        RecordHead.byteCount + 8 + entry.payload.count
    }

    static func byteCount(of configuration: Configuration) -> Int {
        let memberCount =
            configuration.voters.count + configuration.outgoing.count
            + configuration.learners.count
        return 6 + 16 * memberCount
    }

    // MARK: Hot path

    func encode(into bytes: inout [UInt8], seed: UInt32) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: RecordHead.byteCount))
        let head =
            switch self {
            case .logged(let record, let keepsLog):
                Self.encode(record, keepsLog: keepsLog, into: &bytes)
            case .checkpoint(let group, let state): state.encode(for: group, into: &bytes)
            case .carried(let group, let entry):
                Self.encode(entry, as: .carriedEntry, of: group, into: &bytes)
            case .lostGroups: RecordHead(kind: .lostGroups, group: .directory)
            }
        head.store(at: start, of: &bytes, seed: seed)
    }

    private static func encode(
        _ record: JournalRecord, keepsLog: Bool, into bytes: inout [UInt8]
    ) -> RecordHead {
        switch record {
        case .groupCreated(let group, let replica, let configuration):
            bytes.append(littleEndian: replica.rawValue)
            configuration.encode(into: &bytes)
            return RecordHead(kind: .groupCreated, group: group)
        case .groupRemoved(let group):
            return RecordHead(kind: .groupRemoved, group: group)
        case .hardState(let group, let state):
            bytes.append(state.vote == nil ? 0 : 1)
            bytes.append(littleEndian: state.vote?.rawValue ?? 0)
            var head = RecordHead(kind: .hardState, group: group)
            head.term = state.term
            return head
        case .entry(let group, let entry):
            return encode(entry, as: .entry, of: group, into: &bytes)
        case .truncation(let group, let last):
            var head = RecordHead(kind: .truncation, group: group)
            head.index = last
            return head
        case .snapshot(let group, let metadata):
            bytes.append(littleEndian: metadata.stamp)
            metadata.configuration.encode(into: &bytes)
            var head = RecordHead(kind: .snapshot, group: group)
            head.detail = keepsLog ? 1 : 0
            head.term = metadata.term
            head.index = metadata.index
            return head
        case .caughtUp(let group):
            return RecordHead(kind: .caughtUp, group: group)
        case .cleanStop:
            return RecordHead(kind: .cleanStop, group: .directory)
        case .quarantined(let group, let quarantine):
            quarantine.encode(into: &bytes)
            return RecordHead(kind: .quarantined, group: group)
        case .lostGroupsSettled:
            return RecordHead(kind: .lostGroupsSettled, group: .directory)
        }
    }

    private static func encode(
        _ entry: LogEntry, as kind: RecordKind, of group: GroupID, into bytes: inout [UInt8]
    ) -> RecordHead {
        bytes.append(littleEndian: entry.stamp)
        bytes.append(contentsOf: entry.payload)
        var head = RecordHead(kind: kind, group: group)
        head.detail = entry.kind.rawValue
        head.term = entry.term
        head.index = entry.index
        return head
    }

    // MARK: Decoding

    init(_ head: RecordHead, body: Range<Int>, of bytes: [UInt8]) throws(DecodingFailure) {
        guard let kind = RecordKind(rawValue: head.kind) else {
            throw DecodingFailure(what: "record kind \(head.kind)", offset: body.lowerBound)
        }
        guard head.term.isReadable, head.index.isReadable else {
            throw DecodingFailure(
                what: "term \(head.term), index \(head.index)", offset: body.lowerBound)
        }
        var reader = ByteReader(bytes, in: body)
        let group = head.group
        switch kind {
        case .groupCreated:
            let replica = ReplicaID(try reader.read(UInt64.self, "replica"))
            self = .logged(
                .groupCreated(group, replica, try Configuration(reading: &reader)),
                keepsLog: false)
        case .groupRemoved: self = .logged(.groupRemoved(group), keepsLog: false)
        case .hardState:
            let vote = try reader.readVote()
            self = .logged(
                .hardState(group, HardState(term: head.term, vote: vote)), keepsLog: false)
        case .entry:
            self = .logged(.entry(group, try reader.readEntry(head)), keepsLog: false)
        case .truncation: self = .logged(.truncation(group, after: head.index), keepsLog: false)
        case .snapshot:
            let stamp = try reader.readStamp("stamp")
            let metadata = SnapshotMetadata(
                index: head.index, term: head.term,
                configuration: try Configuration(reading: &reader), stamp: stamp)
            self = .logged(.snapshot(group, metadata), keepsLog: head.detail == 1)
        case .caughtUp: self = .logged(.caughtUp(group), keepsLog: false)
        case .cleanStop: self = .logged(.cleanStop, keepsLog: false)
        case .checkpoint: self = .checkpoint(group, try GroupState(head, reading: &reader))
        case .carriedEntry: self = .carried(group, try reader.readEntry(head))
        case .quarantined:
            self = .logged(
                .quarantined(group, try Quarantine(reading: &reader)), keepsLog: false)
        case .lostGroups: self = .lostGroups
        case .lostGroupsSettled: self = .logged(.lostGroupsSettled, keepsLog: false)
        }
        try reader.expectEnd("\(kind)")
    }
}

extension ByteReader {
    mutating func readVote() throws(DecodingFailure) -> ReplicaID? {
        let hasVote = try readFlag("vote")
        let vote = ReplicaID(try read(UInt64.self, "vote"))
        return hasVote ? vote : nil
    }

    mutating func readFlag(_ what: String) throws(DecodingFailure) -> Bool {
        let start = offset
        let byte = try read(UInt8.self, what)
        guard byte <= 1 else { throw DecodingFailure(what: what, offset: start) }
        return byte == 1
    }

    fileprivate mutating func readEntry(_ head: RecordHead) throws(DecodingFailure) -> LogEntry {
        guard let kind = EntryKind(rawValue: head.detail) else {
            throw DecodingFailure(what: "entry kind \(head.detail)", offset: offset)
        }
        let stamp = try readStamp("stamp")
        let payload = try readBytes(remainingByteCount, "payload")
        return LogEntry(
            term: head.term, index: head.index, kind: kind, stamp: stamp, payload: payload)
    }
}
