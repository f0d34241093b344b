import Consensus
import Node
import Primitives
import Runtime

/// Input: choices, cuts, then the stream, or the type and body of each of its frames.
enum FrameFuzz {
    static func run(_ input: inout FuzzInput) throws(Finding) {
        let choices = input.byte()
        var cuts = Cuts(seed: input.byte())
        var expected: [PeerFrame]?
        var stream: [UInt8] = []
        if choices & 1 == 0 {
            let frames = frames(&input)
            for frame in frames { FrameCoding.append(frame, to: &stream) }
            expected = frames
        } else {
            stream = input.rest()
        }
        let whole = read([stream])
        let split = read(cuts.ranges(of: stream.count).map { Array(stream[$0]) })
        try expect(whole == split, "frames differ, read whole and in pieces: \(whole), \(split)")
        try expect(expected == nil || whole.frames == expected, "frames differ from those sent")
        for frame in whole.frames { try checkCoding(of: frame) }
        if choices & 2 == 0, !whole.frames.isEmpty { deliver(whole.frames) }
    }

    private struct Outcome: Equatable {
        var frames: [PeerFrame] = []
        var unknownCount = 0
        var failure: FrameFailure?
    }

    private static func frames(_ input: inout FuzzInput) -> [PeerFrame] {
        var frames: [PeerFrame] = []
        while !input.isAtEnd, frames.count < 20 {
            let type = FrameType(rawValue: input.byte() % 6 + 1) ?? .home
            frames.append(PeerFrame(type: type, body: input.piece()))
        }
        return frames
    }

    private static func read(_ pieces: [[UInt8]]) -> Outcome {
        var outcome = Outcome()
        var decoder = FrameDecoder()
        for piece in pieces {
            do throws(FrameFailure) {
                try decoder.receive(piece.span, into: &outcome.frames)
            } catch {
                outcome.failure = error
                break
            }
        }
        outcome.unknownCount = decoder.unknownCount
        return outcome
    }

    private static func checkCoding(of frame: PeerFrame) throws(Finding) {
        switch frame.type {
        case .consensus:
            var reader = ByteReader(frame.body)
            while !reader.isAtEnd {
                guard let message = try? RaftMessage(reading: &reader) else { return }
                var bytes: [UInt8] = []
                message.encode(into: &bytes)
                var again = ByteReader(bytes)
                let second = try? RaftMessage(reading: &again)
                try expect(second == message, "\(message) read again is \(second as Any)")
                try expect(again.isAtEnd, "bytes are left behind \(message)")
            }
        case .home:
            guard let message = try? HomeMessage(decoding: frame.body) else { return }
            let second = try? HomeMessage(decoding: message.encode())
            try expect(second == message, "\(message) read again is \(second as Any)")
        case .stateReport:
            guard let report = try? StateReport(decoding: frame.body) else { return }
            try expect(report.encode() == frame.body, "\(report) is written otherwise")
        case .forward, .forwarded: try checkForwards(frame.body)
        case .snapshotChunk: break
        }
    }

    private static func checkForwards(_ body: [UInt8]) throws(Finding) {
        guard var reader = try? ForwardReader(body) else { return }
        var bytes = ForwardFrame.begin(loop: reader.loop, incarnation: reader.incarnation)
        while true {
            let start = bytes.count
            guard let item = try? reader.next() else { return }
            switch item {
            case .request(let key, let place, let target, let version, let isPart, let range):
                ForwardFrame.append(
                    request: body.span.extracting(range), at: target, version: version, of: key,
                    place, isPart: isPart, to: &bytes)
            case .closed, .reply: return
            case .refusal(let key, let place):
                ForwardFrame.append(refusalFrom: place, of: key, to: &bytes)
            }
            try expect(
                bytes[start...] == body[start..<min(bytes.count, body.count)],
                "an item at \(start) is written otherwise")
        }
    }

    /// A node of the cluster gets the frames. Of Raft's messages only the first that is meant for it: one
    /// can say anything, but nodes that share the secret don't contradict themselves, and Raft stops
    /// where they do.
    private static func deliver(_ frames: [PeerFrame]) {
        guard let harness = LoopHarness.formed() else {
            preconditionFailure("the formed cluster's node does not start")
        }
        var hasDelivered = false
        for frame in frames where harness.stopReason == nil {
            switch frame.type {
            case .consensus:
                guard !hasDelivered, let message = firstMessage(of: frame) else { continue }
                hasDelivered = true
                harness.receive(
                    PeerFrame(type: .consensus, body: message), from: FuzzSeeds.peer)
            case .snapshotChunk, .stateReport, .forward, .forwarded:
                harness.receive(frame, from: FuzzSeeds.peer)
            case .home: break
            }
            harness.advance(milliseconds: 10)
        }
        harness.advance(milliseconds: 700)
    }

    /// The bytes of a frame's first message, if it can be read and its replica is the sender's own.
    private static func firstMessage(of frame: PeerFrame) -> [UInt8]? {
        var reader = ByteReader(frame.body)
        guard let message = try? RaftMessage(reading: &reader),
            message.from == LoopHarness.peerMember
        else { return nil }
        return Array(frame.body[..<reader.offset])
    }

    static var seeds: [[UInt8]] {
        let frames = messages.map { message in
            var bytes: [UInt8] = []
            message.encode(into: &bytes)
            return (type: UInt8(0), body: bytes)
        }
        let chunks = [chunk(offset: 0), chunk(offset: 3)].map { (type: UInt8(1), body: $0) }
        let acknowledgement = (
            type: UInt8(1), body: [2, 2, 0, 0, 0] + [UInt8](repeating: 0, count: 16)
        )
        let home = GossipFuzz.packets.map { packet in
            (type: UInt8(2), body: HomeMessage.gossip(packet.encode()).encode())
        }
        let all = frames + chunks + [acknowledgement] + home.suffix(1)
        var raw: [UInt8] = [1, 2]
        for message in [HomeMessage.reports([]), .transferLeadership(GroupID(1), to: NodeID(7))] {
            FrameCoding.append(PeerFrame(type: .home, body: message.encode()), to: &raw)
        }
        return all.map { encode([$0]) } + [encode(frames), encode(chunks), encode(all), raw]
    }

    private static func encode(_ frames: [(type: UInt8, body: [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = [0, 2]
        for frame in frames {
            bytes.append(frame.type)
            bytes.append(piece: frame.body)
        }
        return bytes
    }

    /// A part of a snapshot of shard 2, as it travels.
    private static func chunk(offset: Int) -> [UInt8] {
        let body: [UInt8] = [1, 2, 3, 4, 5, 6]
        var bytes: [UInt8] = [1]
        bytes.append(littleEndian: LoopHarness.sharedShard.rawValue)
        bytes.append(littleEndian: UInt64(50))
        bytes.append(littleEndian: UInt64(2))
        bytes.append(littleEndian: Int64(1_700_000_000_000))
        Configuration(voters: [LoopHarness.ownMember, LoopHarness.peerMember]).encode(into: &bytes)
        bytes.append(littleEndian: UInt64(offset))
        bytes.append(littleEndian: UInt64(body.count))
        bytes.append(littleEndian: crc32c(body.span))
        bytes.append(sized: Array(body[offset..<offset + 3]))
        return bytes
    }

    private static var messages: [RaftMessage] {
        let entries = [EntryKind.noop, .command].enumerated().map { number, kind in
            LogEntry(
                term: Term(3), index: LogIndex(UInt64(number + 1)), kind: kind,
                stamp: 1_700_000_000_000, payload: kind == .noop ? [] : [1, 1, 0])
        }
        let vote = RaftMessage.VoteRequest(
            lastIndex: LogIndex(4), lastTerm: Term(2), isTransfer: false)
        let bodies: [RaftMessage.Body] = [
            .preVote(vote), .vote(vote),
            .preVoteResponse(.init(isGranted: true, isAmnesiac: false, clock: .unknown)),
            .voteResponse(
                .init(isGranted: true, isAmnesiac: true, clock: .running(estimate: 5))),
            .append(
                .init(
                    previousIndex: .zero, previousTerm: .zero, commitIndex: LogIndex(1),
                    clock: 1_700_000_000_000, session: 0, nonce: 0, entries: entries)),
            .appendAccepted(match: LogIndex(2), session: 0),
            .appendRejected(
                .init(
                    previousIndex: LogIndex(5), hintIndex: LogIndex(2), hintTerm: Term(2),
                    session: 0, nonce: 1)),
            .heartbeat(.init(commitIndex: LogIndex(2), clock: 1_700_000_000_000, round: 4)),
            .heartbeatResponse(round: 4, matched: LogIndex(2), hindrance: .noRoom), .timeoutNow,
        ]
        return bodies.map {
            RaftMessage(
                group: LoopHarness.sharedShard, from: LoopHarness.peerMember,
                to: LoopHarness.ownMember, term: Term(3), body: $0)
        }
    }
}
