import Primitives
import Topology

/// Nodes that look for a cluster on a virtual network, with disks that a power cut may catch halfway.
struct FoundingWorld {
    struct Faults {
        var lossPercent = 0
        var duplicatePercent = 0
        var maxDelayMilliseconds = 5
        /// How long the identity file takes to be written.
        var maxWriteMilliseconds = 20
    }

    struct Machine {
        var address: Address
        var seeds: [Address]
        /// The identity file.
        var file: [UInt8]?
        var founding: Founding?
        var writes: [(at: Int, bytes: [UInt8])] = []
        var startsAt: Int
        var problems: [String] = []
        var joinedCount = 0
    }

    private struct Packet {
        var at: Int
        var from: Int
        var to: Int
        var bytes: [UInt8]
    }

    private(set) var machines: [Machine] = []
    private(set) var millisecond = 0
    var faults = Faults()
    /// Machines that can't talk across.
    var groupOfMachine: [Int]
    private var packets: [Packet] = []
    private(set) var generator: SeededGenerator
    /// The state of each cluster that was founded.
    private(set) var directories = SortedMap<ClusterID, DirectoryState>()
    /// The first promise that each node gave; it must give no other.
    private var promises = SortedMap<NodeID, UInt64>()
    private(set) var violations: [String] = []
    private var nextNode: UInt64 = 1

    /// `seedCount` machines that list one another, and `extraCount` that list them too.
    init(seedCount: Int, extraCount: Int, seed: UInt64, maxStartMilliseconds: Int = 2000) {
        generator = SeededGenerator(seed: seed)
        let addresses = (0..<seedCount + extraCount).map {
            Address(host: "machine\($0)", port: 17000)
        }
        groupOfMachine = Array(repeating: 0, count: addresses.count)
        for address in addresses {
            let seeds = Array(addresses[..<seedCount].shuffled(using: &generator))
            machines.append(
                Machine(
                    address: address, seeds: seeds,
                    startsAt: generator.below(maxStartMilliseconds)))
        }
    }

    var members: [Membership?] { machines.map { $0.founding?.membership } }

    /// Every cluster that some disk belongs to.
    var clusters: [ClusterID] {
        var found = SortedMap<ClusterID, Bool>()
        for index in machines.indices {
            if let membership = membershipOnDisk(index) { found[membership.clusterID] = true }
        }
        return found.keys
    }

    mutating func run(milliseconds: Int) {
        for _ in 0..<milliseconds / 10 { step() }
    }

    /// Stops the machine at once. The write under way is either on disk afterwards or not.
    mutating func crash(_ index: Int, downMilliseconds: Int) {
        if let write = machines[index].writes.first, generator.chance(percent: 50) {
            machines[index].file = write.bytes
            checkClusters()
        }
        machines[index].writes = []
        machines[index].founding = nil
        machines[index].startsAt = millisecond + downMilliseconds
    }

    /// Whether the machine's folder is the last that a founder of its cluster has: without it the
    /// cluster is lost, and another may take its place.
    func isLastFounder(_ index: Int) -> Bool {
        guard let membership = membershipOnDisk(index),
            let node = nodeOnDisk(index),
            membership.founders.contains(where: { $0.node == node })
        else { return false }
        return !machines.indices.contains { other in
            other != index && membershipOnDisk(other)?.clusterID == membership.clusterID
                && membership.founders.contains { $0.node == nodeOnDisk(other) }
        }
    }

    private func nodeOnDisk(_ index: Int) -> NodeID? { identityOnDisk(index)?.node }

    private func membershipOnDisk(_ index: Int) -> Membership? {
        guard case .member(let membership)? = identityOnDisk(index)?.phase else { return nil }
        return membership
    }

    private func identityOnDisk(_ index: Int) -> NodeIdentity? {
        machines[index].file.flatMap { try? NodeIdentity(decoding: $0, clusterName: "demo") }
    }

    /// Stops the machine and empties its data folder.
    mutating func wipe(_ index: Int, downMilliseconds: Int) {
        machines[index].writes = []
        crash(index, downMilliseconds: downMilliseconds)
        machines[index].file = nil
    }

    mutating func list(_ seeds: [Address], at index: Int) { machines[index].seeds = seeds }

    mutating func partition() {
        for index in groupOfMachine.indices { groupOfMachine[index] = generator.below(2) }
    }

    mutating func heal() {
        for index in groupOfMachine.indices { groupOfMachine[index] = 0 }
        faults = Faults()
    }

    mutating func random(below bound: Int) -> Int { generator.below(bound) }

    // MARK: A step of 10 ms

    private var now: Instant { Instant.zero.advanced(milliseconds: millisecond) }

    private mutating func step() {
        millisecond += 10
        for index in machines.indices {
            if machines[index].founding == nil, machines[index].startsAt <= millisecond {
                start(index)
            }
            while let write = machines[index].writes.first, write.at <= millisecond {
                machines[index].writes.removeFirst()
                machines[index].file = write.bytes
                checkClusters()
                act(index) { $0.persisted(now: $1, into: &$2) }
            }
            act(index) { $0.tick(now: $1, into: &$2) }
        }
        let due = packets.filter { $0.at <= millisecond }
        packets.removeAll { $0.at <= millisecond }
        for packet in due { deliver(packet) }
        if clusters.count > 1 {
            violations.append("two clusters at \(millisecond) ms: \(clusters)")
        }
    }

    private mutating func checkClusters() {
        if clusters.count > 1 {
            violations.append("two clusters at \(millisecond) ms: \(clusters)")
        }
    }

    private mutating func start(_ index: Int) {
        let address = machines[index].address
        let settings = FoundingSettings(
            name: "demo", seeds: machines[index].seeds,
            addresses: AdvertisedAddresses(
                peer: address, cluster: address, plain: address, admin: address))
        let identity: NodeIdentity
        if let file = machines[index].file,
            let read = try? NodeIdentity(decoding: file, clusterName: "demo")
        {
            identity = read
        } else {
            identity = NodeIdentity(node: NodeID(nextNode), clusterName: "demo")
            nextNode += 1
        }
        machines[index].founding = Founding(
            identity: identity, isNew: machines[index].file == nil, settings: settings,
            seed: generator.next(), now: now)
        machines[index].joinedCount = 0
        act(index) { $0.start(now: $1, into: &$2) }
    }

    private mutating func act(
        _ index: Int, _ body: (inout Founding, Instant, inout [FoundingEffect]) -> Void
    ) {
        guard var founding = machines[index].founding else { return }
        machines[index].founding = nil
        var effects: [FoundingEffect] = []
        body(&founding, now, &effects)
        let identity = founding.identity
        machines[index].founding = founding
        for effect in effects { carryOut(effect, of: index, identity) }
    }

    private mutating func carryOut(
        _ effect: FoundingEffect, of index: Int, _ identity: NodeIdentity
    ) {
        switch effect {
        case .send(let message, let address): send(message, from: index, to: address)
        case .persist(let identity):
            let earliest = machines[index].writes.last?.at ?? millisecond
            let at = earliest + generator.below(faults.maxWriteMilliseconds + 1)
            machines[index].writes.append((at, identity.encode()))
        case .joined(let membership):
            machines[index].joinedCount += 1
            if directories[membership.clusterID] == nil {
                var directory = DirectoryState()
                let founding = ClusterFounding(
                    clusterID: membership.clusterID, name: "demo", hashSecret: 1,
                    replicationFactor: 3, founders: membership.founders)
                _ = directory.apply(.createCluster(founding))
                directories[membership.clusterID] = directory
            }
        case .registrationAsked(let node, let addresses):
            guard case .member(let membership) = identity.phase, generator.chance(percent: 30)
            else { return }
            _ = directories[membership.clusterID]?.apply(.registerNode(node, addresses))
        case .note: break
        case .problem(let text): machines[index].problems.append(text)
        case .stop(let text): violations.append("machine \(index) stopped: \(text)")
        }
    }

    private mutating func send(_ message: FoundingMessage, from index: Int, to address: Address) {
        if case .answer(let answer) = message, let promise = answer.promise {
            let first = promises[answer.sender] ?? promise
            promises[answer.sender] = first
            if first != promise { violations.append("\(answer.sender) gave two promises") }
        }
        guard let target = machines.firstIndex(where: { $0.address == address }) else { return }
        for _ in 0..<(generator.chance(percent: faults.duplicatePercent) ? 2 : 1)
        where !generator.chance(percent: faults.lossPercent) {
            let at = millisecond + generator.below(faults.maxDelayMilliseconds + 1)
            packets.append(Packet(at: at, from: index, to: target, bytes: message.encode()))
        }
    }

    private mutating func deliver(_ packet: Packet) {
        guard groupOfMachine[packet.from] == groupOfMachine[packet.to],
            let message = try? FoundingMessage(decoding: packet.bytes)
        else { return }
        let source = machines[packet.from].address
        let cluster = machines[packet.to].founding?.membership?.clusterID
        let directory = cluster.flatMap { directories[$0] } ?? DirectoryState()
        act(packet.to) {
            $0.receive(message, from: source, directory: directory, now: $1, into: &$2)
        }
    }
}
