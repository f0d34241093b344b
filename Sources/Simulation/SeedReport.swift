/// What came of a seed.
package struct SeedReport: Equatable, Sendable {
    package var seed: UInt64
    /// What was drawn for the seed, in one line.
    package var plan: String
    package var counts = OperationCounts()
    package var marks = Marks()
    /// A hash over everything that happened: equal for every run of the seed.
    package var digest: UInt64 = 0
    package var eventCount = 0
    package var virtualSeconds = 0
    /// What was promised and not kept.
    package var violations: [String] = []
    /// Partitions whose judgement was given up, as it took too long.
    package var undecidedCount = 0
    /// How often the checkers found nodes to agree, so that agreement can be told from silence.
    package var agreementCount = 0
    package var stateAgreementCount = 0
    /// The last things that happened, oldest first; only when something was violated.
    package var traceLines: [String] = []

    package init(seed: UInt64, plan: String) {
        self.seed = seed
        self.plan = plan
    }

    package var isGood: Bool { violations.isEmpty }
}
