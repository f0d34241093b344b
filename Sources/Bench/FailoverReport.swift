/// What a failover cost. Its JSON keys are an interface.
package struct FailoverReport: Codable, Equatable, Sendable {
    package struct Key: Codable, Equatable, Sendable {
        package var key: String
        package var slot: Int
        /// Acknowledged writes.
        package var writes: Int
        /// The longest time between two of them, before the kill and in all.
        package var calmGapMilliseconds: Double
        package var longestGapMilliseconds: Double

        private enum CodingKeys: String, CodingKey {
            case key
            case slot
            case writes
            case calmGapMilliseconds = "calm_gap_ms"
            case longestGapMilliseconds = "longest_gap_ms"
        }
    }

    package var keys: [Key]
    /// The largest of the keys'.
    package var calmGapMilliseconds: Double
    package var longestGapMilliseconds: Double
    /// Redirections that the writers followed.
    package var redirections: Int

    private enum CodingKeys: String, CodingKey {
        case keys
        case calmGapMilliseconds = "calm_gap_ms"
        case longestGapMilliseconds = "longest_gap_ms"
        case redirections
    }

    init(keys: [Key], redirections: Int) {
        self.keys = keys
        calmGapMilliseconds = keys.map(\.calmGapMilliseconds).max() ?? 0
        longestGapMilliseconds = keys.map(\.longestGapMilliseconds).max() ?? 0
        self.redirections = redirections
    }
}
