/// The sum of many seeds, and what is said of them.
package struct SimulationBatch: Sendable {
    /// From so many seeds on, no rare path may have been missed.
    package static let representativeCount = 200

    package let bug: PlantedBug?
    package private(set) var seedCount = 0
    package private(set) var counts = OperationCounts()
    package private(set) var marks = Marks()
    /// Histories whose judgement was given up, as seed and number of histories.
    package private(set) var undecided: [(seed: UInt64, count: Int)] = []
    package private(set) var agreementCount = 0
    /// Seeds in which something was violated, in the order in which they were added.
    package private(set) var failedSeeds: [UInt64] = []
    /// Failed seeds that are clean without the planted bug: only they show that it was found.
    package private(set) var tellingSeeds: [UInt64] = []
    /// Seeds whose second run differed from the first.
    package private(set) var unsteadySeeds: [UInt64] = []

    package init(bug: PlantedBug? = nil) { self.bug = bug }

    /// Adds a seed's report.
    ///
    /// - Parameters:
    ///   - report: Of its first run.
    ///   - second: Of its second run, if there was one. It must be equal; with a planted bug it is
    ///     a run without the bug.
    package mutating func add(_ report: SeedReport, second: SeedReport? = nil) {
        seedCount += 1
        counts += report.counts
        marks += report.marks
        if report.undecidedCount > 0 {
            undecided.append((report.seed, report.undecidedCount))
        }
        agreementCount += report.agreementCount + report.stateAgreementCount
        if !report.isGood { failedSeeds.append(report.seed) }
        guard let second else { return }
        if bug == nil {
            if second.digest != report.digest { unsteadySeeds.append(report.seed) }
        } else if !report.isGood, second.isGood {
            tellingSeeds.append(report.seed)
        }
    }

    /// Adds what another batch of the same bug has added up.
    package mutating func add(_ other: SimulationBatch) {
        seedCount += other.seedCount
        counts += other.counts
        marks += other.marks
        undecided += other.undecided
        agreementCount += other.agreementCount
        failedSeeds += other.failedSeeds
        tellingSeeds += other.tellingSeeds
        unsteadySeeds += other.unsteadySeeds
    }

    /// What the batch amounts to, for people.
    package var lines: [String] {
        let share = counts.total == 0 ? 0 : counts.done * 100 / counts.total
        return [
            "\(seedCount) seeds: \(counts.done) operations done (\(share) %), "
                + "\(counts.refused) refused, \(counts.unknown) unknown",
            "\(marks.elections) elections, \(marks.crashes) crashes, \(marks.powerCuts) power cuts, "
                + "\(marks.snapshotsInstalled) snapshots installed, \(marks.truncations) truncations",
            "marks: " + marks.all.map { "\($0.name) \($0.count)" }.joined(separator: ", "),
        ]
    }

    /// What is wrong with the batch as a whole; empty when all is well.
    ///
    /// A batch of fewer than ``representativeCount`` seeds may miss rare paths.
    package var faults: [String] {
        var faults = failedSeeds.map { "seed \($0) failed" }
        faults += unsteadySeeds.map { "seed \($0) took another course the second time" }
        faults += undecided.map { "seed \($0.seed): \($0.count) histories were too hard to judge" }
        if counts.done * 2 < counts.total {
            faults.append("only \(counts.done) of \(counts.total) operations were done")
        }
        guard seedCount >= Self.representativeCount else { return faults }
        faults += marks.missing.map { "no seed reached: \($0)" }
        if counts.refused == 0 { faults.append("no operation was refused") }
        if counts.unknown == 0 { faults.append("no operation had an unknown outcome") }
        if agreementCount == 0 { faults.append("no two nodes were ever compared") }
        return faults
    }

    /// What to tell of a seed that failed: how to run it again, what was violated, and the end of
    /// its trace.
    package static func failureLines(of report: SeedReport, bug: PlantedBug?) -> [String] {
        var lines = report.traceLines
        lines.append("seed \(report.seed): \(report.plan)")
        lines += report.violations.map { "violated: \($0)" }
        lines.append(replayLine(seed: report.seed, bug: bug))
        return lines
    }

    /// The command line that runs one seed again.
    package static func replayLine(seed: UInt64, bug: PlantedBug?) -> String {
        "replay: martlet simulate --replay \(seed)" + (bug.map { " --bug \($0.rawValue)" } ?? "")
    }
}
