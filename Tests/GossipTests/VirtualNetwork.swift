import Gossip
import Primitives

/// A seeded network of gossip cores: datagrams that are lost, delayed, repeated and cut; peer links
/// that only a cut stops. One core runs on each host.
struct VirtualNetwork {
    struct Host {
        var name: String
        var core: GossipCore
        var isRunning = true
        /// While not running: whether it stands still rather than being gone.
        var isPaused = false
        /// What reached it while it stood still.
        var backlog: [Delivery] = []
    }

    struct Delivery {
        var at: Instant
        var number: Int
        var from: String
        var to: String
        var bytes: [UInt8]
        /// The sender over a peer link; `nil` for a datagram.
        var link: NodeID?
    }

    struct Cut: Equatable {
        var from: String
        var to: String
        var isDatagramsOnly: Bool
    }

    private(set) var hosts: [Host] = []
    private(set) var now = Instant.zero
    /// Latest first.
    private var deliveries: [Delivery] = []
    private var deliveryCount = 0
    private var generator: SeededGenerator
    var cuts: [Cut] = []
    var lossPercent = 0
    var duplicatePercent = 0
    /// Whether peer links carry anything.
    var hasLinks = true
    var delayMilliseconds = 1...1
    var settings = GossipSettings()
    var clusterID: ClusterID?

    /// Whether packets are written to ``lines``.
    var isTracing = false
    /// What happened, in words.
    var lines: [String] = []
    /// Over every packet that was sent.
    private(set) var checksum: UInt32 = 0
    private(set) var highestDatagramByteCount = 0
    /// Members that some host held dead, in order.
    private(set) var deaths: [(at: Instant, host: String, member: NodeID)] = []
    private(set) var conflicts: [(host: String, isOursLater: Bool)] = []
    private(set) var epochs: [(host: String, epoch: UInt64)] = []

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    static func addresses(_ host: String) -> AdvertisedAddresses {
        AdvertisedAddresses(
            peer: Address(host: host, port: 17000), cluster: Address(host: host, port: 7000),
            plain: Address(host: host, port: 6379), admin: Address(host: host, port: 7080))
    }

    /// Starts a process on `host`, in place of one that is there.
    mutating func start(
        _ id: UInt64, on host: String, seeds: [String], incarnation: UInt64? = nil
    ) {
        let core = GossipCore(
            self: NodeID(id), addresses: Self.addresses(host), clusterID: clusterID,
            startIncarnation: incarnation ?? 1_000 + now.nanoseconds / 1_000_000,
            seeds: seeds.map { Address(host: $0, port: 17000) }, settings: settings,
            seed: generator.next(), processSeed: generator.next(), now: now)
        hosts.removeAll { $0.name == host }
        hosts.append(Host(name: host, core: core))
    }

    /// Starts nodes 1...`count` on hosts n1…, each with n1 as its only seed.
    mutating func startNodes(_ count: Int) {
        for id in 1...count { start(UInt64(id), on: "n\(id)", seeds: ["n1"]) }
    }

    mutating func stop(_ host: String) {
        withHost(host) { ($0.isRunning, $0.isPaused, $0.backlog) = (false, false, []) }
    }

    mutating func pause(_ host: String) {
        withHost(host) { ($0.isRunning, $0.isPaused) = (false, true) }
    }

    /// Lets a host go on that stood still; what arrived meanwhile is read after its first tick.
    mutating func resume(_ host: String) {
        withHost(host) { ($0.isRunning, $0.isPaused) = (true, false) }
        guard let index = index(of: host) else { return }
        for var delivery in hosts[index].backlog {
            delivery.at = now.advanced(milliseconds: 20)
            enqueue(delivery)
        }
        hosts[index].backlog = []
    }

    /// Cuts every way between hosts of different groups.
    mutating func partition(_ groups: [[String]]) {
        for (index, group) in groups.enumerated() {
            for (other, others) in groups.enumerated() where other != index {
                for from in group {
                    cuts += others.map { Cut(from: from, to: $0, isDatagramsOnly: false) }
                }
            }
        }
    }

    mutating func withCore(
        _ host: String, _ body: (inout GossipCore, Instant, inout [GossipEffect]) -> Void
    ) {
        guard let index = index(of: host) else { fatalError("no host \(host)") }
        var effects: [GossipEffect] = []
        body(&hosts[index].core, now, &effects)
        perform(effects, of: index)
    }

    func core(_ host: String) -> GossipCore {
        guard let index = index(of: host) else { fatalError("no host \(host)") }
        return hosts[index].core
    }

    /// Lets time pass, every host ticking each 10 ms.
    mutating func run(milliseconds: Int) {
        for _ in 0..<milliseconds {
            now = now.advanced(milliseconds: 1)
            while let next = deliveries.last, next.at <= now {
                deliveries.removeLast()
                deliver(next)
            }
            guard now.nanoseconds / 1_000_000 % 10 == 0 else { continue }
            for index in hosts.indices where hosts[index].isRunning {
                var effects: [GossipEffect] = []
                hosts[index].core.tick(now: now, into: &effects)
                perform(effects, of: index)
            }
        }
    }

    /// Runs until `condition` holds; returns the milliseconds it took, or `nil` after `limit`.
    mutating func run(atMost limit: Int, until condition: (VirtualNetwork) -> Bool) -> Int? {
        for passed in stride(from: 0, through: limit, by: 10) {
            if condition(self) { return passed }
            run(milliseconds: 10)
        }
        return nil
    }

    /// Whether every running host holds exactly the other running nodes alive.
    var isConverged: Bool {
        let running = hosts.filter(\.isRunning)
        return running.allSatisfy { host in
            let alive = host.core.members.filter { $0.status == .alive }.map(\.id)
            let others = running.map(\.core.own.id).filter { $0 != host.core.own.id }
            return alive == others.sorted()
        }
    }

    // MARK: Carrying

    private func index(of host: String) -> Int? { hosts.firstIndex { $0.name == host } }

    private mutating func withHost(_ host: String, _ body: (inout Host) -> Void) {
        guard let index = index(of: host) else { fatalError("no host \(host)") }
        body(&hosts[index])
    }

    private mutating func perform(_ effects: [GossipEffect], of index: Int) {
        let host = hosts[index].name
        for effect in effects {
            switch effect {
            case .datagram(let address, let bytes):
                highestDatagramByteCount = max(highestDatagramByteCount, bytes.count)
                checksum = crc32c(bytes.span, continuing: checksum)
                note(bytes, "\(host) > \(address.host)")
                send(bytes, from: host, to: address.host)
            case .stream(let node, let bytes):
                checksum = crc32c(bytes.span, continuing: checksum)
                let target = hosts[index].core.member(node)?.addresses.peer.host ?? "?"
                note(bytes, "\(host) => \(target)")
                link(bytes, from: index, to: target, node: node)
            case .memberChanged(let member):
                if member.status == .dead { deaths.append((now, host, member.id)) }
                say("\(host): \(Transcript.describe(member))")
            case .hintChanged(let hint): say("\(host): \(Transcript.describe(hint))")
            case .epochSeen(let epoch, let node):
                epochs.append((host, epoch))
                say("\(host): epoch \(epoch) seen at \(node.rawValue)")
            case .identityConflict(let isOursLater):
                conflicts.append((host, isOursLater))
                say("\(host): identity conflict, ours is \(isOursLater ? "later" : "earlier")")
            }
        }
    }

    private mutating func send(_ bytes: [UInt8], from: String, to: String) {
        let isCut = cuts.contains { $0.from == from && $0.to == to }
        let copies = generator.chance(percent: duplicatePercent) ? 2 : 1
        for _ in 0..<copies {
            let isLost = generator.chance(percent: lossPercent)
            let delivery = delivery(of: bytes, from: from, to: to, link: nil)
            if !isCut, !isLost { enqueue(delivery) }
        }
    }

    private mutating func link(_ bytes: [UInt8], from index: Int, to: String, node: NodeID) {
        let from = hosts[index].name
        let isCut = cuts.contains {
            !$0.isDatagramsOnly
                && ($0.from == from && $0.to == to || $0.from == to && $0.to == from)
        }
        guard hasLinks, !isCut, let target = self.index(of: to), hosts[target].core.own.id == node
        else {
            return
        }
        enqueue(delivery(of: bytes, from: from, to: to, link: hosts[index].core.own.id))
    }

    private mutating func delivery(
        of bytes: [UInt8], from: String, to: String, link: NodeID?
    ) -> Delivery {
        deliveryCount += 1
        let spread = delayMilliseconds.upperBound - delayMilliseconds.lowerBound + 1
        let delay = delayMilliseconds.lowerBound + generator.below(spread)
        return Delivery(
            at: now.advanced(milliseconds: delay), number: deliveryCount, from: from, to: to,
            bytes: bytes, link: link)
    }

    private mutating func enqueue(_ delivery: Delivery) {
        let place =
            deliveries.lastIndex { ($0.at, $0.number) > (delivery.at, delivery.number) } ?? -1
        deliveries.insert(delivery, at: place + 1)
    }

    private mutating func deliver(_ delivery: Delivery) {
        guard let index = index(of: delivery.to) else { return }
        guard hosts[index].isRunning else {
            if hosts[index].isPaused { hosts[index].backlog.append(delivery) }
            return
        }
        var effects: [GossipEffect] = []
        if let link = delivery.link {
            hosts[index].core.receive(
                stream: delivery.bytes, from: link, now: now, into: &effects)
        } else {
            let source = Address(host: delivery.from, port: 17000)
            hosts[index].core.receive(
                datagram: delivery.bytes, from: source, now: now, into: &effects)
        }
        perform(effects, of: index)
    }

    private mutating func note(_ bytes: [UInt8], _ way: String) {
        guard isTracing else { return }
        say("\(way) \(Transcript.describe(packet: bytes))")
    }

    private mutating func say(_ line: String) {
        lines.append("\(now.nanoseconds / 1_000_000) \(line)")
    }
}
