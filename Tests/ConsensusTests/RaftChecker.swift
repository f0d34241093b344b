import Consensus
import Primitives

/// Raft's promises (paper, figure 3) and linearizable reads, judged from outside.
///
/// The state of the replicated machine is a prefix of the log, so an operation's place in the one
/// order of all operations is an index; real time demands that no operation is placed before one
/// that had ended when it began.
struct RaftChecker {
    private(set) var violation: String?
    /// The highest index that any client has seen the effect of.
    private(set) var visibleIndex = LogIndex.zero
    /// The committed entries, from index 1.
    private var canonical: [LogEntry] = []
    private var leaders = SortedMap<Term, ReplicaID>()

    mutating func fail(_ text: String) {
        if violation == nil { violation = text }
    }

    /// Election safety and leader completeness.
    mutating func elected(_ group: RaftGroup, _ term: Term) {
        if let other = leaders[term], other != group.replica {
            fail("election safety: \(other) and \(group.replica) lead term \(term)")
        }
        leaders[term] = group.replica
        var index = group.firstIndex
        for _ in 0..<max(0, canonical.count - Int(index.rawValue) + 1) {
            let committed = canonical[Int(index.rawValue) - 1]
            if committed.term < term, group.term(at: index) != committed.term {
                return fail(
                    "leader completeness: leader \(group.replica) of term \(term) lacks \(index) "
                        + "of term \(committed.term)")
            }
            index = index.next
        }
    }

    /// State machine safety, and stamps that never go back.
    mutating func applied(_ entry: LogEntry, by replica: ReplicaID) {
        let position = Int(entry.index.rawValue) - 1
        if position < canonical.count {
            if canonical[position] != entry {
                fail(
                    "state machine safety: \(replica) applies \(entry.index) of term "
                        + "\(entry.term), another of term \(canonical[position].term)")
            }
        } else if position == canonical.count {
            if let last = canonical.last, last.stamp > entry.stamp {
                fail("the stamp at \(entry.index) goes back")
            }
            canonical.append(entry)
        } else {
            fail("\(replica) applies \(entry.index) before \(canonical.count + 1) is committed")
        }
    }

    mutating func acknowledged(_ index: LogIndex, floor: LogIndex) {
        if index <= floor { fail("the write at \(index) began after \(floor) was visible") }
        visibleIndex = max(visibleIndex, index)
    }

    mutating func read(_ index: LogIndex, floor: LogIndex, by replica: ReplicaID) {
        if index < floor {
            fail("stale read: \(replica) shows \(index), \(floor) was visible before")
        }
        visibleIndex = max(visibleIndex, index)
    }

    /// Log matching: entries of one index and term are equal, and so is all before them.
    mutating func checkLogs(_ groups: [RaftGroup]) {
        for (position, left) in groups.enumerated() {
            for right in groups[(position + 1)...] {
                var index = max(left.firstIndex, right.firstIndex)
                var isEqualSoFar = true
                while let one = left.entry(at: index), let two = right.entry(at: index) {
                    if one.term == two.term, one != two || !isEqualSoFar {
                        fail("log matching: \(left.replica) and \(right.replica) at \(index)")
                    }
                    isEqualSoFar = one == two
                    index = index.next
                }
            }
        }
    }
}
