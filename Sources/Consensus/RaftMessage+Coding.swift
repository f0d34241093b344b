package import Primitives

extension RaftMessage {
    /// Numbers on the wire: append only.
    private enum Kind: UInt8 {
        case preVote = 1
        case preVoteResponse = 2
        case vote = 3
        case voteResponse = 4
        case append = 5
        case appendAccepted = 6
        case appendRejected = 7
        case heartbeat = 8
        case heartbeatResponse = 9
        case timeoutNow = 10
    }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: group.rawValue)
        for member in [from, to] {
            bytes.append(littleEndian: member.replica.rawValue)
            bytes.append(littleEndian: member.node.rawValue)
        }
        bytes.append(littleEndian: term.rawValue)
        bytes.append(kind.rawValue)
        switch body {
        case .preVote(let request), .vote(let request): request.encode(into: &bytes)
        case .preVoteResponse(let response), .voteResponse(let response):
            response.encode(into: &bytes)
        case .append(let append): append.encode(into: &bytes)
        case .appendAccepted(let match, let session):
            bytes.append(littleEndian: match.rawValue)
            bytes.append(littleEndian: session)
        case .appendRejected(let rejection): rejection.encode(into: &bytes)
        case .heartbeat(let heartbeat):
            bytes.append(littleEndian: heartbeat.commitIndex.rawValue)
            bytes.append(littleEndian: heartbeat.clock)
            bytes.append(littleEndian: heartbeat.round)
        case .heartbeatResponse(let round, let matched, let hindrance):
            bytes.append(littleEndian: round)
            bytes.append(littleEndian: matched.rawValue)
            bytes.append(hindrance.rawValue)
        case .timeoutNow: break
        }
    }

    /// - Parameter reader: Stands behind the message afterwards.
    /// - Throws: When the bytes end early or are no message; a configuration entry that does not hold
    ///   a configuration is refused too, and so are terms that no log has.
    package init(reading reader: inout ByteReader) throws(DecodingFailure) {
        group = GroupID(try reader.read(UInt32.self, "group"))
        from = try Self.readMember(&reader)
        to = try Self.readMember(&reader)
        term = try reader.readTerm("term")
        let offset = reader.offset
        guard let kind = Kind(rawValue: try reader.read(UInt8.self, "message kind")) else {
            throw DecodingFailure(what: "message kind", offset: offset)
        }
        body = try Self.readBody(kind, &reader)
        // Terms never fall along a log, and no log is ahead of the term of its replica.
        if case .append(let append) = body, append.lastTerm > term {
            throw DecodingFailure(what: "entry term", offset: offset)
        }
    }

    private var kind: Kind {
        switch body {
        case .preVote: .preVote
        case .preVoteResponse: .preVoteResponse
        case .vote: .vote
        case .voteResponse: .voteResponse
        case .append: .append
        case .appendAccepted: .appendAccepted
        case .appendRejected: .appendRejected
        case .heartbeat: .heartbeat
        case .heartbeatResponse: .heartbeatResponse
        case .timeoutNow: .timeoutNow
        }
    }

    private static func readMember(_ reader: inout ByteReader) throws(DecodingFailure) -> Member {
        let replica = ReplicaID(try reader.read(UInt64.self, "replica"))
        return Member(replica: replica, node: NodeID(try reader.read(UInt64.self, "node")))
    }

    private static func readBody(
        _ kind: Kind, _ reader: inout ByteReader
    ) throws(DecodingFailure) -> Body {
        switch kind {
        case .preVote: return .preVote(try VoteRequest(reading: &reader))
        case .preVoteResponse: return .preVoteResponse(try VoteResponse(reading: &reader))
        case .vote: return .vote(try VoteRequest(reading: &reader))
        case .voteResponse: return .voteResponse(try VoteResponse(reading: &reader))
        case .append: return .append(try Append(reading: &reader))
        case .appendAccepted:
            let match = try reader.readIndex("match")
            return .appendAccepted(
                match: match, session: try reader.read(UInt32.self, "session"))
        case .appendRejected: return .appendRejected(try Rejection(reading: &reader))
        case .heartbeat:
            let commit = try reader.readIndex("commit index")
            let clock = try reader.readStamp("clock")
            let round = try reader.read(UInt64.self, "round")
            return .heartbeat(Heartbeat(commitIndex: commit, clock: clock, round: round))
        case .heartbeatResponse:
            let round = try reader.read(UInt64.self, "round")
            let matched = try reader.readIndex("matched index")
            return .heartbeatResponse(
                round: round, matched: matched, hindrance: try Hindrance(reading: &reader))
        case .timeoutNow: return .timeoutNow
        }
    }
}

extension RaftMessage.VoteRequest {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: lastIndex.rawValue)
        bytes.append(littleEndian: lastTerm.rawValue)
        bytes.append(isTransfer ? 1 : 0)
    }

    fileprivate init(reading reader: inout ByteReader) throws(DecodingFailure) {
        lastIndex = try reader.readIndex("last index")
        lastTerm = try reader.readTerm("last term")
        isTransfer = try reader.read(UInt8.self, "transfer flag") != 0
    }
}

extension RaftMessage.VoteResponse {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append((isGranted ? 1 : 0) | (isAmnesiac ? 2 : 0))
        clock.encode(into: &bytes)
    }

    fileprivate init(reading reader: inout ByteReader) throws(DecodingFailure) {
        let flags = try reader.read(UInt8.self, "vote flags")
        isGranted = flags & 1 != 0
        isAmnesiac = flags & 2 != 0
        clock = try ClockReport(reading: &reader)
    }
}

extension RaftMessage.Rejection {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: previousIndex.rawValue)
        bytes.append(littleEndian: hintIndex.rawValue)
        bytes.append(littleEndian: hintTerm.rawValue)
        bytes.append(littleEndian: session)
        bytes.append(littleEndian: nonce)
    }

    fileprivate init(reading reader: inout ByteReader) throws(DecodingFailure) {
        previousIndex = try reader.readIndex("previous index")
        hintIndex = try reader.readIndex("hint index")
        hintTerm = try reader.readTerm("hint term")
        session = try reader.read(UInt32.self, "session")
        nonce = try reader.read(UInt64.self, "nonce")
    }
}

extension RaftMessage.Append {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: previousIndex.rawValue)
        bytes.append(littleEndian: previousTerm.rawValue)
        bytes.append(littleEndian: commitIndex.rawValue)
        bytes.append(littleEndian: clock)
        bytes.append(littleEndian: session)
        bytes.append(littleEndian: nonce)
        bytes.append(littleEndian: UInt32(entries.count))
        for entry in entries {
            bytes.append(littleEndian: entry.term.rawValue)
            bytes.append(entry.kind.rawValue)
            bytes.append(littleEndian: entry.stamp)
            bytes.append(sized: entry.payload)
        }
    }

    fileprivate init(reading reader: inout ByteReader) throws(DecodingFailure) {
        previousIndex = try reader.readIndex("previous index")
        previousTerm = try reader.readTerm("previous term")
        commitIndex = try reader.readIndex("commit index")
        clock = try reader.readStamp("clock")
        session = try reader.read(UInt32.self, "session")
        nonce = try reader.read(UInt64.self, "nonce")
        entries = []
        var index = previousIndex
        for _ in 0..<(try reader.read(UInt32.self, "entry count")) {
            index = index.next
            let offset = reader.offset
            let entry = try Self.readEntry(index, &reader)
            guard entry.term >= lastTerm else {
                throw DecodingFailure(what: "entry term", offset: offset)
            }
            entries.append(entry)
        }
    }

    /// The term of the last entry, or of the one before them if there is none.
    fileprivate var lastTerm: Term { entries.last?.term ?? previousTerm }

    private static func readEntry(
        _ index: LogIndex, _ reader: inout ByteReader
    ) throws(DecodingFailure) -> LogEntry {
        let term = try reader.readTerm("entry term")
        let offset = reader.offset
        guard let kind = EntryKind(rawValue: try reader.read(UInt8.self, "entry kind")) else {
            throw DecodingFailure(what: "entry kind", offset: offset)
        }
        let stamp = try reader.readStamp("entry stamp")
        let payload = try reader.readSized("entry payload")
        if kind == .configuration {
            var inner = ByteReader(payload)
            _ = try Configuration(reading: &inner)
            try inner.expectEnd("configuration")
        }
        return LogEntry(term: term, index: index, kind: kind, stamp: stamp, payload: payload)
    }
}
