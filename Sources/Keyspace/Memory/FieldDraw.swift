import Primitives

/// Draws fields of a hash at random, each with the same chance every time.
struct FieldDraw {
    private let table: EntryTable
    private let now: Int64
    /// What is drawn from; empty when that is ``table``.
    private var fields: [Entry] = []
    private var generator: SeededGenerator

    /// - Parameters:
    ///   - map: The fields.
    ///   - now: Those whose deadline is not later are not drawn; there must be others.
    ///   - seed: Decides what is drawn.
    ///   - isIndexed: Whether only the order of the fields may decide besides.
    init(from map: FieldMap, now: Int64, seed: UInt64, isIndexed: Bool) {
        table = map.table
        self.now = now
        generator = SeededGenerator(seed: seed)
        // When few are left of many, they are looked for once, not with each draw.
        if isIndexed || table.isEmpty || map.count(now: now) * 8 < map.count {
            fields = map.all(now: now)
        }
    }

    mutating func next() -> Entry {
        guard fields.isEmpty else { return fields[generator.below(fields.count)] }
        while true {
            let field = table.draw(from: &generator)
            if field.deadline > now { return field }
        }
    }

    /// Calls `visit` with `count` different fields of `map`, which must have more than these.
    static func distinct(
        _ count: Int, of map: FieldMap, now: Int64, seed: UInt64, secret: UInt64,
        isIndexed: Bool, _ visit: (Entry) -> Void
    ) {
        guard !isIndexed, count * 3 < map.count(now: now), !map.table.isEmpty else {
            return distinct(count, of: map.all(now: now), seed: seed, visit)
        }
        var draw = FieldDraw(from: map, now: now, seed: seed, isIndexed: false)
        var drawn = EntryTable()
        while drawn.count < count {
            let field = draw.next()
            let hash = field.hash(secret: secret)
            guard drawn.find(field.key, hash: hash) == nil else { continue }
            drawn.insert(field, hash: hash, secret: secret)
            visit(field)
        }
        drawn.deallocate()
    }

    /// The same for all the fields in their order.
    static func distinct<Field>(
        _ count: Int, of all: [Field], seed: UInt64, _ visit: (Field) -> Void
    ) {
        var fields = all
        var generator = SeededGenerator(seed: seed)
        for index in 0..<count {
            fields.swapAt(index, index + generator.below(fields.count - index))
            visit(fields[index])
        }
    }
}
