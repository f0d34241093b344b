@testable import Journal
import Primitives
import Testing

extension JournalLife {
    /// How many copied entries the first batch of a segment holds.
    static func carriedCount(_ bytes: [UInt8]) -> Int {
        guard case .valid(let header) = SegmentHeader.read(from: bytes) else { return 0 }
        let reader = BatchReader(
            bytes: bytes, sequence: header.sequence, segmentID: header.id)
        guard
            let batch = try? reader.batch(
                at: SegmentHeader.byteCount, limit: bytes.count, number: nil)
        else { return 0 }
        return batch.records.count { $0.head.kind == RecordKind.carriedEntry.rawValue }
    }
}

@Suite("Journal under random lives")
struct PropertyTests {
    @Test("keeps what is durable and nothing else", arguments: 0..<100 as Range<UInt64>)
    func keepsWhatIsDurable(seed: UInt64) throws {
        var life = try JournalLife(seed: seed)
        try life.run(stepCount: 1500)
    }

    @Test(
        "keeps what is durable when one group is busy and the others lag",
        arguments: 0..<30 as Range<UInt64>)
    func copiesForward(seed: UInt64) throws {
        var options = JournalLife.Options()
        options.favouritePercent = 97
        options.crashPercent = 1
        var life = try JournalLife(seed: seed, options: options)
        try life.run(stepCount: 3000)
        #expect(life.statistics.recycled > 0)
        #expect(life.statistics.largestSegmentCount < 60)
    }

    @Test("the lives reach what they are there to test")
    func reachesEverything() throws {
        var total = JournalLife.Statistics()
        for seed in 0..<60 as Range<UInt64> {
            var options = JournalLife.Options()
            options.favouritePercent = seed % 2 == 0 ? 20 : 97
            var life = try JournalLife(seed: seed, options: options)
            try life.run(stepCount: 2000)
            total.add(life.statistics)
        }
        #expect(total.crashes > 0)
        #expect(total.cuts > 0)
        #expect(total.lostBatches > 0)
        #expect(total.amnesias > 0)
        #expect(total.recycled > 0)
        #expect(total.removed > 0)
        #expect(total.carried > 0)
        #expect(total.snapshots > 0)
    }

    @Test("a vote that a checkpoint leaves out is missed")
    func findsLostVote() throws {
        var found = 0
        for seed in 0..<20 as Range<UInt64> {
            var options = JournalLife.Options()
            options.fault = .voteLostOnRecycle
            var life = try JournalLife(seed: seed, options: options)
            do {
                try life.run(stepCount: 1500)
            } catch let failure as JournalLife.Failure {
                #expect(failure.description.contains("vote: nil"))
                found += 1
            }
        }
        #expect(found > 10)
    }

    private func damagedOptions(_ seed: UInt64) -> JournalLife.Options {
        var options = JournalLife.Options()
        options.damagePercent = 50
        options.crashPercent = 3
        options.favouritePercent = seed % 3 == 0 ? 97 : 20
        if seed % 2 == 0 { options.durability = .sync }
        return options
    }

    @Test(
        "whatever happens to the files, a group is as it was or quarantined",
        arguments: 0..<100 as Range<UInt64>)
    func survivesDamage(seed: UInt64) throws {
        var life = try JournalLife(seed: seed, options: damagedOptions(seed))
        try life.run(stepCount: 1000)
    }

    @Test("the damaged lives reach what they are there to test")
    func reachesDamage() throws {
        var total = JournalLife.Statistics()
        for seed in 0..<20 as Range<UInt64> {
            var life = try JournalLife(seed: seed, options: damagedOptions(seed))
            try life.run(stepCount: 1000)
            total.add(life.statistics)
        }
        #expect(total.harms > 100)
        #expect(total.quarantines > 100)
        #expect(total.soundAfterHarm > 100)
        #expect(total.lostGroups > 20)
        #expect(total.recreated > 20)
        #expect(total.removed > 0)
    }

    @Test("rot that is taken for an interrupted write is missed")
    func findsRotTakenForTorn() throws {
        var found = 0
        for seed in 0..<20 as Range<UInt64> {
            var options = damagedOptions(seed)
            options.fault = .rottenTakenForTorn
            var life = try JournalLife(seed: seed, options: options)
            do {
                try life.run(stepCount: 1000)
            } catch is JournalLife.Failure {
                found += 1
            }
        }
        #expect(found > 10)
    }

    @Test("a truncation that a checkpoint forgets is missed")
    func findsForgottenTruncation() throws {
        var found = 0
        for seed in 0..<20 as Range<UInt64> {
            var options = JournalLife.Options()
            options.fault = .checkpointForgetsTruncation
            var life = try JournalLife(seed: seed, options: options)
            do {
                try life.run(stepCount: 1500)
            } catch let failure as JournalLife.Failure {
                #expect(failure.description.contains("with a log up to"))
                found += 1
            }
        }
        #expect(found > 10)
    }

    @Test("nothing useless is left behind after a restart", arguments: 0..<20 as Range<UInt64>)
    func leavesNothingBehind(seed: UInt64) throws {
        var life = try JournalLife(seed: seed)
        try life.run(stepCount: 600)
        try life.crash(powerCut: seed % 2 == 0)
        try life.drain()
        var expected: [JournalFile] = []
        for (group, state) in life.head.groups {
            if let snapshot = state.snapshot { expected.append(.snapshot(group, snapshot.index)) }
        }
        let snapshots = life.disk.contents.keys.filter {
            if case .snapshot = $0 { true } else { false }
        }
        #expect(snapshots == expected)
        #expect(life.disk.contents.count - snapshots.count == life.journal.segmentCount + 1)
        #expect(life.disk.contents[.head] != nil)
    }

    @Test(
        "a clean stop is seen, and spares a replica its amnesia",
        arguments: [Durability.sync, .periodic])
    func stopsCleanly(durability: Durability) throws {
        var options = JournalLife.Options()
        options.durability = durability
        options.crashPercent = 0
        var life = try JournalLife(seed: 5, options: options)
        try life.run(stepCount: 500)
        try life.stopCleanly()
        try life.crash(powerCut: true)
        #expect(life.statistics.amnesias == 0)
        try life.run(stepCount: 300)
        try life.crash(powerCut: true)
        #expect(life.statistics.amnesias == (durability == .periodic ? 1 : 0))
    }
}
