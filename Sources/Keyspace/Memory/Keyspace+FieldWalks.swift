import Primitives

/// Walks over some of the fields of a hash, and draws from them.
extension Keyspace {
    /// Walks fields of a hash that is present, from `cursor` on.
    ///
    /// A walk from 0 through all cursors answers every field that was there throughout at least once,
    /// whatever is added or removed meanwhile, and on whatever replica each step runs. A field may
    /// come twice.
    ///
    /// - Parameters:
    ///   - place: Where the hash is.
    ///   - cursor: Where to go on: the first 48 bits of a name's hash. Any number is such a place.
    ///   - count: About how many fields to look at.
    ///   - visit: Called with each field and its value.
    /// - Returns: Where to go on; 0 when all fields have been walked.
    package func scanFields(
        at place: borrowing Place, from cursor: UInt64, count: Int,
        _ visit: (Span<UInt8>, Span<UInt8>) -> Void
    ) -> UInt64 {
        let entry = presentEntry(place)
        let now = place.now
        guard !Self.isWalkedAtOnce(entry) else {
            Self.forEachField(of: entry) { name, value, deadline in
                guard deadline > now else { return }
                let isAhead =
                    cursor == 0 || Entry.hash(of: name, secret: hashSecret) >= cursor << 16
                if isAhead { visit(name, value) }
            }
            return 0
        }
        let map = unsafe entry.fields.pointee
        let next = map.scan(
            from: cursor << 16, limit: count, now: now, secret: hashSecret
        ) {
            visit($0.key, $0.value)
        }
        return (next ?? 0) >> 16
    }

    /// Calls `visit` with `count` fields of a hash that is present, drawn one by one: a field may come
    /// again.
    package func drawFields(
        _ count: Int, at place: borrowing Place, seed: UInt64,
        _ visit: (Span<UInt8>, Span<UInt8>) -> Void
    ) {
        let entry = presentEntry(place)
        guard !entry.isCompact else {
            return Self.draw(count, from: FieldBlock(entry), seed: seed, visit)
        }
        var draw = FieldDraw(
            from: unsafe entry.fields.pointee, now: place.now, seed: seed,
            isIndexed: Self.isWalkedAtOnce(entry))
        for _ in 0..<count {
            let field = draw.next()
            visit(field.key, field.value)
        }
    }

    private static func draw(
        _ count: Int, from block: FieldBlock, seed: UInt64,
        _ visit: (Span<UInt8>, Span<UInt8>) -> Void
    ) {
        var generator = SeededGenerator(seed: seed)
        guard count > 1 else {
            let field = block[generator.below(block.count)]
            return visit(block.name(of: field), block.value(of: field))
        }
        let fields = block.all
        for _ in 0..<count {
            let field = fields[generator.below(fields.count)]
            visit(block.name(of: field), block.value(of: field))
        }
    }

    /// Calls `visit` with `count` different fields of a hash that is present; with all of them, in
    /// their order, when it hasn't more.
    package func drawDistinctFields(
        _ count: Int, at place: borrowing Place, seed: UInt64,
        _ visit: (Span<UInt8>, Span<UInt8>) -> Void
    ) {
        guard count < fieldCount(at: place) else { return forEachField(at: place, visit) }
        let entry = presentEntry(place)
        guard !entry.isCompact else {
            let block = FieldBlock(entry)
            return FieldDraw.distinct(count, of: block.all, seed: seed) {
                visit(block.name(of: $0), block.value(of: $0))
            }
        }
        FieldDraw.distinct(
            count, of: unsafe entry.fields.pointee, now: place.now, seed: seed,
            secret: hashSecret, isIndexed: Self.isWalkedAtOnce(entry)
        ) {
            visit($0.key, $0.value)
        }
    }

    /// Whether the hash is, or could be on another replica, a compact one. Walks and draws then go by
    /// the order of its fields alone, so that they tell nothing of how it is kept.
    private static func isWalkedAtOnce(_ entry: Entry) -> Bool {
        unsafe entry.isCompact
            || entry.fields.pointee.count <= CompactLimits.largestFieldCount
                && entry.fields.pointee.byteCount <= CompactLimits.largestByteCount
    }
}
