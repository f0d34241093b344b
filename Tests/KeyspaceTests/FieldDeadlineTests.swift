import Keyspace
import Primitives
import Testing

@Suite("Deadlines of fields") struct FieldDeadlineTests {
    private static let key = [UInt8]("h".utf8)

    private static func field(_ number: Int) -> [UInt8] { [UInt8]("f\(number)".utf8) }

    private static func set(
        _ number: Int, deadline: Int64?, now: Int64 = 0, in keyspace: inout Keyspace
    ) -> Bool {
        var place = keyspace.locate(key.span, now: now)
        return keyspace.setField(
            field(number).span, to: [1].span, deadline: deadline, of: key.span, at: &place)
    }

    /// A hash whose fields end one after the other, each at its number.
    private static func hash(of numbers: Range<Int>) -> Keyspace {
        var keyspace = Keyspace(hashSecret: 5)
        for number in numbers { _ = set(number, deadline: Int64(number), in: &keyspace) }
        return keyspace
    }

    private static func names(_ keyspace: borrowing Keyspace, now: Int64) -> [[UInt8]] {
        let place = keyspace.locate(key.span, now: now)
        guard place.isPresent else { return [] }
        var names: [[UInt8]] = []
        keyspace.forEachField(at: place) { name, _ in names.append([UInt8](copying: name)) }
        return names
    }

    @Test("a field is seen until its deadline, and the key until the last one's") func visibility()
    {
        let keyspace = Self.hash(of: 1..<1001)
        for now: Int64 in [0, 1, 500, 998] {
            let place = keyspace.locate(Self.key.span, now: now)
            let isPresent = place.isPresent
            #expect(isPresent)
            let (deadline, end) = (place.deadline, place.end)
            #expect(deadline == Keyspace.noDeadline && end == 1000)
            let count = keyspace.fieldCount(at: place)
            #expect(count == 1000 - Int(now))
            let earliest = keyspace.earliestFieldDeadline(at: place)
            #expect(earliest == now + 1)
            let isSeen = keyspace.field(Self.field(500).span, at: place) != nil
            #expect(isSeen == (now < 500))
            #expect(Self.names(keyspace, now: now) == (Int(now) + 1...1000).map(Self.field))
        }
        let isPresent = keyspace.locate(Self.key.span, now: 1000).isPresent
        #expect(!isPresent)
        #expect(keyspace.keyCount == 1)
    }

    @Test("walks and draws leave out what has ended", arguments: [8, 1000], [2, 3, 7])
    func walksAndDraws(fieldCount: Int, left: Int) {
        let keyspace = Self.hash(of: 1..<fieldCount + 1)
        let place = keyspace.locate(Self.key.span, now: Int64(fieldCount - left))
        let expected = Set((fieldCount - left + 1...fieldCount).map(Self.field))
        var found: [[UInt8]] = []
        let next = keyspace.scanFields(at: place, from: 0, count: 100_000) { name, _ in
            found.append([UInt8](copying: name))
        }
        #expect(next == 0)
        #expect(Set(found) == expected)
        found = []
        keyspace.drawFields(200, at: place, seed: 4) { name, _ in
            found.append([UInt8](copying: name))
        }
        #expect(Set(found) == expected)
        found = []
        keyspace.drawDistinctFields(left - 1, at: place, seed: 4) { name, _ in
            found.append([UInt8](copying: name))
        }
        #expect(Set(found).isSubset(of: expected))
        #expect(Set(found).count == left - 1)
    }

    @Test("a field that has ended is new when it is set again, and comes last") func setAgain() {
        var keyspace = Self.hash(of: 1..<21)
        let isNew = Self.set(5, deadline: nil, now: 5, in: &keyspace)
        #expect(isNew)
        #expect(Self.names(keyspace, now: 5) == (Array(6...20) + [5]).map(Self.field))
        // It keeps nothing of the old deadline; the others keep theirs, or get another one.
        let end = keyspace.locate(Self.key.span, now: 5).end
        #expect(end == Keyspace.noDeadline)
        let kept = Self.set(7, deadline: nil, now: 5, in: &keyspace)
        let changed = Self.set(8, deadline: 99, now: 5, in: &keyspace)
        #expect(!kept && !changed)
        let place = keyspace.locate(Self.key.span, now: 5)
        let deadlines = [7, 8, 4].map {
            keyspace.fieldDeadline(Self.field($0).span, at: place)
        }
        #expect(deadlines == [7, 99, nil])
    }

    @Test("a hash of which everything has ended is made anew") func newHash() {
        var keyspace = Self.hash(of: 1..<21)
        var place = keyspace.locate(Self.key.span, now: 0)
        keyspace.setDeadline(5000, at: &place)
        _ = Self.set(3, deadline: Keyspace.noDeadline, now: 30, in: &keyspace)
        #expect(Self.names(keyspace, now: 30) == [Self.field(3)])
        let deadline = keyspace.locate(Self.key.span, now: 30).deadline
        #expect(deadline == Keyspace.noDeadline)
        #expect(keyspace.keyCount == 1)
    }

    @Test("what has ended goes a part at a time, the earliest first, and memory with it")
    func removal() {
        var keyspace = Self.hash(of: 1..<20_001)
        #expect(keyspace.earliestDeadlineBound == 1)
        for step in 1...200 {
            #expect(keyspace.expireStep(now: 100_000, limit: 100) == 100)
            #expect(
                Self.names(keyspace, now: .min).first
                    == (step < 200 ? Self.field(step * 100 + 1) : nil))
        }
        #expect(keyspace.expireStep(now: 100_000, limit: 100) == 0)
        #expect(keyspace.keyCount == 0)
        #expect(keyspace.byteCount == 0)
        #expect(keyspace.earliestDeadlineBound == nil)
        let hasGarbage = keyspace.hasGarbage
        #expect(!hasGarbage)
    }

    @Test("fields of one deadline go in the order of their names, after earlier ones of other keys")
    func ties() {
        var keyspace = Keyspace(hashSecret: 9)
        for number in [3, 1, 2] { _ = Self.set(number, deadline: 50, in: &keyspace) }
        let other = [UInt8]("a".utf8)
        var place = keyspace.locate(other.span, now: 0)
        keyspace.setString(other.span, of: other.span, at: &place, deadline: 49)
        var left: [[[UInt8]]] = []
        for _ in 0..<3 {
            keyspace.expireStep(now: 60, limit: 1)
            left.append(Self.names(keyspace, now: .min))
        }
        #expect(keyspace.keyCount == 1)
        #expect(left == [[3, 1, 2], [3, 2], [3]].map { $0.map(Self.field) })
    }

    @Test("a large hash whose fields end is freed a part at a time when it is removed")
    func freeing() {
        var keyspace = Self.hash(of: 1..<5001)
        var place = keyspace.locate(Self.key.span, now: 0)
        keyspace.remove(&place)
        #expect(keyspace.byteCount == 0)
        var stepCount = 0
        while keyspace.hasGarbage {
            keyspace.freeSome(limit: 10)
            stepCount += 1
        }
        #expect(stepCount > 400)
        #expect(keyspace.expireStep(now: 100_000, limit: 10) == 0)
    }
}
