import Keyspace
import Primitives
import Testing

@Suite("Walks over the fields of a hash") struct FieldWalkTests {
    private static let key = [UInt8]("h".utf8)

    private static func field(_ number: Int) -> [UInt8] { [UInt8]("f\(number)".utf8) }

    private static func add(_ numbers: Range<Int>, to keyspace: inout Keyspace) {
        var place = keyspace.locate(key.span, now: 0)
        for number in numbers {
            let name = field(number)
            keyspace.setField(name.span, to: name.span, of: key.span, at: &place)
        }
    }

    private static func remove(_ numbers: Range<Int>, from keyspace: inout Keyspace) {
        for number in numbers {
            var place = keyspace.locate(key.span, now: 0)
            guard place.isPresent else { return }
            _ = keyspace.removeField(field(number).span, at: &place)
        }
    }

    private static func hash(of numbers: Range<Int>, secret: UInt64 = 5) -> Keyspace {
        var keyspace = Keyspace(hashSecret: secret)
        add(numbers, to: &keyspace)
        return keyspace
    }

    /// One step of a walk.
    private static func step(
        _ keyspace: borrowing Keyspace, _ cursor: inout UInt64, count: Int,
        into names: inout [[UInt8]]
    ) {
        let place = keyspace.locate(key.span, now: 0)
        guard place.isPresent else { return cursor = 0 }
        var found: [[UInt8]] = []
        cursor = keyspace.scanFields(at: place, from: cursor, count: count) { name, value in
            precondition([UInt8](copying: name) == [UInt8](copying: value), "another's value")
            found.append([UInt8](copying: name))
        }
        names += found
    }

    @Test(
        "an undisturbed walk answers each field exactly once", arguments: [1, 8, 9, 3000], [1, 10])
    func undisturbed(fieldCount: Int, count: Int) {
        let keyspace = Self.hash(of: 0..<fieldCount)
        var names: [[UInt8]] = []
        var cursor: UInt64 = 0
        repeat { Self.step(keyspace, &cursor, count: count, into: &names) } while cursor != 0
        #expect(names.count == fieldCount)
        #expect(Set(names).count == fieldCount)
    }

    @Test(
        "fields that are there throughout are answered while others come and go",
        arguments: 1...8 as ClosedRange<UInt64>)
    func changing(seed: UInt64) {
        // The ones that stay are few enough for a hash without a table, or more.
        let kept = seed % 4 < 2 ? 6 : 400
        var generator = SeededGenerator(seed: seed)
        var keyspace = Self.hash(of: 0..<kept, secret: seed)
        if seed % 2 == 0 { Self.add(1000..<20_000, to: &keyspace) }
        var next = 1000
        var names: [[UInt8]] = []
        var cursor: UInt64 = 0
        var stepCount = 0
        repeat {
            Self.step(keyspace, &cursor, count: 7, into: &names)
            let count = generator.below(200)
            if seed % 2 == 0 {
                Self.remove(next..<next + count * 2, from: &keyspace)
            } else if next < 20_000 {
                Self.add(next..<next + count, to: &keyspace)
            }
            next += seed % 2 == 0 ? count * 2 : count
            stepCount += 1
        } while cursor != 0 && stepCount < 100_000
        let found = Set(names)
        for number in 0..<kept { #expect(found.contains(Self.field(number)), "\(number)") }
    }

    @Test("a walk goes on from a replica to one restored from a snapshot", arguments: [5, 700])
    func failover(kept: Int) throws {
        var keyspace = Self.hash(of: 0..<kept)
        Self.add(kept..<kept + 3000, to: &keyspace)
        var names: [[UInt8]] = []
        var cursor: UInt64 = 0
        Self.step(keyspace, &cursor, count: 300, into: &names)
        #expect(cursor != 0)
        // The restored hash of 5 fields has no table, this one has.
        Self.remove(kept..<kept + 3000, from: &keyspace)
        let other = try restored(snapshot(of: &keyspace), hashSecret: 5)
        while cursor != 0 { Self.step(other, &cursor, count: 50, into: &names) }
        let found = Set(names)
        for number in 0..<kept { #expect(found.contains(Self.field(number)), "\(number)") }
    }

    @Test("any cursor is a place to go on from", arguments: [1, 99, 1 << 47, .max] as [UInt64])
    func anyCursor(cursor: UInt64) {
        for count in [5, 500] {
            let keyspace = Self.hash(of: 0..<count)
            var (names, next) = ([[UInt8]](), cursor)
            Self.step(keyspace, &next, count: 10, into: &names)
            #expect(names.count <= count)
            #expect(next < 1 << 48)
        }
    }

    @Test("each field is drawn about as often as the others", arguments: [3, 8, 9, 200])
    func draws(fieldCount: Int) {
        var keyspace = Self.hash(of: 0..<fieldCount)
        if fieldCount > 100 {
            // A table that is nearly as empty as it can be, and has been larger.
            Self.add(fieldCount..<3000, to: &keyspace)
            Self.remove(fieldCount..<3000, from: &keyspace)
        }
        let place = keyspace.locate(Self.key.span, now: 0)
        var counts: [[UInt8]: Int] = [:]
        keyspace.drawFields(fieldCount * 1000, at: place, seed: 7) { name, _ in
            counts[[UInt8](copying: name), default: 0] += 1
        }
        #expect(counts.count == fieldCount)
        for (_, count) in counts { #expect(850...1150 ~= count) }
    }

    @Test(
        "different fields are drawn alike too", arguments: [(8, 3), (30, 5), (30, 20), (500, 40)])
    func distinctDraws(fieldCount: Int, count: Int) {
        let keyspace = Self.hash(of: 0..<fieldCount)
        let place = keyspace.locate(Self.key.span, now: 0)
        var counts: [[UInt8]: Int] = [:]
        let rounds = 1000 * fieldCount / count
        for round in 0..<rounds {
            var drawn: [[UInt8]] = []
            keyspace.drawDistinctFields(count, at: place, seed: UInt64(round)) { name, _ in
                drawn.append([UInt8](copying: name))
            }
            #expect(Set(drawn).count == count)
            for name in drawn { counts[name, default: 0] += 1 }
        }
        for (_, count) in counts { #expect(850...1150 ~= count) }
        #expect(counts.count == fieldCount)
    }

    @Test("all fields come in their order when no fewer are asked for") func allFields() {
        let keyspace = Self.hash(of: 0..<20)
        let place = keyspace.locate(Self.key.span, now: 0)
        var drawn: [[UInt8]] = []
        keyspace.drawDistinctFields(20, at: place, seed: 3) { name, _ in
            drawn.append([UInt8](copying: name))
        }
        #expect(drawn == (0..<20).map(Self.field))
    }
}
