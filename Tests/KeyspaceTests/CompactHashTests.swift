import Keyspace
import Primitives
import Testing

@Suite("Hashes in one block") struct CompactHashTests {
    private static let key = [UInt8]("h".utf8)

    private static func bytes(_ count: Int, _ byte: UInt8 = 1) -> [UInt8] {
        [UInt8](repeating: byte, count: count)
    }

    @discardableResult
    private static func set(
        _ name: [UInt8], to value: [UInt8], deadline: Int64? = nil, of key: [UInt8] = key,
        in keyspace: inout Keyspace
    ) -> Bool {
        var place = keyspace.locate(key.span, now: 0)
        return keyspace.setField(
            name.span, to: value.span, deadline: deadline, of: key.span, at: &place)
    }

    @discardableResult
    private static func remove(_ name: [UInt8], from keyspace: inout Keyspace) -> Bool {
        var place = keyspace.locate(key.span, now: 0)
        return place.isPresent && keyspace.removeField(name.span, at: &place)
    }

    private static func value(_ name: [UInt8], in keyspace: borrowing Keyspace) -> [UInt8]? {
        let place = keyspace.locate(key.span, now: 0)
        guard let value = keyspace.field(name.span, at: place) else { return nil }
        return [UInt8](copying: value)
    }

    private static func isCompact(
        _ keyspace: borrowing Keyspace, _ key: [UInt8] = key
    ) -> Bool {
        keyspace.isCompact(at: keyspace.locate(key.span, now: 0))
    }

    private static func fields(
        _ keyspace: borrowing Keyspace, _ key: [UInt8] = key
    ) -> [[UInt8]] {
        var fields: [[UInt8]] = []
        keyspace.forEachField(at: keyspace.locate(key.span, now: 0)) { name, value in
            fields += [[UInt8](copying: name), [UInt8](copying: value)]
        }
        return fields
    }

    private static func keyspace(
        fieldCount: Int = 512, itemByteCount: Int = 64
    ) -> Keyspace {
        var keyspace = Keyspace(hashSecret: 5)
        keyspace.compactLimits = CompactLimits(
            fieldCount: fieldCount, itemByteCount: itemByteCount)
        return keyspace
    }

    // MARK: Limits

    @Test("a hash is spread out by one field too many, and stays so", arguments: [0, 1, 4, 512])
    func fieldLimit(limit: Int) {
        var keyspace = Self.keyspace(fieldCount: limit)
        for number in 0...limit {
            Self.set([UInt8]("\(number)".utf8), to: [1], in: &keyspace)
            let isCompact = Self.isCompact(keyspace)
            #expect(isCompact == (number < limit))
        }
        for number in 1..<max(limit, 1) { Self.remove([UInt8]("\(number)".utf8), from: &keyspace) }
        let isCompact = Self.isCompact(keyspace)
        #expect(!isCompact)
    }

    @Test("a long name or value spreads a hash out", arguments: [0, 1, 64, 239, 240, 4096])
    func itemLimit(limit: Int) {
        for (name, value) in [(limit + 1, 0), (0, limit + 1)] {
            var keyspace = Self.keyspace(itemByteCount: limit)
            Self.set(Self.bytes(limit), to: Self.bytes(limit, 2), in: &keyspace)
            let before = Self.isCompact(keyspace)
            #expect(before)
            Self.set(Self.bytes(name), to: Self.bytes(value), in: &keyspace)
            let after = Self.isCompact(keyspace)
            #expect(!after)
            let kept = Self.value(Self.bytes(limit), in: keyspace)
            #expect(kept == (name == limit ? Self.bytes(value) : Self.bytes(limit, 2)))
        }
    }

    @Test("no limits let a block grow beyond 1024 fields, 128 KiB or items of 4 KiB")
    func bounds() {
        for (count, byteCount, last) in [(1024, 1, 1024), (100, 4096, 31), (1, 4097, 0)] {
            var keyspace = Self.keyspace(fieldCount: .max, itemByteCount: .max)
            var compactCount = 0
            for number in 0...count {
                let name = [UInt8]("\(number)".utf8)
                Self.set(name, to: Self.bytes(byteCount), in: &keyspace)
                if Self.isCompact(keyspace) { compactCount += 1 }
            }
            #expect(compactCount == last)
            #expect(Self.fields(keyspace).count == 2 * count + 2)
        }
    }

    @Test("lower limits leave a hash alone until it is changed") func lowerLimits() {
        var keyspace = Self.keyspace()
        for number: UInt8 in 0..<10 { Self.set([number], to: [1, 2, 3], in: &keyspace) }
        keyspace.compactLimits = CompactLimits(fieldCount: 5, itemByteCount: 2)
        Self.remove([3], from: &keyspace)
        let before = Self.isCompact(keyspace)
        #expect(before)
        // No field more, but still too many.
        Self.set([4], to: [1], in: &keyspace)
        let after = Self.isCompact(keyspace)
        #expect(!after)
    }

    @Test("the first deadline of a field spreads a hash out; taking away none doesn't")
    func deadlines() {
        var keyspace = Self.keyspace()
        for number: UInt8 in 0..<3 { Self.set([number], to: [number], in: &keyspace) }
        var place = keyspace.locate(Self.key.span, now: 0)
        keyspace.setDeadline(900, at: &place)
        keyspace.setFieldDeadline(Keyspace.noDeadline, of: [1].span, at: &place)
        let before = Self.isCompact(keyspace)
        #expect(before)
        place = keyspace.locate(Self.key.span, now: 0)
        keyspace.setFieldDeadline(50, of: [1].span, at: &place)
        let (isCompact, deadline) = (Self.isCompact(keyspace), place.deadline)
        #expect(!isCompact && deadline == 900)
        #expect(keyspace.expireStep(now: 60, limit: 5) == 1)
        #expect(Self.fields(keyspace) == [[0], [0], [2], [2]])
        #expect(keyspace.expireStep(now: 900, limit: 5) == 1)
        #expect(keyspace.keyCount == 0)
        Self.set([1], to: [1], deadline: 70, in: &keyspace)
        let timed = Self.isCompact(keyspace)
        #expect(!timed)
    }

    @Test("copies and renamed hashes are kept as they were, and have their own bytes")
    func copies() {
        for isCompact in [true, false] {
            var keyspace = Self.keyspace()
            for number: UInt8 in 0..<20 { Self.set([number], to: [1, number], in: &keyspace) }
            if !isCompact { Self.set([0], to: Self.bytes(65), in: &keyspace) }
            let fields = Self.fields(keyspace)
            let copy = [UInt8]("a longer name".utf8)
            var target = keyspace.locate(copy.span, now: 0)
            keyspace.copy(keyspace.locate(Self.key.span, now: 0), to: copy.span, at: &target)
            Self.set([1], to: [], in: &keyspace)
            #expect(Self.fields(keyspace, copy) == fields)
            #expect(Self.isCompact(keyspace, copy) == isCompact)
            let name = [UInt8]("n".utf8)
            target = keyspace.locate(name.span, now: 0)
            keyspace.rename(keyspace.locate(copy.span, now: 0), to: name.span, at: &target)
            #expect(Self.fields(keyspace, name) == fields)
            #expect(Self.isCompact(keyspace, name) == isCompact)
            #expect(keyspace.keyCount == 2)
        }
    }

    // MARK: Fields

    @Test("names of every length are told apart by each of their bytes")
    func names() {
        var keyspace = Self.keyspace(fieldCount: 1024)
        var names: [[UInt8]] = []
        for count in 0...22 {
            names.append(Self.bytes(count, 7))
            for index in 0..<count {
                names.append(Self.bytes(count, 7))
                names[names.count - 1][index] = 8
            }
        }
        for (number, name) in names.enumerated() {
            let isNew = Self.set(name, to: [UInt8(number % 256), 3], in: &keyspace)
            #expect(isNew)
        }
        for (number, name) in names.enumerated() {
            #expect(Self.value(name, in: keyspace) == [UInt8(number % 256), 3])
        }
        let isCompact = Self.isCompact(keyspace)
        #expect(isCompact)
        for count in 1...22 {
            #expect(Self.value(Self.bytes(count, 9), in: keyspace) == nil)
        }
    }

    @Test(
        "values of every length take each other's place between other fields",
        arguments: [0, 1, 239, 240, 241, 495, 496, 4096], [0, 1, 239, 240, 241, 495, 496, 4096])
    func lengths(one: Int, other: Int) {
        for nameByteCount in [1, 239, 240, 300] {
            var keyspace = Self.keyspace(itemByteCount: 4096)
            let name = Self.bytes(nameByteCount, 5)
            Self.set([1], to: [10], in: &keyspace)
            Self.set(name, to: Self.bytes(one), in: &keyspace)
            Self.set([3], to: [30, 31], in: &keyspace)
            let isNew = Self.set(name, to: Self.bytes(other, 2), in: &keyspace)
            #expect(!isNew)
            #expect(
                Self.fields(keyspace) == [
                    [1], [10], name, Self.bytes(other, 2), [3], [30, 31],
                ])
            let isGone = Self.remove(name, from: &keyspace)
            #expect(isGone)
            #expect(Self.fields(keyspace) == [[1], [10], [3], [30, 31]])
            let isCompact = Self.isCompact(keyspace)
            #expect(isCompact)
        }
    }

    @Test("a block is not much larger than what it holds, also when that becomes less")
    func memory() {
        var keyspace = Self.keyspace()
        func memory() -> Int {
            keyspace.memoryByteCount(
                at: keyspace.locate(Self.key.span, now: 0), samples: 5)
        }
        for number in 100..<500 {
            Self.set([UInt8]("field\(number)".utf8), to: Self.bytes(10), in: &keyspace)
            let byteCount = (number - 99) * 20
            #expect(byteCount..<byteCount * 5 / 4 + 72 ~= memory(), "\(number)")
            #expect(byteCount..<byteCount * 5 / 4 + 72 ~= keyspace.byteCount, "\(number)")
        }
        for number in 101..<500 { Self.remove([UInt8]("field\(number)".utf8), from: &keyspace) }
        #expect(20..<200 ~= memory())
        Self.remove([UInt8]("field100".utf8), from: &keyspace)
        #expect(keyspace.byteCount == 0 && keyspace.keyCount == 0)
    }

    // MARK: Snapshots

    @Test("a snapshot has a compact hash as it was, whatever becomes of it", arguments: 0..<7)
    func snapshots(change: Int) throws {
        var keyspace = Self.keyspace()
        for number: UInt8 in 0..<100 {
            Self.set([number], to: Self.bytes(50, number), in: &keyspace)
        }
        let before = keyspace.stateHash()
        keyspace.beginSnapshot()
        var place = keyspace.locate(Self.key.span, now: 0)
        switch change {
        case 0: Self.set([7], to: Self.bytes(50), in: &keyspace)
        case 1: Self.set([200], to: Self.bytes(50), in: &keyspace)
        case 2: Self.set([7], to: Self.bytes(65), in: &keyspace)
        case 3: Self.remove([7], from: &keyspace)
        case 4: keyspace.remove(&place)
        case 5: keyspace.setFieldDeadline(5, of: [7].span, at: &place)
        default:
            let name = [UInt8]("other".utf8)
            var target = keyspace.locate(name.span, now: 0)
            keyspace.rename(place, to: name.span, at: &target)
        }
        #expect(keyspace.stateHash() != before)
        while !keyspace.continueSnapshot(byteBudget: 100) {}
        let copy = try restored(keyspace.takeSnapshotOutput(), hashSecret: 5)
        #expect(copy.stateHash() == before)
    }

    @Test("the planted bug leaves out a compact hash that changes, as it does a string")
    func plantedBug() throws {
        var keyspace = Self.keyspace()
        for number: UInt8 in 0..<5 { Self.set([number], to: [1], in: &keyspace) }
        keyspace.beginSnapshot(missesChangedKeys: true)
        Self.set([1], to: [2], in: &keyspace)
        while !keyspace.continueSnapshot(byteBudget: 100) {}
        let copy = try restored(keyspace.takeSnapshotOutput(), hashSecret: 5)
        #expect(copy.keyCount == 0)
    }
}
