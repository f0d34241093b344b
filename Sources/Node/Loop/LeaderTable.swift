import Primitives

/// Who is known to lead which group, and since which term. Only ever a hint for groups that this
/// loop doesn't host.
struct LeaderTable: Sendable {
    struct Entry: Equatable, Sendable {
        var term: Term
        /// `nil` while no leader of ``term`` is known.
        var leader: NodeID?
        /// The last leader that was known, kept for topology replies.
        var lastLeader: NodeID?
    }

    private var entries = SortedMap<GroupID, Entry>()

    subscript(group: GroupID) -> Entry? { entries[group] }

    /// Takes note of a leader.
    ///
    /// - Parameters:
    ///   - group: The group.
    ///   - term: The term that `leader` leads; an older one than is known changes nothing.
    ///   - leader: `nil` when the term has none yet.
    /// - Returns: Whether anything changed.
    mutating func learn(_ group: GroupID, term: Term, leader: NodeID?) -> Bool {
        var entry = entries[group] ?? Entry(term: .zero, leader: nil, lastLeader: nil)
        if term < entry.term { return false }
        if term == entry.term, leader == nil || leader == entry.leader { return false }
        entry.term = term
        entry.leader = leader
        if let leader { entry.lastLeader = leader }
        entries[group] = entry
        return true
    }

    /// Forgets that a leader is known, after it was seen to be gone.
    mutating func forgetLeader(of group: GroupID, term: Term) {
        if var entry = entries[group], entry.term <= term {
            entry.leader = nil
            entry.term = term
            entries[group] = entry
        }
    }
}
