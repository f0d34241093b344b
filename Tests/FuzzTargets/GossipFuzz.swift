import Gossip
import Primitives
import Runtime

/// Input: choices, then a packet, sealed or not.
enum GossipFuzz {
    private static let secret = ClusterSecret([UInt8]("fuzz".utf8))
    private static let context: [UInt8] = [1]

    static func run(_ input: inout FuzzInput) throws(Finding) {
        switch input.byte() % 3 {
        case 0: try checkCoding(of: input.rest())
        case 1: try checkSeal(of: input.rest())
        default: try checkAltered(&input)
        }
    }

    private static func checkCoding(of bytes: [UInt8]) throws(Finding) {
        guard let packet = try? GossipPacket(decoding: bytes) else { return }
        let again = try? GossipPacket(decoding: packet.encode())
        try expect(again == packet, "\(packet) written anew is \(String(describing: again))")
    }

    /// Nothing opens that was not sealed with the secret.
    private static func checkSeal(of bytes: [UInt8]) throws(Finding) {
        var sealer = sealer(salt: 2)
        try expect(sealer.open(bytes, context: context) == nil, "a forged packet opens")
    }

    /// A packet opens only as it was sealed.
    private static func checkAltered(_ input: inout FuzzInput) throws(Finding) {
        let changes = input.piece()
        let plain = input.rest()
        var sender = sealer(salt: 1)
        var receiver = sealer(salt: 2)
        let sealed = sender.seal(plain, context: context)
        var altered = sealed
        for place in stride(from: 0, to: changes.count - 1, by: 2) {
            altered[Int(changes[place]) % altered.count] &+= changes[place + 1]
        }
        if changes.count & 1 == 1 { altered.removeLast(Int(changes[0]) % altered.count) }
        let opened = receiver.open(altered, context: context)
        try expect(
            altered == sealed ? opened == plain : opened == nil,
            "a packet that was altered: \(altered != sealed), opens as \(String(describing: opened))"
        )
        try expect(receiver.open(sealed, context: [2]) == nil, "a packet opens as another kind")
    }

    private static func sealer(salt: UInt8) -> GossipSealer {
        GossipSealer(secret: secret) { [UInt8](repeating: salt, count: 16) }
    }

    static let record = MemberRecord(
        id: FuzzSeeds.peer, process: 1, started: 1000, incarnation: 1001, status: .alive,
        clusterID: ClusterID(9), topologyEpoch: 3,
        addresses: AdvertisedAddresses(
            peer: FuzzSeeds.address, cluster: FuzzSeeds.address, plain: FuzzSeeds.address,
            admin: FuzzSeeds.address))

    /// A packet for each kind of message, and one with all.
    static var packets: [GossipPacket] {
        var own = record
        own.id = FuzzSeeds.node
        own.status = .suspect
        own.incarnation = 1_700_000_000_001
        var stranger = record
        stranger.id = NodeID(10)
        stranger.status = .dead
        let messages: [GossipMessage] = [
            .ping(sequence: 1, target: FuzzSeeds.node), .ping(sequence: 2, target: nil),
            .ack(sequence: 3), .nack(sequence: 4),
            .pingRequest(sequence: 5, target: NodeID(10), address: FuzzSeeds.address),
            .update(own, accuser: FuzzSeeds.peer), .update(stranger, accuser: nil),
            .hint(LeaderHint(group: GroupID(1), term: Term(7), leader: FuzzSeeds.peer)), .join,
            .pushPull(isReply: false), .pushPull(isReply: true),
        ]
        return messages.map { GossipPacket(sender: record, messages: [$0]) }
            + [GossipPacket(sender: record, messages: messages)]
    }

    static var seeds: [[UInt8]] {
        let plain = packets.map { $0.encode() }
        var sender = sealer(salt: 9)
        let sealed = sender.seal(plain[0], context: [2])
        return plain.map { [0] + $0 } + [
            [1] + sealed, [2, 0, 0] + plain[0], [2, 2, 0, 40, 1] + plain[0],
            [2, 1, 0, 3] + plain[0],
        ]
    }
}
