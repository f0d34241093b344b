import Node
import Primitives
import Testing
import Topology

@Suite("Messages between homes") struct HomeMessageTests {
    private static let follower = FollowerStatus(
        member: Member(replica: ReplicaID(2), node: NodeID(20)), matchIndex: LogIndex(6),
        lastHeardMilliseconds: 12, hindrance: .stalled)
    private static let leader = Member(replica: ReplicaID(1), node: NodeID(10))
    private static let report = GroupStatus(
        group: GroupID(3), replica: ReplicaID(1), term: Term(4), leader: leader, isLeader: true,
        commitIndex: LogIndex(7), appliedIndex: LogIndex(5), lastIndex: LogIndex(8), keyCount: 9,
        configuration: Configuration(voters: [leader], learners: [follower.member]),
        isSettled: true, hindrance: .noRoom, followers: [follower])
    private static let addresses = AdvertisedAddresses(
        peer: Address(host: "a", port: 1), cluster: Address(host: "b", port: 2),
        plain: Address(host: "c", port: 3), admin: Address(host: "d", port: 4))

    private static let messages: [(HomeMessage, String)] = [
        (.gossip([1, 2]), "010102"),
        (
            .register(NodeID(5), addresses),
            "02050000000000000001000000610100010000006202000100000063030001000000640400"
        ),
        (.transferLeadership(GroupID(3), to: NodeID(5)), "03030000000500000000000000"),
        (
            .reports([report]),
            "0401000000030000000100000000000000040000000000000001000000000000000a00000000"
                + "0000000107000000000000000500000000000000080000000000000009000000000000000100"
                + "01000000000000000a00000000000000000001000200000000000000140000000000000001010100"
                + "0200000000000000140000000000000006000000000000000c00000002"
        ),
        (
            .quarantined([
                QuarantinedReplica(group: GroupID(3), replica: ReplicaID(2), reason: "rot")
            ]), "050100000003000000020000000000000003000000726f74"
        ),
        (
            .currentReplica(
                GroupID(3), ReplicaID(9),
                Configuration(voters: [Member(replica: ReplicaID(1), node: NodeID(10))])),
            "06030000000900000000000000010001000000000000000a0000000000000000000000"
        ),
        (.propose(.forgetNode(NodeID(3))), "070a0300000000000000"),
        (.removed, "08"),
    ]

    @Test("have bytes that never change", arguments: messages)
    func golden(message: HomeMessage, bytes: String) throws {
        let encoded = message.encode()
        #expect(encoded.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == bytes)
        #expect(try HomeMessage(decoding: encoded) == message)
    }

    @Test("are refused when cut short", arguments: messages)
    func truncation(message: HomeMessage, _: String) {
        if case .gossip = message { return }
        let encoded = message.encode()
        for count in encoded.indices {
            #expect(throws: DecodingFailure.self) {
                try HomeMessage(decoding: Array(encoded[..<count]))
            }
        }
    }
}
