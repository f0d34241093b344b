package import Primitives

/// The one history that every replica of a group must follow, learnt from what they show.
///
/// Three of Raft's promises (Raft paper, figure 3): state machine safety, by the hash of the entry
/// that each replica applied at each index; election safety, by who leads each term; and that
/// replicas which applied the same entries hold the same state.
package struct CanonicalHistory: Sendable {
    private struct Claim {
        var hash: UInt64
        var node: Int
    }

    private struct Group {
        /// What was applied at each index, the first one at 0; `nil` where nothing was seen.
        var entries: [Claim?] = []
        var states = SortedMap<LogIndex, Claim>()
        var leaders = SortedMap<Term, Leader>()
    }

    private struct Leader {
        var replica: ReplicaID
        var node: Int
    }

    private var groups = SortedMap<GroupID, Group>()
    /// How often a node was found to have applied the same entry as another one, so that a test
    /// can tell that the comparison took place.
    package private(set) var entryAgreementCount = 0
    package private(set) var stateAgreementCount = 0
    package private(set) var leaderCount = 0

    package init() {}

    /// A node applied an entry.
    ///
    /// - Parameters:
    ///   - group: Of which group.
    ///   - index: The entry's place in the log.
    ///   - hash: Of all that the entry is.
    ///   - node: Who applied it.
    /// - Returns: What is wrong, or `nil`.
    package mutating func applied(
        group: GroupID, index: LogIndex, hash: UInt64, node: Int
    ) -> String? {
        let place = Int(index.rawValue) - 1
        guard let position = groups.index(of: group), place < groups.values[position].entries.count,
            let known = groups.values[position].entries[place]
        else {
            set(Claim(hash: hash, node: node), at: place, of: group)
            return nil
        }
        if known.hash != hash {
            return "group \(group): nodes \(known.node + 1) and \(node + 1) applied different "
                + "entries at index \(index)"
        }
        if known.node != node { entryAgreementCount += 1 }
        return nil
    }

    private mutating func set(_ claim: Claim, at place: Int, of group: GroupID) {
        precondition(place >= 0, "no entry has index \(place + 1)")
        if groups.index(of: group) == nil { groups[group] = Group() }
        guard let position = groups.index(of: group) else { return }
        let missing = place + 1 - groups.values[position].entries.count
        if missing > 0 {
            groups[valueAt: position].entries += Array(repeating: nil, count: missing)
        }
        groups[valueAt: position].entries[place] = claim
    }

    /// A node holds a state, having applied the log through `index`.
    ///
    /// - Parameters:
    ///   - group: Of which group.
    ///   - index: What is applied.
    ///   - hash: Of the state.
    ///   - node: Who holds it.
    /// - Returns: What is wrong, or `nil`.
    package mutating func holds(
        group: GroupID, index: LogIndex, hash: UInt64, node: Int
    ) -> String? {
        guard let known = groups[group, default: Group()].states[index] else {
            groups[group, default: Group()].states[index] = Claim(hash: hash, node: node)
            return nil
        }
        if known.hash != hash {
            return "group \(group): nodes \(known.node + 1) and \(node + 1) hold different states "
                + "after index \(index)"
        }
        if known.node != node { stateAgreementCount += 1 }
        return nil
    }

    /// A replica leads a term.
    ///
    /// - Parameters:
    ///   - group: Of which group.
    ///   - term: The term.
    ///   - replica: Who leads.
    ///   - node: Where it lives.
    /// - Returns: What is wrong, or `nil`.
    package mutating func leads(
        group: GroupID, term: Term, replica: ReplicaID, node: Int
    ) -> String? {
        if let known = groups[group, default: Group()].leaders[term] {
            guard known.replica != replica else { return nil }
            return "group \(group) has two leaders in term \(term): replica \(known.replica) on "
                + "node \(known.node + 1) and replica \(replica) on node \(node + 1)"
        }
        groups[group, default: Group()].leaders[term] = Leader(replica: replica, node: node)
        leaderCount += 1
        return nil
    }

    /// Forgets what was applied, as a loss that the durability mode allows may rewrite it. Who led
    /// which term stays: that is never allowed to change.
    package mutating func allowRewrite() {
        for index in groups.values.indices {
            groups[valueAt: index].entries.removeAll()
            groups[valueAt: index].states.removeAll()
        }
    }
}
