package import Primitives

/// Drawing keys at random (`RANDOMKEY`).
extension Keyspace {
    /// How often a key is drawn again whose time is over, before a present one is looked for in order.
    private static let drawLimit = 100

    /// A key drawn at random, each that is there with the same chance.
    ///
    /// - Parameters:
    ///   - slots: Where to draw it from; `nil` for everywhere.
    ///   - now: Keys whose deadline is not later are not drawn.
    ///   - generator: Decides which it is.
    /// - Returns: The key, `nil` when there is none, and how many keys it was drawn from, ended ones
    ///   included.
    /// - Complexity: O(slots); O(keys) when nearly all keys have ended and not been removed yet.
    package func randomKey(
        in slots: ClosedRange<SlotID>? = nil, now: Int64, from generator: inout SeededGenerator
    ) -> (key: [UInt8]?, count: Int) {
        let range =
            isWhole || slots == nil
            ? 0...tables.count - 1
            : Int(slots?.lowerBound.rawValue ?? 0)...Int(slots?.upperBound.rawValue ?? 0)
        let total = range.reduce(0) { $0 + tables[$1].count }
        guard total > 0 else { return (nil, 0) }
        for _ in 0..<Self.drawLimit {
            var rest = generator.below(total)
            let table = range.first { index in
                rest -= tables[index].count
                return rest < 0
            }
            guard let table else { preconditionFailure("a table beyond the last") }
            let entry = tables[table].draw(from: &generator)
            if entry.end > now { return ([UInt8](copying: entry.key), total) }
        }
        var found: [[UInt8]] = []
        for table in range where found.isEmpty && tables[table].count > 0 {
            var hash: UInt64? = 0
            while let start = hash, found.isEmpty {
                hash = tables[table].scan(from: start, limit: 1, secret: hashSecret) { entry in
                    if found.isEmpty, entry.end > now { found.append([UInt8](copying: entry.key)) }
                }
            }
        }
        return (found.first, total)
    }
}
