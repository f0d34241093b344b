import ArgumentParser
import Foundation
import Simulation

/// `martlet simulate`: whole lives of clusters on a virtual network, virtual disks and clocks.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run seeds of the deterministic simulator.",
        discussion: """
            Each seed is a whole life of a cluster: it is founded, works under faults, and heals. Every \
            seed runs twice and both runs must be equal. The exit status is 0 when nothing was violated; \
            with --bug it is 0 when the planted bug was found, by a seed that is clean without it, and \
            the batch ends there.
            """)

    @Option(help: "The seeds to run, as FIRST..LAST, both included.")
    var seeds: SeedRange = SeedRange(first: 1, last: 200)

    @Option(help: "Run one seed and show what happened.")
    var replay: UInt64?

    @Option(help: "Plant a bug; --list-bugs names them.")
    var bug: PlantedBug?

    @Flag(help: "List the bugs that can be planted.")
    var listBugs = false

    @Option(help: "How many threads run seeds.")
    var jobs: Int = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        guard jobs >= 1 else { throw ValidationError("--jobs is \(jobs); at least 1 is needed") }
    }

    func run() throws {
        if listBugs {
            for bug in PlantedBug.allCases { Console.print("\(bug.rawValue)  \(bug.summary)") }
            return
        }
        if let replay { return try show(replay) }
        let runner = SeedRunner(seeds: seeds, bug: bug)
        let start = Date()
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in runner.work() }
        let batch = runner.batch
        for line in batch.lines { Console.print(line) }
        Console.print("in \(Int(Date().timeIntervalSince(start).rounded())) s")
        if let bug { return try judge(bug, batch) }
        for fault in batch.faults { Console.print("FAILED \(fault)") }
        if !batch.faults.isEmpty { throw ExitCode.failure }
    }

    private func show(_ seed: UInt64) throws {
        let report = Simulation.run(seed: seed, bug: bug, traceLineCount: 200) {
            Console.print($0)
        }
        Console.print("\(report.plan)")
        for violation in report.violations { Console.print("violated: \(violation)") }
        Console.print("digest \(report.digest)")
        if !report.isGood { throw ExitCode.failure }
    }

    private func judge(_ bug: PlantedBug, _ batch: SimulationBatch) throws {
        guard let seed = batch.tellingSeeds.min() else {
            Console.print("NOT FOUND \(bug.rawValue) in \(batch.seedCount) seeds")
            throw ExitCode.failure
        }
        Console.print("\(bug.rawValue) found by seed \(seed), after \(batch.seedCount) seeds")
    }
}

extension PlantedBug: ExpressibleByArgument {}

/// `FIRST..LAST`, both included.
struct SeedRange: ExpressibleByArgument {
    let first: UInt64
    let last: UInt64

    init(first: UInt64, last: UInt64) {
        self.first = first
        self.last = last
    }

    init?(argument: String) {
        guard let dots = argument.range(of: ".."), let first = UInt64(argument[..<dots.lowerBound]),
            let last = UInt64(argument[dots.upperBound...]), first <= last, last < .max
        else { return nil }
        self.init(first: first, last: last)
    }

    var defaultValueDescription: String { "\(first)..\(last)" }
}

/// Hands seeds to threads and adds up what comes of them.
///
/// Sendable because everything that changes is under the lock.
private final class SeedRunner: @unchecked Sendable {
    private let lock = NSLock()
    private let seeds: SeedRange
    private let bug: PlantedBug?
    private var next: UInt64
    private var sum: SimulationBatch

    init(seeds: SeedRange, bug: PlantedBug?) {
        self.seeds = seeds
        self.bug = bug
        next = seeds.first
        sum = SimulationBatch(bug: bug)
    }

    var batch: SimulationBatch { lock.withLock { sum } }

    func work() {
        while let seed = take() {
            let report: SeedReport
            let second: SeedReport?
            if let bug {
                // A bug may end the process; then this line says with which seed.
                Console.print("seed \(seed)")
                report = Simulation.run(seed: seed, bug: bug)
                second = report.isGood ? nil : Simulation.run(seed: seed)
            } else {
                report = Simulation.run(seed: seed)
                second = Simulation.run(seed: seed)
            }
            lock.withLock { sum.add(report, second: second) }
            guard !report.isGood else { continue }
            Console.print(
                SimulationBatch.failureLines(of: report, bug: bug).joined(separator: "\n"))
            if bug != nil, second?.isGood == false {
                Console.print("seed \(seed) fails without the bug too, and proves nothing")
            }
        }
    }

    /// The next seed; `nil` at the end, or once a planted bug is found.
    private func take() -> UInt64? {
        lock.withLock {
            let isDone = next > seeds.last || bug != nil && !sum.tellingSeeds.isEmpty
            guard !isDone else { return nil }
            next += 1
            return next - 1
        }
    }
}
