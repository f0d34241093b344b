import Keyspace
import Primitives
import Testing

@Suite("Scan") struct ScanTests {
    private static let allSlots = SlotID(0)...SlotID(16383)

    private static func add(_ range: Range<Int>, tag: String, to keyspace: inout Keyspace) {
        for number in range {
            let key = [UInt8]("\(tag)\(number)".utf8)
            var place = keyspace.locate(key.span, now: 0)
            keyspace.setString(key.span, of: key.span, at: &place, deadline: Keyspace.noDeadline)
        }
    }

    private static func remove(_ range: Range<Int>, tag: String, from keyspace: inout Keyspace) {
        for number in range {
            let key = [UInt8]("\(tag)\(number)".utf8)
            var place = keyspace.locate(key.span, now: 0)
            keyspace.remove(&place)
        }
    }

    /// All keys of a walk, during which `meanwhile` is called between the steps.
    private static func walk(
        _ keyspace: inout Keyspace, count: Int, meanwhile: (inout Keyspace, Int) -> Void
    ) -> [[UInt8]] {
        var keys: [[UInt8]] = []
        var cursor: UInt64 = 0
        var step = 0
        repeat {
            var budget = count
            let next = keyspace.scan(
                from: ScanCursor(rawValue: cursor), in: allSlots, count: &budget,
                filter: ScanFilter(), now: 0, into: &keys)
            cursor = next?.rawValue ?? 0
            meanwhile(&keyspace, step)
            step += 1
            precondition(step < 100_000, "the walk doesn't end")
        } while cursor != 0
        return keys
    }

    @Test(
        "an undisturbed walk answers each key exactly once", arguments: ["{t}", "k"], [1, 10, 1000])
    func undisturbed(tag: String, count: Int) {
        var keyspace = Keyspace(hashSecret: 9)
        Self.add(0..<3000, tag: tag, to: &keyspace)
        let keys = Self.walk(&keyspace, count: count) { _, _ in }
        #expect(keys.count == 3000)
        #expect(Set(keys).count == 3000)
    }

    @Test(
        "keys that are there throughout are answered while the table grows and shrinks",
        arguments: ["{t}", "k"], 1...6 as ClosedRange<UInt64>)
    func changingTable(tag: String, seed: UInt64) {
        var keyspace = Keyspace(hashSecret: seed)
        var generator = SeededGenerator(seed: seed)
        Self.add(0..<500, tag: tag, to: &keyspace)
        if seed % 2 == 0 { Self.add(1000..<30_000, tag: tag, to: &keyspace) }
        var next = 1000
        let keys = Self.walk(&keyspace, count: 7) { keyspace, _ in
            let count = generator.below(300)
            if seed % 2 == 0 {
                Self.remove(next..<next + count * 2, tag: tag, from: &keyspace)
            } else if next < 40_000 {
                Self.add(next..<next + count, tag: tag, to: &keyspace)
            }
            next += seed % 2 == 0 ? count * 2 : count
        }
        let found = Set(keys)
        for number in 0..<500 {
            #expect(found.contains([UInt8]("\(tag)\(number)".utf8)), "\(tag)\(number)")
        }
    }

    @Test("a walk goes on from a replica to one that was restored from a snapshot") func failover()
        throws
    {
        var keyspace = Keyspace(hashSecret: 7)
        Self.add(0..<2000, tag: "{t}", to: &keyspace)
        Self.add(2000..<9000, tag: "{t}", to: &keyspace)
        Self.remove(2000..<9000, tag: "{t}", from: &keyspace)
        var other = try restored(snapshot(of: &keyspace), hashSecret: 7)
        var keys: [[UInt8]] = []
        var budget = 700
        let cursor = keyspace.scan(
            from: ScanCursor(rawValue: 0), in: Self.allSlots, count: &budget, filter: ScanFilter(),
            now: 0, into: &keys)
        var next = try #require(cursor).rawValue
        while next != 0 {
            var page = 50
            next =
                other.scan(
                    from: ScanCursor(rawValue: next), in: Self.allSlots, count: &page,
                    filter: ScanFilter(), now: 0, into: &keys)?.rawValue ?? 0
        }
        #expect(Set(keys).count == 2000)
        other.removeAll()
    }

    @Test("a cursor fits a signed integer and comes back whole", arguments: [0, 1, 9000, 16383])
    func cursors(slot: UInt16) {
        let cursor = ScanCursor(slot: SlotID(slot))
        #expect(cursor.rawValue < 1 << 62)
        #expect(ScanCursor(rawValue: cursor.rawValue) == cursor)
    }

    @Test("filters by type, pattern and deadline") func filters() {
        var keyspace = Keyspace(hashSecret: 7)
        Self.add(0..<20, tag: "s", to: &keyspace)
        let key = [UInt8]("h".utf8)
        var place = keyspace.locate(key.span, now: 0)
        keyspace.setField(key.span, to: key.span, of: key.span, at: &place)
        keyspace.setDeadline(100, at: &place)
        func count(_ filter: ScanFilter, now: Int64 = 0) -> Int {
            var keys: [[UInt8]] = []
            var budget = 1000
            let next = keyspace.scan(
                from: ScanCursor(rawValue: 0), in: Self.allSlots, count: &budget, filter: filter,
                now: now, into: &keys)
            return next == nil ? keys.count : -1
        }
        #expect(count(ScanFilter()) == 21)
        #expect(count(ScanFilter(), now: 100) == 20)
        #expect(count(ScanFilter(type: .only(.hash))) == 1)
        #expect(count(ScanFilter(type: .nothing)) == 0)
        #expect(count(ScanFilter(pattern: [UInt8]("s1?".utf8), type: .only(.string))) == 10)
    }

    @Test(
        "patterns are Redis's",
        arguments: [
            ("*", "", true), ("*", "abc", true), ("a*", "abc", true), ("*c", "abc", true),
            ("a*c", "abc", true), ("a*d", "abc", false), ("**", "x", true), ("", "", true),
            ("", "a", false), ("?", "a", true), ("?", "", false), ("a?c", "abc", true),
            ("[abc]", "b", true), ("[a-c]x", "bx", true), ("[c-a]", "b", true),
            ("[^a]", "b", true), ("[^a]", "a", false), ("\\*", "*", true), ("\\*", "a", false),
            ("[\\]]", "]", true), ("a[", "a", false), ("[a", "a", true), ("*a*b*", "xxaybzz", true),
            ("*a*b*", "xxbyazz", false), ("\\", "\\", true),
        ] as [(String, String, Bool)])
    func patterns(pattern: String, text: String, isMatch: Bool) {
        #expect(
            GlobPattern.matches([UInt8](pattern.utf8).span, [UInt8](text.utf8).span) == isMatch)
    }
}
