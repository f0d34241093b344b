/// The shards of a loop that have more to apply than their share of a turn.
///
/// They are applied one after the other: the first is of use long before the last, and what it touches
/// stays in the processor's caches meanwhile. Whom clients wait for goes first, then who has least.
struct BacklogQueue: Sendable {
    /// What the order goes by.
    struct Rank: Sendable {
        /// Whether clients wait for the shard.
        var isAskedFor: Bool
        /// How many entries it has to apply.
        var entryCount: Int

        func precedes(_ other: Rank) -> Bool {
            isAskedFor == other.isAskedFor ? entryCount < other.entryCount : isAskedFor
        }
    }

    private struct Place {
        var shard: Int
        /// How often another one was chosen since it came or was chosen itself.
        var passedOverCount = 0
    }

    /// Who was passed over so often goes next, whatever its rank.
    static let patience = 32

    private var places: [Place] = []
    /// The shard that is being applied; `nil` when one is to be chosen.
    private(set) var current: Int?
    /// What it has cost since it was chosen.
    private var spent = 0

    var isEmpty: Bool { places.isEmpty }
    var shards: [Int] { places.map(\.shard) }

    /// Adds a shard, which must not be there.
    mutating func add(_ shard: Int) { places.append(Place(shard: shard)) }

    mutating func remove(_ shard: Int) {
        places.removeAll { $0.shard == shard }
        if current == shard { current = nil }
    }

    /// Makes another shard the current one: the first by rank, unless one was passed over too often.
    ///
    /// - Parameter ranks: Those of ``shards``.
    /// - Returns: The shard; `nil` when there is none.
    mutating func choose(by ranks: [Rank]) -> Int? {
        guard var chosen = places.indices.first else { return nil }
        for index in places.indices
        where places[index].passedOverCount > places[chosen].passedOverCount {
            chosen = index
        }
        if places[chosen].passedOverCount < Self.patience {
            for index in places.indices where ranks[index].precedes(ranks[chosen]) {
                chosen = index
            }
        }
        for index in places.indices { places[index].passedOverCount += 1 }
        places[chosen].passedOverCount = 0
        spent = 0
        current = places[chosen].shard
        return current
    }

    /// Notes what the current shard has cost; past `limit` another one may be chosen.
    mutating func spend(_ cost: Int, limit: Int) {
        spent += cost
        if spent >= limit { current = nil }
    }
}
