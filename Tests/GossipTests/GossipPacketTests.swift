import Gossip
import Primitives
import Testing

@Suite("The gossip packet") struct GossipPacketTests {
    static let record = MemberRecord(
        id: NodeID(0x0102_0304_0506_0708), process: 0x1111, started: 1000, incarnation: 1001,
        status: .suspect, clusterID: ClusterID(0xC1), topologyEpoch: 9,
        addresses: AdvertisedAddresses(
            peer: Address(host: "a", port: 1), cluster: Address(host: "b", port: 2),
            plain: Address(host: "c", port: 3), admin: Address(host: "::1", port: 4)))

    static let everyMessage: [GossipMessage] = [
        .ping(sequence: 0x0A, target: NodeID(2)), .ping(sequence: 0x0B, target: nil),
        .ack(sequence: 0x0C), .nack(sequence: 0x0D),
        .pingRequest(sequence: 0x0E, target: NodeID(3), address: Address(host: "d", port: 5)),
        .update(record, accuser: NodeID(4)), .update(record, accuser: nil),
        .hint(LeaderHint(group: GroupID(6), term: Term(7), leader: NodeID(8))), .join,
        .pushPull(isReply: false), .pushPull(isReply: true),
    ]

    static var everything: GossipPacket { GossipPacket(sender: record, messages: everyMessage) }

    @Test("reads back what was written") func roundTrip() throws {
        #expect(try GossipPacket(decoding: Self.everything.encode()) == Self.everything)
    }

    /// The bytes of version 1. They never change; a later version may only add to them.
    @Test("keeps its bytes") func golden() {
        let recordBytes =
            "0807060504030201" + "1111000000000000" + "e803000000000000" + "e903000000000000"
            + "02" + "c100000000000000" + "0900000000000000"
            + "01000000610100" + "01000000620200" + "01000000630300" + "030000003a3a310400"
        let expected =
            "01" + "4f00" + recordBytes
            + "01" + "1000" + "0a00000000000000" + "0200000000000000"
            + "01" + "1000" + "0b00000000000000" + "0000000000000000"
            + "02" + "0800" + "0c00000000000000" + "03" + "0800" + "0d00000000000000"
            + "04" + "1700" + "0e00000000000000" + "0300000000000000" + "01000000640500"
            + "05" + "5700" + recordBytes + "0400000000000000"
            + "05" + "5700" + recordBytes + "0000000000000000"
            + "06" + "1400" + "06000000" + "0700000000000000" + "0800000000000000"
            + "07" + "0000" + "08" + "0100" + "00" + "08" + "0100" + "01"
        let bytes = Self.everything.encode()
        #expect(bytes.map { hexadecimal(UInt64($0), digitCount: 2) }.joined() == expected)
    }

    @Test("refuses every prefix that ends within a message") func prefixes() {
        let bytes = Self.everything.encode()
        var boundaries: [Int] = []
        for count in 0...Self.everyMessage.count {
            let packet = GossipPacket(
                sender: Self.record, messages: Array(Self.everyMessage.prefix(count)))
            boundaries.append(packet.encode().count)
        }
        for count in 0..<bytes.count {
            let packet = try? GossipPacket(decoding: Array(bytes.prefix(count)))
            #expect((packet != nil) == boundaries.contains(count), "prefix of \(count) bytes")
        }
    }

    @Test("passes over what a later version adds") func laterVersion() throws {
        var bytes = GossipPacket(sender: Self.record, messages: [.join]).encode()
        bytes += [200, 3, 0, 1, 2, 3]
        bytes += [2, 10, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0xAA, 0xBB]
        let packet = try GossipPacket(decoding: bytes)
        #expect(packet.messages == [.join, .ack(sequence: 9)])
    }

    @Test("refuses another version, and records that no node sends") func refusals() {
        var other = Self.everything.encode()
        other[0] = 2
        #expect(throws: DecodingFailure.self) { try GossipPacket(decoding: other) }
        var records = [MemberRecord](repeating: Self.record, count: 4)
        records[0].id = NodeID(0)
        records[1].incarnation = .max
        records[2].addresses.peer.host = ""
        records[3].addresses.admin.host = String(repeating: "x", count: 256)
        for record in records {
            let bytes = GossipPacket(sender: record, messages: []).encode()
            #expect(throws: DecodingFailure.self) { try GossipPacket(decoding: bytes) }
        }
    }

    @Test("mutated packets never crash a node, and are dropped or harmless", arguments: 0..<8)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var network = VirtualNetwork(seed: seed)
        network.startNodes(3)
        network.run(milliseconds: 2000)
        let samples = [
            Self.everything.encode(),
            GossipPacket(
                sender: Self.record, messages: [.pushPull(isReply: false)] + Self.everyMessage
            ).encode(),
        ]
        let malformedBefore = network.core("n1").malformedCount
        for round in 0..<1500 {
            var bytes = samples[round % samples.count]
            for _ in 0...generator.below(4) {
                switch generator.below(4) {
                case 0: bytes[generator.below(bytes.count)] = UInt8(generator.below(256))
                case 1: bytes[generator.below(bytes.count)] ^= 1 << UInt8(generator.below(8))
                case 2: bytes.insert(UInt8(generator.below(256)), at: generator.below(bytes.count))
                default: bytes.removeLast(min(bytes.count - 1, generator.below(20)))
                }
            }
            network.withCore("n1") { core, now, effects in
                let source = Address(host: "nowhere", port: 1)
                core.receive(datagram: bytes, from: source, now: now, into: &effects)
                core.receive(stream: bytes, from: Self.record.id, now: now, into: &effects)
            }
            if round % 50 == 0 { network.run(milliseconds: 20) }
        }
        #expect(network.core("n1").malformedCount - malformedBefore > 500)
        // The three still hold each other alive, whatever strangers were made up besides.
        network.run(milliseconds: 20_000)
        for host in ["n1", "n2", "n3"] {
            let known = network.core(host).members.filter { $0.id.rawValue <= 3 }
            #expect(known.map(\.status) == [.alive, .alive])
        }
    }
}
