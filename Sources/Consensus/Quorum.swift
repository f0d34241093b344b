import Primitives

/// A configuration's majorities (dissertation §4.3: in a joint one, both).
struct Quorum {
    private let configuration: Configuration
    /// Set by a planted bug.
    private let ignoresOutgoing: Bool

    init(_ configuration: Configuration, fault: RaftFault?) {
        self.configuration = configuration
        ignoresOutgoing = fault == .jointCountsOneMajority
    }

    /// Whether `condition` holds for enough voters to decide.
    func isReached(where condition: (ReplicaID) -> Bool) -> Bool {
        guard Self.hasMajority(configuration.voters, condition) else { return false }
        guard configuration.isJoint, !ignoresOutgoing else { return true }
        return Self.hasMajority(configuration.outgoing, condition)
    }

    /// Whether enough voters decline that a decision can no longer be reached.
    func isLost(where condition: (ReplicaID) -> Bool) -> Bool {
        if Self.isBlocked(configuration.voters, condition) { return true }
        guard configuration.isJoint, !ignoresOutgoing else { return false }
        return Self.isBlocked(configuration.outgoing, condition)
    }

    /// Whether `condition` holds for every voter.
    func isUnanimous(where condition: (ReplicaID) -> Bool) -> Bool {
        guard !configuration.voters.isEmpty else { return false }
        return configuration.voters.allSatisfy { condition($0.replica) }
            && configuration.outgoing.allSatisfy { condition($0.replica) }
    }

    /// The highest value that enough voters have reached.
    ///
    /// - Complexity: O(voters²), without allocation: there are few.
    func highestReached<Value: Comparable>(
        from lowest: Value, _ value: (ReplicaID) -> Value
    ) -> Value {
        let incoming = Self.highestReached(configuration.voters, from: lowest, value)
        guard configuration.isJoint, !ignoresOutgoing else { return incoming }
        return min(incoming, Self.highestReached(configuration.outgoing, from: lowest, value))
    }

    private static func hasMajority(
        _ members: [Member], _ condition: (ReplicaID) -> Bool
    ) -> Bool {
        var count = 0
        for member in members where condition(member.replica) { count += 1 }
        return count > members.count / 2
    }

    private static func isBlocked(_ members: [Member], _ condition: (ReplicaID) -> Bool) -> Bool {
        var count = 0
        for member in members where condition(member.replica) { count += 1 }
        return members.count - count <= members.count / 2
    }

    private static func highestReached<Value: Comparable>(
        _ members: [Member], from lowest: Value, _ value: (ReplicaID) -> Value
    ) -> Value {
        var best = lowest
        for member in members {
            let candidate = value(member.replica)
            guard candidate > best else { continue }
            if hasMajority(members, { value($0) >= candidate }) { best = candidate }
        }
        return best
    }
}
