import Gossip
import Primitives
import Testing

@Suite("Gossip on a virtual network") struct VirtualNetworkTests {
    @Test("all find each other through one seed", arguments: [3, 5, 10, 20], [1, 2, 3])
    func converges(count: Int, seed: UInt64) throws {
        var network = VirtualNetwork(seed: seed)
        network.delayMilliseconds = 1...20
        network.startNodes(count)
        let taken = network.run(atMost: 3_000) { $0.isConverged }
        #expect(try #require(taken) > 0)
        #expect(network.highestDatagramByteCount <= network.settings.maxDatagramByteCount)
    }

    @Test("all find each other while datagrams are lost and repeated", arguments: [5, 12], 1...4)
    func convergesWithLoss(count: Int, seed: UInt64) {
        var network = VirtualNetwork(seed: seed)
        network.delayMilliseconds = 1...60
        network.lossPercent = 25
        network.duplicatePercent = 10
        network.startNodes(count)
        let joined = network.run(atMost: 10_000) { $0.isConverged }
        #expect(joined != nil)
    }

    @Test("a chain of seeds is enough") func chain() {
        var network = VirtualNetwork(seed: 5)
        for id in 1...8 { network.start(UInt64(id), on: "n\(id)", seeds: ["n\(max(1, id - 1))"]) }
        let joined = network.run(atMost: 5_000) { $0.isConverged }
        #expect(joined != nil)
    }

    @Test("seeds that are learned after the start are as good") func laterSeeds() {
        var network = VirtualNetwork(seed: 6)
        for id in 1...4 { network.start(UInt64(id), on: "n\(id)", seeds: ["gone"]) }
        let alone = network.run(atMost: 5_000) { $0.isConverged }
        #expect(alone == nil)
        for host in ["n2", "n3", "n4"] {
            network.withCore(host) { core, now, _ in
                core.add(seeds: [VirtualNetwork.addresses("n1").peer], now: now)
            }
        }
        let joined = network.run(atMost: 5_000) { $0.isConverged }
        #expect(joined != nil)
    }

    @Test("no one is taken for dead at 10 % loss, even without peer links")
    func noFalseDeath() {
        var runsWithDeaths = 0
        for seed in 0..<10 as Range<UInt64> {
            var network = VirtualNetwork(seed: seed)
            network.delayMilliseconds = 1...40
            network.lossPercent = 10
            network.hasLinks = false
            network.startNodes(6)
            network.run(milliseconds: 60_000)
            if !network.deaths.isEmpty { runsWithDeaths += 1 }
            let settled = network.run(atMost: 5_000) { $0.isConverged }
            #expect(settled != nil)
        }
        #expect(runsWithDeaths <= 1)
    }

    @Test("a dead node is known to be dead in time", arguments: [3, 5, 10], 1...4)
    func detection(count: Int, seed: UInt64) throws {
        var network = VirtualNetwork(seed: seed)
        network.delayMilliseconds = 1...20
        network.startNodes(count)
        network.run(milliseconds: 5_000)
        let victim = NodeID(UInt64(count))
        network.stop("n\(count)")
        let taken = network.run(atMost: count == 3 ? 5_000 : 10_000) { network in
            network.hosts.filter(\.isRunning).allSatisfy {
                $0.core.member(victim)?.status == .dead
            }
        }
        #expect(try #require(taken) >= 2_000)
        let isConverged = network.isConverged
        #expect(isConverged)
        #expect(network.deaths.allSatisfy { $0.member == victim })
    }

    @Test("halves that held each other dead join again, without seeds", arguments: 1...5)
    func heals(seed: UInt64) throws {
        var network = VirtualNetwork(seed: seed)
        network.delayMilliseconds = 1...20
        network.lossPercent = 5
        network.startNodes(5)
        network.run(milliseconds: 5_000)
        // The seed of all others is gone for good: only what they remember can join them.
        network.stop("n1")
        network.partition([["n2", "n3"], ["n4", "n5"]])
        network.run(milliseconds: 60_000)
        for host in ["n2", "n3", "n4", "n5"] {
            let dead = network.core(host).members.filter { $0.status == .dead }
            #expect(dead.count == 3)
        }
        network.cuts = []
        let joined = network.run(atMost: 15_000) { $0.isConverged }
        #expect(joined != nil)
    }

    @Test("a restart is believed by all and is no duplicate", arguments: 1...4)
    func restarts(seed: UInt64) {
        var network = VirtualNetwork(seed: seed)
        network.delayMilliseconds = 1...30
        network.startNodes(5)
        network.run(milliseconds: 3_000)
        for (id, down) in [(2, 10), (3, 400), (4, 4_000), (1, 20_000)] {
            network.stop("n\(id)")
            network.run(milliseconds: down)
            network.start(UInt64(id), on: "n\(id)", seeds: ["n5"])
            let incarnation = network.core("n\(id)").own.incarnation
            let taken = network.run(atMost: 5_000) { network in
                network.isConverged
                    && network.hosts.allSatisfy {
                        $0.core.own.id == NodeID(UInt64(id))
                            || ($0.core.member(NodeID(UInt64(id)))?.incarnation ?? 0)
                                >= incarnation
                    }
            }
            #expect(taken != nil)
        }
        #expect(network.conflicts.isEmpty)
    }

    @Test("a copied directory is noticed by both, and the later must stop", arguments: 1...16)
    func clones(seed: UInt64) throws {
        var network = VirtualNetwork(seed: seed)
        network.delayMilliseconds = 1...30
        network.lossPercent = 10
        network.startNodes(4)
        network.run(milliseconds: 5_000)
        network.start(2, on: "copy", seeds: ["n4"])
        let taken = network.run(atMost: 8_000) { $0.conflicts.count >= 2 }
        #expect(taken != nil)
        let verdicts = network.conflicts.map { "\($0.host) \($0.isOursLater)" }.sorted()
        #expect(verdicts == ["copy true", "n2 false"])
        #expect(network.core("n2").hasDuplicateIdentity)
        network.stop("copy")
        let joined = network.run(atMost: 60_000) { !$0.core("n2").hasDuplicateIdentity }
        #expect(joined != nil)
        #expect(network.core("n1").member(NodeID(2))?.addresses.peer.host == "n2")
    }

    @Test("a late packet of the process before a restart proves nothing") func latePacket() {
        var network = VirtualNetwork(seed: 9)
        network.startNodes(2)
        network.run(milliseconds: 2_000)
        network.stop("n2")
        network.start(2, on: "n2", seeds: ["n1"])
        network.run(milliseconds: 1_000)
        let own = network.core("n2").own
        let earlier = MemberRecord(
            id: own.id, process: 1, started: 1000, incarnation: 1000, status: .alive,
            clusterID: nil, topologyEpoch: 0, addresses: VirtualNetwork.addresses("n3"))
        let late = GossipPacket(
            sender: earlier,
            messages: [.ping(sequence: 4, target: nil), .ack(sequence: 5), .join])
        network.withCore("n2") { core, now, effects in
            let source = Address(host: "n3", port: 17000)
            core.receive(datagram: late.encode(), from: source, now: now, into: &effects)
            // The answer to its ping, and the question whether it is still there.
            #expect(effects.count == 2)
        }
        network.run(milliseconds: 3_000)
        #expect(network.conflicts.isEmpty)
        #expect(!network.core("n2").hasDuplicateIdentity)
        let isConverged = network.isConverged
        #expect(isConverged)
    }

    @Test("a seed that is the node itself under another name is recognised") func ownAlias() throws
    {
        let alias = Address(host: "alias", port: 17000)
        var core = GossipCore(
            self: NodeID(1), addresses: VirtualNetwork.addresses("n1"), clusterID: nil,
            startIncarnation: 1, seeds: [alias], settings: GossipSettings(), seed: 1,
            processSeed: 2, now: .zero)
        var effects: [GossipEffect] = []
        core.tick(now: .zero, into: &effects)
        #expect(core.node(atSeed: alias) == nil)
        guard case .datagram(alias, let bytes) = try #require(effects.first) else {
            Issue.record("\(effects)")
            return
        }
        effects = []
        let later = Instant.zero.advanced(milliseconds: 1)
        core.receive(datagram: bytes, from: alias, now: later, into: &effects)
        #expect(core.node(atSeed: alias) == NodeID(1))
        core.tick(now: Instant.zero.advanced(milliseconds: 900), into: &effects)
        #expect(effects.isEmpty)
    }

    @Test("a piece of a link that another node sent is dropped") func wrongLink() {
        var network = VirtualNetwork(seed: 9)
        network.startNodes(2)
        network.run(milliseconds: 2_000)
        let packet = GossipPacket(
            sender: GossipPacketTests.record, messages: [.pushPull(isReply: false)])
        network.withCore("n1") { core, now, effects in
            core.receive(stream: packet.encode(), from: NodeID(2), now: now, into: &effects)
            #expect(effects.isEmpty)
        }
        #expect(network.core("n1").malformedCount == 1)
        #expect(network.core("n1").member(GossipPacketTests.record.id) == nil)
    }

    @Test("a node that stood still comes back and blames no one", arguments: 1...4)
    func stalls(seed: UInt64) {
        var network = VirtualNetwork(seed: seed)
        network.delayMilliseconds = 1...20
        network.startNodes(5)
        network.run(milliseconds: 5_000)
        network.pause("n3")
        network.run(milliseconds: 20_000)
        #expect(network.core("n1").member(NodeID(3))?.status == .dead)
        network.resume("n3")
        let joined = network.run(atMost: 8_000) { $0.isConverged }
        #expect(joined != nil)
        #expect(network.deaths.allSatisfy { $0.member == NodeID(3) })
    }

    @Test("the same seed gives the same packets, another seed gives others")
    func deterministic() {
        func life(_ seed: UInt64) -> (UInt32, [String]) {
            var network = VirtualNetwork(seed: seed)
            network.delayMilliseconds = 1...50
            network.lossPercent = 15
            network.duplicatePercent = 5
            network.startNodes(6)
            network.run(milliseconds: 4_000)
            network.stop("n2")
            network.partition([["n1", "n3"], ["n4", "n5", "n6"]])
            network.run(milliseconds: 12_000)
            network.cuts = []
            network.start(2, on: "n2", seeds: ["n6"])
            network.run(milliseconds: 8_000)
            return (network.checksum, network.lines)
        }
        let first = life(7)
        #expect(first == life(7))
        #expect(first.0 != life(8).0)
    }

    @Test("a suspicion doesn't run out while the suspecting node stands still", arguments: 1...4)
    func stallsWhileSuspecting(seed: UInt64) {
        var network = VirtualNetwork(seed: seed)
        network.startNodes(3)
        network.run(milliseconds: 5_000)
        network.partition([["n1", "n3"], ["n2"]])
        let suspects = network.run(atMost: 3_000) {
            $0.core("n3").member(NodeID(2))?.status == .suspect
        }
        #expect(suspects != nil)
        network.pause("n3")
        network.cuts = []
        network.run(milliseconds: 10_000)
        network.resume("n3")
        let joined = network.run(atMost: 5_000) { $0.isConverged }
        #expect(joined != nil)
        #expect(!network.deaths.contains { $0.host == "n3" })
    }

    @Test("hints and epochs reach everyone, and only later terms replace") func hints() {
        var network = VirtualNetwork(seed: 3)
        network.delayMilliseconds = 1...20
        network.lossPercent = 10
        network.startNodes(10)
        network.run(milliseconds: 4_000)
        for term in 1...30 as ClosedRange<UInt64> {
            let host = "n\(1 + term % 10)"
            network.withCore(host) { core, _, _ in
                for group in 0..<16 as Range<UInt32> {
                    core.offer(
                        hint: LeaderHint(
                            group: GroupID(group), term: Term(term), leader: NodeID(term)))
                }
                core.setTopologyEpoch(term)
            }
        }
        let taken = network.run(atMost: 3_000) { network in
            network.hosts.allSatisfy { host in
                host.core.hints.count == 16
                    && host.core.hints.allSatisfy { $0.term == Term(30) && $0.leader == NodeID(30) }
            }
        }
        #expect(taken != nil)
        network.run(milliseconds: 15_000)
        #expect(network.epochs.contains { $0.host == "n5" && $0.epoch == 30 })
        #expect(!network.epochs.contains { $0.host == "n1" })
        #expect(network.highestDatagramByteCount <= network.settings.maxDatagramByteCount)
    }

    @Test("a tombstone is forgotten in the end") func tombstones() {
        var network = VirtualNetwork(seed: 4)
        network.settings.deadForgetMilliseconds = 20_000
        network.startNodes(3)
        network.run(milliseconds: 5_000)
        network.stop("n3")
        network.run(milliseconds: 15_000)
        #expect(network.core("n1").member(NodeID(3))?.status == .dead)
        network.run(milliseconds: 30_000)
        #expect(network.core("n1").member(NodeID(3)) == nil)
        #expect(network.core("n2").member(NodeID(3)) == nil)
    }

    @Test("a quiet cluster sends a bounded number of packets") func quiet() {
        var network = VirtualNetwork(seed: 6)
        network.startNodes(10)
        network.run(milliseconds: 30_000)
        network.lines = []
        network.isTracing = true
        network.run(milliseconds: 10_000)
        // A ping and its answer each half second from each of ten, and a push-pull now and then.
        #expect((380...440).contains(network.lines.count))
    }
}
