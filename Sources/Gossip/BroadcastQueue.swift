import Primitives

/// News on its way to the other members: what to tell, and how often it was told. What is told is looked
/// up when it is sent, so it is never stale.
struct BroadcastQueue: Sendable {
    enum Subject: Equatable, Sendable {
        case member(NodeID, accuser: NodeID?)
        case hint(GroupID)
    }

    private struct Entry: Sendable {
        var subject: Subject
        var transmitCount = 0
        /// Of two told equally often the later goes first.
        var number: UInt64
    }

    /// In the order in which they are to be sent.
    private var entries: [Entry] = []
    private var lastNumber: UInt64 = 0

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    /// Tells of a member's new state, in place of what was being told of it.
    mutating func replace(member: NodeID, accuser: NodeID?) {
        forget(member: member)
        append(.member(member, accuser: accuser))
    }

    /// Tells that `accuser` also suspects the member.
    mutating func confirm(member: NodeID, accuser: NodeID) {
        append(.member(member, accuser: accuser))
    }

    mutating func replace(hint group: GroupID) {
        entries.removeAll { $0.subject == .hint(group) }
        append(.hint(group))
    }

    mutating func forget(member: NodeID) {
        entries.removeAll { entry in
            if case .member(member, accuser: _) = entry.subject { true } else { false }
        }
    }

    /// Offers the news in order to `take`, and counts what it takes as told once more.
    ///
    /// - Parameters:
    ///   - transmitLimit: News told so often is dropped.
    ///   - take: Whether the news went out. `nil`: no more would.
    mutating func send(transmitLimit: Int, _ take: (Subject) -> Bool?) {
        var hasSent = false
        for index in entries.indices {
            guard let isTaken = take(entries[index].subject) else { break }
            guard isTaken else { continue }
            entries[index].transmitCount += 1
            hasSent = true
        }
        guard hasSent else { return }
        entries.removeAll { $0.transmitCount >= transmitLimit }
        entries.sort {
            ($0.transmitCount, $1.number) < ($1.transmitCount, $0.number)
        }
    }

    private mutating func append(_ subject: Subject) {
        lastNumber += 1
        entries.insert(Entry(subject: subject, number: lastNumber), at: 0)
    }
}
