/// Says whether a history could have come from a single server that does one command at a time.
///
/// The search of Wing and Gong ("Testing and verifying concurrent objects", 1993) with the memory
/// of visited configurations that Lowe added ("Testing for linearizability", 2017). One partition
/// is judged at a time, which suffices as linearizability is local (Herlihy and Wing, 1990).
/// An attempt with an unknown outcome may be placed anywhere after it was sent, or nowhere; one
/// that was refused has no place at all. Of two configurations that differ only in which attempts
/// of unknown outcome they have used up, the one that used fewer can do all that the other can, so
/// that the other one is not followed.
package struct LinearizabilityChecker: Sendable {
    /// What came of the search.
    package enum Verdict: Equatable, Sendable {
        case linearizable
        /// No order explains the history; `blocked` are the places of the entries of which none
        /// could come next after the longest explanation that was found.
        case impossible(placedCount: Int, blocked: [Int])
        /// The search was given up after so many steps.
        case undecided(stepCount: Int)
    }

    private let model: SequentialModel
    private let stepLimit: Int

    package init(model: SequentialModel, stepLimit: Int = 1_000_000) {
        self.model = model
        self.stepLimit = stepLimit
    }

    /// Judges the history of one partition.
    ///
    /// - Parameters:
    ///   - history: The attempts, in any order; predecessors are places in this array.
    ///   - initial: What the keys held at first.
    /// - Returns: The verdict; places in it are those of `history`.
    package func judge(_ history: [HistoryEntry], from initial: PartitionState) -> Verdict {
        let start = Search(history: history, model: model, stepLimit: stepLimit)
        // Most histories have an order in which few attempts of unknown outcome follow each other;
        // to look for such a one first keeps the search from trying all ways to string them together.
        if start.hasUnknown {
            for limit in [1, 2, 4] {
                var search = start
                search.unknownRunLimit = limit
                if search.run(from: initial) == .linearizable { return .linearizable }
            }
        }
        var search = start
        return search.run(from: initial)
    }
}

/// One search: which entries are placed so far, and every configuration that was tried.
private struct Search {
    private let entries: [HistoryEntry]
    /// The place in the caller's history of each of `entries`.
    private let places: [Int]
    private let predecessors: [Int?]
    /// For entries of unknown outcome, the one before that asks for the same: it is the freer of
    /// the two, so that it may as well be placed first.
    private let twins: [Int?]
    private let model: SequentialModel
    private let stepLimit: Int
    private var placed: [Bool]
    /// The same as bits, of the known entries and of those of unknown outcome.
    private var knownBits: [UInt64]
    private var unknownBits: [UInt64]
    private var openKnownCount: Int
    private var stepCount = 0
    private var visited = VisitedTable()
    private var results: [PartitionState] = []
    /// How many entries of unknown outcome may follow each other.
    var unknownRunLimit = Int.max
    private var longest = -1
    private var blocked: [Int] = []

    private struct Frame {
        var state: PartitionState
        /// The entry that led here; -1 for the start.
        var entry: Int
        /// How many entries of unknown outcome led here since the last known one.
        var unknownRun: Int
        var candidates: [(entry: Int, state: PartitionState)]
        var next = 0
    }

    init(history: [HistoryEntry], model: SequentialModel, stepLimit: Int) {
        self.model = model
        self.stepLimit = stepLimit
        let order = history.indices
            .filter { !history[$0].isRefused }
            .filter { history[$0].isKnown || !history[$0].operation.isRead }
            .sorted { left, right in
                history[left].invoked == history[right].invoked
                    ? left < right : history[left].invoked < history[right].invoked
            }
        var placeInOrder = [Int?](repeating: nil, count: history.count)
        for (place, original) in order.enumerated() { placeInOrder[original] = place }
        places = order
        entries = order.map { history[$0] }
        // A command after one of unknown fate is bound by nothing: that one may never happen.
        predecessors = order.map { original in
            guard let predecessor = history[original].predecessor,
                history[predecessor].isKnown
            else { return nil }
            return placeInOrder[predecessor]
        }
        twins = Self.twins(of: entries)
        placed = Array(repeating: false, count: order.count)
        openKnownCount = order.count { history[$0].isKnown }
        knownBits = Array(repeating: 0, count: (order.count + 63) / 64)
        unknownBits = knownBits
    }

    private static func twins(of entries: [HistoryEntry]) -> [Int?] {
        entries.indices.map { place in
            guard !entries[place].isKnown, !entries[place].operation.hasDeadline else {
                return nil
            }
            return entries[..<place].lastIndex {
                !$0.isKnown && $0.operation == entries[place].operation
            }
        }
    }

    var hasUnknown: Bool { entries.contains { !$0.isKnown } }

    mutating func run(from initial: PartitionState) -> LinearizabilityChecker.Verdict {
        if openKnownCount == 0 { return .linearizable }
        var stack = [frame(initial, after: -1, from: nil, unknownRun: 0)]
        while let top = stack.indices.last {
            guard stack[top].next < stack[top].candidates.count else {
                let entry = stack.removeLast().entry
                if entry >= 0 { take(back: entry) }
                continue
            }
            let (entry, state) = stack[top].candidates[stack[top].next]
            stack[top].next += 1
            let run = entries[entry].isKnown ? 0 : stack[top].unknownRun + 1
            guard run <= unknownRunLimit else { continue }
            stepCount += 1
            if stepCount > stepLimit { return .undecided(stepCount: stepCount) }
            place(entry)
            if openKnownCount == 0 { return .linearizable }
            if visited.insert(knownBits, unknownBits, state) {
                let before = run > 0 ? stack[top].state : nil
                stack.append(frame(state, after: entry, from: before, unknownRun: run))
            } else {
                take(back: entry)
            }
        }
        return .impossible(placedCount: max(longest, 0), blocked: blocked)
    }

    private mutating func place(_ entry: Int) {
        placed[entry] = true
        flip(entry)
        if entries[entry].isKnown { openKnownCount -= 1 }
    }

    private mutating func take(back entry: Int) {
        placed[entry] = false
        flip(entry)
        if entries[entry].isKnown { openKnownCount += 1 }
    }

    private mutating func flip(_ entry: Int) {
        let bit: UInt64 = 1 << UInt64(entry & 63)
        if entries[entry].isKnown {
            knownBits[entry >> 6] ^= bit
        } else {
            unknownBits[entry >> 6] ^= bit
        }
    }

    /// What could come next: the known entries first, since the search ends with them.
    ///
    /// `before` is the state before the last entry, if that one's outcome is unknown. What leads to
    /// the same state without it is as good, so that it is not followed.
    private mutating func frame(
        _ state: PartitionState, after entry: Int, from before: PartitionState?, unknownRun: Int
    ) -> Frame {
        var earliestReturn = HistoryEntry.openEnd
        for place in entries.indices where !placed[place] {
            if entries[place].invoked > earliestReturn { break }
            earliestReturn = min(earliestReturn, entries[place].returned)
        }
        var known: [(entry: Int, state: PartitionState)] = []
        var unknown: [(entry: Int, state: PartitionState)] = []
        var tried: [Int] = []
        for place in entries.indices where !placed[place] {
            if entries[place].invoked > earliestReturn { break }
            if let predecessor = predecessors[place], !placed[predecessor] { continue }
            if let twin = twins[place], !placed[twin] { continue }
            var shorter: [PartitionState] = []
            if let before, !entries[place].isKnown {
                model.step(entries[place], from: before, into: &shorter)
            }
            model.step(entries[place], from: state, into: &results)
            if entries[place].isKnown {
                tried.append(places[place])
                for result in results { known.append((place, result)) }
            } else {
                for result in results where result != state && !shorter.contains(result) {
                    unknown.append((place, result))
                }
            }
        }
        let placedCount = placed.count { $0 }
        if known.isEmpty, placedCount > longest {
            longest = placedCount
            blocked = tried
        }
        return Frame(
            state: state, entry: entry, unknownRun: unknownRun, candidates: known + unknown)
    }
}

/// Which (placed entries, state) pairs were seen: a hash table with linear probing. Of the entries
/// of unknown outcome it keeps the smallest sets alone.
private struct VisitedTable {
    private struct Key {
        var hash: UInt64
        var knownBits: [UInt64]
        var state: PartitionState
        /// None of these sets contains another one.
        var used: [[UInt64]]
    }

    private var keys: [Key] = []
    private var slots: [Int32] = Array(repeating: -1, count: 256)

    /// Whether the pair is new, and no other one can do all that it can.
    mutating func insert(
        _ knownBits: [UInt64], _ unknownBits: [UInt64], _ state: PartitionState
    ) -> Bool {
        var hash = StableHash()
        for word in knownBits { hash.combine(word) }
        state.hash(into: &hash)
        if keys.count * 2 >= slots.count { grow() }
        var slot = Int(hash.value & UInt64(slots.count - 1))
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if keys[index].hash == hash.value, keys[index].knownBits == knownBits,
                keys[index].state == state
            {
                return add(unknownBits, to: index)
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(keys.count)
        keys.append(
            Key(hash: hash.value, knownBits: knownBits, state: state, used: [unknownBits]))
        return true
    }

    private mutating func add(_ bits: [UInt64], to index: Int) -> Bool {
        for set in keys[index].used where Self.isSubset(set, of: bits) { return false }
        keys[index].used.removeAll { Self.isSubset(bits, of: $0) }
        keys[index].used.append(bits)
        return true
    }

    private static func isSubset(_ part: [UInt64], of whole: [UInt64]) -> Bool {
        for index in part.indices where part[index] & ~whole[index] != 0 { return false }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 4)
        for (index, key) in keys.enumerated() {
            var slot = Int(key.hash & UInt64(slots.count - 1))
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }
}
