/// What came of a seed.
package struct SeedReport: Equatable, Sendable {
    package var seed: UInt64
    /// What was drawn for the seed, in one line.
    package var plan: String
    package var counts: OperationCounts
    package var marks: Marks
    /// A hash over everything that happened: equal for every run of the seed.
    package var digest: UInt64
    package var eventCount: Int
    package var virtualSeconds: Int
    /// What was promised and not kept.
    package var violations: [String]
    /// Partitions whose judgement was given up, as it took too long.
    package var undecidedCount: Int
    /// How often the checkers found nodes to agree, so that agreement can be told from silence.
    package var agreementCount: Int
    package var stateAgreementCount: Int
    /// The last things that happened, oldest first; only when something was violated.
    package var traceLines: [String]

    package var isGood: Bool { violations.isEmpty }
}
