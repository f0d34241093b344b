import Gossip
import Primitives
import Testing

@Suite("Gossip under every fault") struct ChaosTests {
    /// A minute of loss, delay, repetition, partitions, one-way cuts, pauses, stops and restarts; then
    /// the network heals, and within a bound everyone agrees.
    @Test("agrees once the faults are over", arguments: 0..<24 as Range<UInt64>)
    func heals(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var network = VirtualNetwork(seed: seed)
        let count = 3 + generator.below(6)
        let names = (1...count).map { "n\($0)" }
        network.startNodes(count)
        network.run(milliseconds: 2_000)
        for _ in 0..<20 {
            fault(on: &network, names: names, from: &generator)
            network.run(milliseconds: 200 + generator.below(5_000))
        }
        network.cuts = []
        network.lossPercent = 0
        network.duplicatePercent = 0
        network.delayMilliseconds = 1...20
        network.hasLinks = true
        for name in names { revive(name, on: &network) }
        let taken = network.run(atMost: 20_000) { $0.isConverged }
        #expect(taken != nil, "\(network.lines.suffix(40).joined(separator: "\n"))")
        network.run(milliseconds: 5_000)
        let deathsBefore = network.deaths.count
        network.run(milliseconds: 10_000)
        #expect(network.deaths.count == deathsBefore)
        #expect(network.conflicts.isEmpty)
    }

    private func fault(
        on network: inout VirtualNetwork, names: [String], from generator: inout SeededGenerator
    ) {
        let name = names[generator.below(names.count)]
        switch generator.below(9) {
        case 0: network.lossPercent = generator.below(40)
        case 1:
            let low = 1 + generator.below(50)
            network.delayMilliseconds = low...(low + generator.below(300))
        case 2: network.duplicatePercent = generator.below(30)
        case 3:
            var halves: [[String]] = [[], []]
            for other in names { halves[generator.below(2)].append(other) }
            network.partition(halves)
        case 4:
            let other = names[generator.below(names.count)]
            network.cuts.append(
                .init(from: name, to: other, isDatagramsOnly: generator.chance(percent: 50)))
        case 5: network.cuts = []
        case 6: network.pause(name)
        case 7: network.stop(name)
        default: revive(name, on: &network)
        }
    }

    /// Starts or resumes `name`. Every other restart comes with a clock that was set back.
    private func revive(_ name: String, on network: inout VirtualNetwork) {
        guard let host = network.hosts.first(where: { $0.name == name }), !host.isRunning else {
            return
        }
        if host.isPaused { return network.resume(name) }
        let id = host.core.own.id.rawValue
        let isSetBack = network.now.nanoseconds / 1_000_000 % 2 == 0
        network.start(id, on: name, seeds: ["n1"], incarnation: isSetBack ? 500 : nil)
    }
}
