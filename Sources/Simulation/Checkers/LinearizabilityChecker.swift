/// Says whether a history could have come from a single server that does one command at a time.
///
/// The search of Wing and Gong ("Testing and verifying concurrent objects", 1993) with the memory
/// of visited configurations that Lowe added ("Testing for linearizability", 2017). One partition
/// is judged at a time, which suffices as linearizability is local (Herlihy and Wing, 1990).
/// An attempt with an unknown outcome may be placed anywhere after it was sent, or nowhere; one
/// that was refused has no place at all.
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

    package init(model: SequentialModel, stepLimit: Int = 300_000) {
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
        var search = Search(history: history, model: model, stepLimit: stepLimit)
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
    private var openKnownCount: Int
    private var stepCount = 0
    private var visited: VisitedTable
    private var results: [PartitionState] = []
    private var longest = -1
    private var blocked: [Int] = []

    private struct Frame {
        var state: PartitionState
        /// The entry that led here; -1 for the start.
        var entry: Int
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
        visited = VisitedTable(bitCount: order.count)
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

    mutating func run(from initial: PartitionState) -> LinearizabilityChecker.Verdict {
        if openKnownCount == 0 { return .linearizable }
        var stack = [frame(initial, after: -1)]
        while let top = stack.indices.last {
            guard stack[top].next < stack[top].candidates.count else {
                let entry = stack.removeLast().entry
                if entry >= 0 { take(back: entry) }
                continue
            }
            let (entry, state) = stack[top].candidates[stack[top].next]
            stack[top].next += 1
            stepCount += 1
            if stepCount > stepLimit { return .undecided(stepCount: stepCount) }
            place(entry)
            if openKnownCount == 0 { return .linearizable }
            if visited.insert(placed, state) {
                stack.append(frame(state, after: entry))
            } else {
                take(back: entry)
            }
        }
        return .impossible(placedCount: max(longest, 0), blocked: blocked)
    }

    private mutating func place(_ entry: Int) {
        placed[entry] = true
        if entries[entry].isKnown { openKnownCount -= 1 }
    }

    private mutating func take(back entry: Int) {
        placed[entry] = false
        if entries[entry].isKnown { openKnownCount += 1 }
    }

    /// What could come next: the known entries first, since the search ends with them.
    private mutating func frame(_ state: PartitionState, after entry: Int) -> Frame {
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
            model.step(entries[place], from: state, into: &results)
            if entries[place].isKnown {
                tried.append(places[place])
                for result in results { known.append((place, result)) }
            } else {
                for result in results where result != state { unknown.append((place, result)) }
            }
        }
        let placedCount = placed.count { $0 }
        if known.isEmpty, placedCount > longest {
            longest = placedCount
            blocked = tried
        }
        return Frame(state: state, entry: entry, candidates: known + unknown)
    }
}

/// Which (placed entries, state) pairs were seen: a hash table with linear probing.
private struct VisitedTable {
    private struct Key {
        var hash: UInt64
        var bits: [UInt64]
        var state: PartitionState
    }

    private var keys: [Key] = []
    private var slots: [Int32]
    private let wordCount: Int

    init(bitCount: Int) {
        wordCount = (bitCount + 63) / 64
        slots = Array(repeating: -1, count: 256)
    }

    /// Whether the pair is new.
    mutating func insert(_ placed: [Bool], _ state: PartitionState) -> Bool {
        var bits = [UInt64](repeating: 0, count: wordCount)
        for index in placed.indices where placed[index] {
            bits[index >> 6] |= 1 << UInt64(index & 63)
        }
        var hash = StableHash()
        for word in bits { hash.combine(word) }
        state.hash(into: &hash)
        if keys.count * 2 >= slots.count { grow() }
        var slot = Int(hash.value & UInt64(slots.count - 1))
        while slots[slot] >= 0 {
            let key = keys[Int(slots[slot])]
            if key.hash == hash.value, key.bits == bits, key.state == state { return false }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(keys.count)
        keys.append(Key(hash: hash.value, bits: bits, state: state))
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
