import Gossip
import Node
import Primitives
import Topology

/// Input: choices, then events: a datagram, a frame, or time that passes.
enum HomeFuzz {
    static func run(_ input: inout FuzzInput) throws(Finding) {
        let choices = input.byte()
        var now = Moment(
            boot: Instant(nanoseconds: 1_000_000_000), wallMilliseconds: 1_700_000_000_000)
        var effects: [HomeEffect] = []
        var home = home(isMember: choices & 1 == 1, now: now)
        home.start(now: now, into: &effects)
        var steps = 0
        while !input.isAtEnd, steps < 40 {
            steps += 1
            let choice = input.byte()
            switch choice & 3 {
            case 0, 1:
                home.datagramReceived(
                    [choice & 1 + 1] + input.piece(), from: FuzzSeeds.address, now: now,
                    into: &effects)
            case 2:
                home.frameReceived(
                    from: FuzzSeeds.peer, body: input.piece(), now: now, into: &effects)
            default:
                now.boot = now.boot.advanced(milliseconds: Int(choice) * 4)
                now.wallMilliseconds += Int64(choice) * 4
                home.tick(now: now, into: &effects)
            }
            try carryOut(&effects, on: &home, now: now)
        }
        try expect(home.nodeID == FuzzSeeds.node, "the node's id has changed")
    }

    /// What the node sends must be what other nodes can read.
    private static func carryOut(
        _ effects: inout [HomeEffect], on home: inout HomeCore, now: Moment
    ) throws(Finding) {
        while !effects.isEmpty {
            var taken: [HomeEffect] = []
            swap(&taken, &effects)
            for effect in taken {
                switch effect {
                case .datagram(_, let bytes):
                    let plain = Array(bytes.dropFirst())
                    let isReadable =
                        bytes.first == 1
                        ? (try? GossipPacket(decoding: plain)) != nil
                        : (try? FoundingMessage(decoding: plain)) != nil
                    try expect(isReadable, "a datagram that none can read: \(bytes)")
                case .frame(_, let frame):
                    try expect(
                        (try? HomeMessage(decoding: frame.body)) != nil,
                        "a frame that none can read: \(frame)")
                case .persistIdentity(let file):
                    let identity = try? NodeIdentity(decoding: file, clusterName: "fuzz")
                    try expect(identity != nil, "an identity file that can't be read: \(file)")
                    home.identityPersisted(now: now, into: &effects)
                case .links, .post, .log, .stop: break
                }
            }
        }
    }

    private static func home(isMember: Bool, now: Moment) -> HomeCore {
        let addresses = AdvertisedAddresses(
            peer: FuzzSeeds.address, cluster: FuzzSeeds.address, plain: FuzzSeeds.address,
            admin: FuzzSeeds.address)
        let settings = HomeSettings(
            clusterName: "fuzz", seeds: [Address(host: "127.0.0.1", port: 7001)],
            addresses: addresses)
        let founder = Member(replica: ReplicaID(1), node: FuzzSeeds.node)
        let membership = Membership(
            clusterID: ClusterID(9), replica: founder.replica, founders: [founder])
        let identity = NodeIdentity(
            node: FuzzSeeds.node, clusterName: "fuzz",
            phase: isMember ? .member(membership) : .fresh)
        guard
            let home = try? HomeCore(
                settings: settings, identity: identity.encode(), newNodeID: FuzzSeeds.node,
                processSeed: 5, seed: 6, sealer: OpenSealer(), now: now)
        else { preconditionFailure("the identity can't be read") }
        return home
    }

    static var seeds: [[UInt8]] {
        let packets = GossipFuzz.packets.map { event(0, $0.encode()) }
        let streams = GossipFuzz.packets.suffix(3).map {
            event(2, HomeMessage.gossip($0.encode()).encode())
        }
        let foundings = founding.map { event(1, $0.encode()) }
        let reports = reports.map { event(2, $0.encode()) }
        let events = packets + streams + foundings + reports
        var all: [UInt8] = []
        for event in events { all += event + [63] }
        let single = events.enumerated().map { number, event in
            [UInt8(number & 1)] + event + [255]
        }
        return single + [[0] + all, [1] + all]
    }

    private static func event(_ choice: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        var event = [choice]
        event.append(piece: bytes)
        return event
    }

    private static var founding: [FoundingMessage] {
        let addresses = AdvertisedAddresses(
            peer: FuzzSeeds.address, cluster: FuzzSeeds.address, plain: FuzzSeeds.address,
            admin: FuzzSeeds.address)
        return [
            .question(
                .init(
                    nonce: 1, sender: FuzzSeeds.peer, name: "fuzz", joining: nil,
                    addresses: addresses)),
            .answer(
                .init(
                    nonce: 1, sender: FuzzSeeds.peer, name: "fuzz", seen: 3, promise: nil,
                    clusterID: ClusterID(9),
                    founders: [Member(replica: ReplicaID(1), node: FuzzSeeds.peer)],
                    replica: ReplicaID(2))),
        ]
    }

    private static var reports: [HomeMessage] {
        let addresses = AdvertisedAddresses(
            peer: FuzzSeeds.address, cluster: FuzzSeeds.address, plain: FuzzSeeds.address,
            admin: FuzzSeeds.address)
        let member = Member(replica: ReplicaID(2), node: FuzzSeeds.peer)
        let status = GroupStatus(
            group: GroupID(1), replica: member.replica, term: Term(3), leader: member,
            isLeader: true, commitIndex: LogIndex(5), appliedIndex: LogIndex(5),
            lastIndex: LogIndex(6), keyCount: 2,
            configuration: Configuration(voters: [member]), isSettled: true,
            followers: [
                FollowerStatus(member: member, matchIndex: LogIndex(4), lastHeardMilliseconds: 20)
            ])
        return [
            .register(FuzzSeeds.peer, addresses),
            .transferLeadership(GroupID(1), to: FuzzSeeds.node), .reports([status]),
            .quarantined([
                QuarantinedReplica(group: GroupID(1), replica: ReplicaID(2), reason: "damaged")
            ]),
            .currentReplica(GroupID(0), ReplicaID(9), Configuration(voters: [member])),
            .propose(.replaceNode(FuzzSeeds.node, by: FuzzSeeds.peer)),
        ]
    }
}

/// Lets every packet through, so that what is in it is looked at; ``GossipFuzz`` looks at the seals.
private struct OpenSealer: PacketSealing {
    mutating func seal(_ plain: [UInt8], context: [UInt8]) -> [UInt8] { plain }
    mutating func open(_ sealed: [UInt8], context: [UInt8]) -> [UInt8]? { sealed }
}
