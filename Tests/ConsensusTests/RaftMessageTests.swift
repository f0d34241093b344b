import Consensus
import Primitives
import Testing

@Suite("Raft messages")
struct RaftMessageTests {

    private static let bodies: [RaftMessage.Body] = [
        .preVote(.init(lastIndex: LogIndex(7), lastTerm: Term(3), isTransfer: false)),
        .preVoteResponse(.init(isGranted: true, isAmnesiac: false, clock: .unknown)),
        .vote(.init(lastIndex: LogIndex(7), lastTerm: Term(3), isTransfer: true)),
        .voteResponse(
            .init(
                isGranted: true, isAmnesiac: true,
                clock: .rebooted(lastStamp: 5, wallDifference: 6))),
        .append(
            .init(
                previousIndex: LogIndex(8), previousTerm: Term(3), commitIndex: LogIndex(7),
                clock: 11, session: 1, nonce: 12,
                entries: [
                    LogEntry(
                        term: Term(4), index: LogIndex(9), kind: .command, stamp: 10,
                        payload: [0xAA, 0xBB])
                ])),
        .appendAccepted(match: LogIndex(9), session: 1),
        .appendRejected(
            .init(
                previousIndex: LogIndex(8), hintIndex: LogIndex(6), hintTerm: Term(2), session: 1,
                nonce: 12)),
        .heartbeat(.init(commitIndex: LogIndex(7), clock: 11, round: 13)),
        .heartbeatResponse(round: 13, matched: LogIndex(12), hindrance: .stalled),
        .timeoutNow,
    ]

    private static func message(_ body: RaftMessage.Body) -> RaftMessage {
        RaftMessage(
            group: GroupID(5), from: Member(replica: ReplicaID(1), node: NodeID(2)),
            to: Member(replica: ReplicaID(3), node: NodeID(4)), term: Term(6), body: body)
    }

    private static func encoded(_ body: RaftMessage.Body) -> [UInt8] {
        var bytes: [UInt8] = []
        message(body).encode(into: &bytes)
        return bytes
    }

    /// What follows group, members and term, in hexadecimal.
    private static let golden = [
        "01" + "0700000000000000" + "0300000000000000" + "00",
        "02" + "01" + "00",
        "03" + "0700000000000000" + "0300000000000000" + "01",
        "04" + "03" + "02" + "0500000000000000" + "0600000000000000",
        "05" + "0800000000000000" + "0300000000000000" + "0700000000000000" + "0b00000000000000"
            + "01000000" + "0c00000000000000" + "01000000" + "0400000000000000" + "01"
            + "0a00000000000000" + "02000000" + "aabb",
        "06" + "0900000000000000" + "01000000",
        "07" + "0800000000000000" + "0600000000000000" + "0200000000000000" + "01000000"
            + "0c00000000000000",
        "08" + "0700000000000000" + "0b00000000000000" + "0d00000000000000",
        "09" + "0d00000000000000" + "0c00000000000000" + "02",
        "0a",
    ]

    private static let header =
        "05000000" + "0100000000000000" + "0200000000000000" + "0300000000000000"
        + "0400000000000000" + "0600000000000000"

    @Test("have the bytes that they always had", arguments: zip(bodies, golden))
    func goldenBytes(body: RaftMessage.Body, expected: String) {
        let text = Self.encoded(body).map { hexadecimal(UInt64($0), digitCount: 2) }.joined()
        #expect(text == Self.header + expected)
    }

    @Test("are read as they were written", arguments: bodies)
    func roundTrip(body: RaftMessage.Body) throws {
        var reader = ByteReader(Self.encoded(body))
        #expect(try RaftMessage(reading: &reader) == Self.message(body))
        #expect(reader.isAtEnd)
    }

    @Test("are refused when they end early", arguments: bodies)
    func endsEarly(body: RaftMessage.Body) {
        let bytes = Self.encoded(body)
        for count in 0..<bytes.count {
            var reader = ByteReader(bytes, in: 0..<count)
            #expect(throws: DecodingFailure.self) { try RaftMessage(reading: &reader) }
        }
    }

    @Test("are refused with an unknown kind", arguments: [UInt8(0), 11, 255])
    func unknownKind(kind: UInt8) {
        var bytes = Self.encoded(.timeoutNow)
        bytes[bytes.count - 1] = kind
        var reader = ByteReader(bytes)
        #expect(throws: DecodingFailure.self) { try RaftMessage(reading: &reader) }
    }

    @Test("are refused with a configuration that is none")
    func badConfiguration() {
        let entry = LogEntry(
            term: Term(1), index: LogIndex(1), kind: .configuration, stamp: 0, payload: [1])
        let body = RaftMessage.Body.append(
            .init(
                previousIndex: .zero, previousTerm: .zero, commitIndex: .zero, clock: 0,
                session: 0, nonce: 0, entries: [entry]))
        var reader = ByteReader(Self.encoded(body))
        #expect(throws: DecodingFailure.self) { try RaftMessage(reading: &reader) }
    }
}
