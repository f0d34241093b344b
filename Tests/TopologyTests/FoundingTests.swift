import Primitives
import Testing
import Topology

@Suite("Founding") struct FoundingTests {
    @Test("makes one cluster of the seeds, and others join it", arguments: [1, 2, 3, 5], [0, 2])
    func calm(seedCount: Int, extraCount: Int) throws {
        var world = FoundingWorld(seedCount: seedCount, extraCount: extraCount, seed: 7)
        world.run(milliseconds: 5000)
        #expect(world.violations.isEmpty)
        let memberships = try world.members.map { try #require($0) }
        #expect(world.clusters.count == 1)
        #expect(memberships.allSatisfy { $0.founders == memberships[0].founders })
        #expect(memberships[0].founders.count == seedCount)
        let replicas = memberships.map(\.replica.rawValue).sorted()
        #expect(replicas == (1...UInt64(seedCount + extraCount)).map { $0 })
        for membership in memberships[..<seedCount] {
            #expect(membership.founders.contains { $0.replica == membership.replica })
        }
        #expect(world.machines.allSatisfy { $0.joinedCount == 1 })
    }

    @Test("takes under a second once all seeds are up") func speed() {
        var world = FoundingWorld(seedCount: 3, extraCount: 0, seed: 1, maxStartMilliseconds: 1)
        world.run(milliseconds: 1000)
        #expect(world.members.allSatisfy { $0 != nil })
    }

    @Test("needs every seed of the list") func unanimity() {
        var world = FoundingWorld(seedCount: 3, extraCount: 1, seed: 3)
        world.crash(2, downMilliseconds: 30_000)
        world.run(milliseconds: 25_000)
        #expect(world.clusters.isEmpty)
        let expected =
            "no answer from machine2:17000, 1 of 3 seeds: a cluster is founded once all are up"
        #expect(world.machines[0].problems == [expected])
        world.run(milliseconds: 10_000)
        #expect(world.clusters.count == 1 && world.members.allSatisfy { $0 != nil })
    }

    @Test(
        "never makes two clusters of one list, whatever the network and the power do",
        arguments: 0..<80)
    func faults(seed: UInt64) {
        var world = FoundingWorld(
            seedCount: 1 + Int(seed % 5), extraCount: Int(seed / 5 % 3), seed: seed)
        trouble(&world, canWipe: false)
        world.heal()
        world.run(milliseconds: 8000)
        #expect(world.violations.isEmpty)
        #expect(world.clusters.count == 1)
        #expect(world.members.allSatisfy { $0 != nil })
        #expect(world.directories.count == 1)
    }

    @Test(
        "never makes two clusters when folders are emptied, and says how to go on",
        arguments: 0..<80)
    func replacedNodes(seed: UInt64) {
        var world = FoundingWorld(
            seedCount: 1 + Int(seed % 5), extraCount: Int(seed / 5 % 3), seed: seed ^ 0xABCD)
        trouble(&world, canWipe: true)
        world.heal()
        world.run(milliseconds: 8000)
        let stuck = world.members.indices.filter { world.members[$0] == nil }
        if !stuck.isEmpty {
            // A promise that can't be kept any more. The log says what to do: do it.
            let problems = world.machines.flatMap(\.problems)
            #expect(problems.contains { $0.contains("remove the data folders") })
            for index in stuck { world.wipe(index, downMilliseconds: 100) }
            world.run(milliseconds: 8000)
        }
        #expect(world.violations.isEmpty)
        #expect(world.clusters.count == 1 && world.members.allSatisfy { $0 != nil })
    }

    /// Ten seconds of loss, delay, partitions, crashes and, if told, emptied folders.
    private func trouble(_ world: inout FoundingWorld, canWipe: Bool) {
        world.faults.lossPercent = world.random(below: 60)
        world.faults.duplicatePercent = world.random(below: 30)
        world.faults.maxDelayMilliseconds = [5, 50, 400, 1500][world.random(below: 4)]
        world.faults.maxWriteMilliseconds = [5, 300, 1000][world.random(below: 3)]
        for _ in 0..<40 {
            world.run(milliseconds: 250)
            let machine = world.random(below: world.machines.count)
            switch world.random(below: 10) {
            case 0, 1: world.crash(machine, downMilliseconds: world.random(below: 1500))
            case 2: world.partition()
            case 3: world.groupOfMachine[machine] = 0
            case 4 where canWipe && !world.isLastFounder(machine):
                world.wipe(machine, downMilliseconds: world.random(below: 1500))
            default: break
            }
        }
    }

    @Test("lets a seed with an emptied folder join what the others founded") func replaced() {
        var world = FoundingWorld(seedCount: 3, extraCount: 0, seed: 11)
        world.run(milliseconds: 4000)
        let founders = world.members[0]?.founders
        world.wipe(1, downMilliseconds: 500)
        world.run(milliseconds: 4000)
        #expect(world.members[1]?.replica == ReplicaID(4))
        #expect(world.members[1]?.founders == founders && world.clusters.count == 1)
    }

    @Test("keeps a promise when the list is taken away") func keptPromise() {
        var world = FoundingWorld(seedCount: 2, extraCount: 0, seed: 5, maxStartMilliseconds: 1)
        world.faults.maxWriteMilliseconds = 0
        while world.machines[0].file.map({ !isPromised($0) }) ?? true {
            world.run(milliseconds: 10)
        }
        world.groupOfMachine[1] = 1
        world.list([], at: 0)
        world.crash(0, downMilliseconds: 0)
        world.run(milliseconds: 5000)
        #expect(world.members[0] == nil)
        world.heal()
        world.run(milliseconds: 2000)
        #expect(world.members[0]?.founders.count == 2 && world.clusters.count == 1)
    }

    private func isPromised(_ file: [UInt8]) -> Bool {
        guard let identity = try? NodeIdentity(decoding: file, clusterName: "demo") else {
            return false
        }
        if case .promised = identity.phase { return true }
        return false
    }

    @Test("promises nothing while seeds list different nodes") func differentLists() {
        var world = FoundingWorld(seedCount: 3, extraCount: 0, seed: 2)
        world.list(world.machines[0].seeds.filter { $0.host != "machine2" }, at: 0)
        world.run(milliseconds: 12_000)
        #expect(world.clusters.isEmpty)
        #expect(world.machines.allSatisfy { $0.file.map(isPromised) == false })
        #expect(world.machines[0].problems.contains { $0.contains("sees other seeds") })
    }

    @Test("refuses a folder that forgot its promise") func forgotten() throws {
        var world = FoundingWorld(seedCount: 2, extraCount: 0, seed: 4)
        world.run(milliseconds: 4000)
        let node = try #require(world.machines[0].founding?.node)
        let settings = FoundingSettings(
            name: "demo", seeds: world.machines[0].seeds, addresses: Samples.addresses(1))
        var founding = Founding(
            identity: NodeIdentity(node: node, clusterName: "demo"), isNew: false,
            settings: settings, seed: 1, now: .zero)
        var effects: [FoundingEffect] = []
        founding.start(now: .zero, into: &effects)
        founding.tick(now: .zero, into: &effects)
        guard case .send(.question(let question), _) = effects.first else {
            Issue.record("no question in \(effects)")
            return
        }
        let membership = try #require(world.members[1])
        let answer = FoundingMessage.Answer(
            nonce: question.nonce, sender: NodeID(99), name: "demo", seen: nil, promise: nil,
            clusterID: membership.clusterID, founders: membership.founders, replica: nil)
        effects = []
        founding.receive(
            .answer(answer), from: world.machines[1].address, directory: DirectoryState(),
            now: .zero, into: &effects)
        guard case .stop(let text) = effects.last else {
            Issue.record("no stop in \(effects)")
            return
        }
        #expect(text.contains("an older copy of the folder was put back"))
    }
}
