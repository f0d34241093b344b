import Keyspace
import Primitives

/// What a keyspace should hold, kept in the plainest way.
struct KeyspaceModel {
    struct Field: Equatable {
        var name: [UInt8]
        var value: [UInt8]
        var deadline: Int64
    }

    enum Value: Equatable {
        case string([UInt8])
        case hash([Field])
    }

    struct Record: Equatable {
        var value: Value
        var deadline: Int64

        var fields: [Field] {
            if case .hash(let fields) = value { fields } else { [] }
        }

        func isLive(now: Int64) -> Bool {
            guard deadline > now else { return false }
            if case .string = value { return true }
            return fields.contains { $0.deadline > now }
        }

        /// The deadlines of what must be removed at `now`: fields that end before the key, and the
        /// key if some are left.
        func due(now: Int64) -> [Int64] {
            guard deadline <= now || fields.contains(where: { $0.deadline <= now }) else {
                return []
            }
            let due = fields.map(\.deadline).filter { $0 <= now && $0 < deadline }
            let endsWithLast = due.count == fields.count && !due.isEmpty
            return due + (deadline <= now && !endsWithLast ? [deadline] : [])
        }
    }

    var records: [[UInt8]: Record] = [:]

    func live(_ key: [UInt8], now: Int64) -> Record? {
        records[key].flatMap { $0.isLive(now: now) ? $0 : nil }
    }
}

/// Applies the same random changes to a keyspace and to its model.
struct KeyspaceExercise: ~Copyable {
    var keyspace: Keyspace
    var model = KeyspaceModel()
    var generator: SeededGenerator
    var now: Int64 = 1_000_000
    let keyCount: Int
    /// Whether some values and hashes are too large to be written at once.
    let hasLargeValues: Bool
    /// Whether some values are too long for any compact hash.
    let hasLongValues: Bool
    /// What the keyspace's limits change between.
    let limits: [CompactLimits]
    /// Of its own, so that the changes made don't depend on the limits.
    private var limitGenerator: SeededGenerator

    static let allLimits = [
        CompactLimits(fieldCount: 4, itemByteCount: 8), CompactLimits(),
        CompactLimits(fieldCount: 1024, itemByteCount: 4096),
        CompactLimits(fieldCount: 20, itemByteCount: 60),
    ]

    init(
        seed: UInt64, keyCount: Int, hashSecret: UInt64, hasLargeValues: Bool = false,
        hasLongValues: Bool = true, limits: [CompactLimits] = allLimits
    ) {
        self.hasLargeValues = hasLargeValues
        self.hasLongValues = hasLongValues
        keyspace = Keyspace(hashSecret: hashSecret)
        keyspace.compactLimits = limits[Int(seed % UInt64(limits.count))]
        self.limits = limits
        generator = SeededGenerator(seed: seed)
        limitGenerator = SeededGenerator(seed: ~seed)
        self.keyCount = keyCount
    }

    /// Keys of one slot when tagged, else of all.
    mutating func key() -> [UInt8] {
        let number = generator.below(keyCount)
        return [UInt8]((number % 3 == 0 ? "key:\(number)" : "{t}\(number)").utf8)
    }

    private mutating func bytes() -> [UInt8] {
        if hasLargeValues, generator.chance(percent: 4) {
            let byte = UInt8(truncatingIfNeeded: generator.next())
            return [UInt8](repeating: byte, count: 10_000 + generator.below(40_000))
        }
        let bound = generator.chance(percent: 40) ? 9 : 90
        let count =
            generator.chance(percent: 3)
            ? 200 + generator.below(hasLongValues ? 5000 : 100) : generator.below(bound)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    private mutating func field() -> [UInt8] {
        [UInt8]("field\(generator.below(hasLargeValues ? 300 : 40))".utf8)
    }

    private mutating func deadline() -> Int64 {
        generator.chance(percent: 60) ? Keyspace.noDeadline : now + 1 + Int64(generator.below(400))
    }

    /// Fields of every other key never end.
    private mutating func fieldDeadline(of key: [UInt8]) -> Int64 {
        let deadline = deadline()
        return key.last.map { $0 % 2 == 0 } ?? false ? Keyspace.noDeadline : deadline
    }

    mutating func step() {
        if limitGenerator.chance(percent: 2) {
            keyspace.compactLimits = limits[limitGenerator.below(limits.count)]
        }
        now += Int64(generator.below(3))
        let key = key()
        let record = model.live(key, now: now)
        var place = keyspace.locate(key.span, now: now)
        precondition(place.isPresent == (record != nil), "presence of \(key) differs")
        switch generator.below(100) {
        case 0..<30: set(key, &place)
        case 30..<35: append(key, record, &place)
        case 35..<40: overwrite(key, record, &place)
        case 40..<60: setField(key, record, &place)
        case 60..<70: removeField(key, record, &place)
        case 70..<74: setDeadline(key, record, &place)
        case 74..<79: setFieldDeadline(key, record, &place)
        case 79..<85: giveName(key, record, place)
        case 85..<95:
            keyspace.remove(&place)
            model.records[key] = nil
        default: expire()
        }
    }

    private mutating func set(_ key: [UInt8], _ place: inout Place) {
        let (value, deadline) = (bytes(), deadline())
        keyspace.setString(value.span, of: key.span, at: &place, deadline: deadline)
        model.records[key] = .init(value: .string(value), deadline: deadline)
    }

    private mutating func overwrite(
        _ key: [UInt8], _ record: KeyspaceModel.Record?, _ place: inout Place
    ) {
        guard case .string(var value)? = record?.value else { return }
        let bytes = bytes()
        let offset = generator.below(value.count + (generator.chance(percent: 20) ? 3000 : 1))
        keyspace.overwrite(bytes.span, from: offset, of: key.span, at: &place)
        let lacking = max(0, offset + bytes.count - value.count)
        value += [UInt8](repeating: 0, count: lacking)
        value.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        model.records[key]?.value = .string(value)
    }

    private mutating func append(
        _ key: [UInt8], _ record: KeyspaceModel.Record?, _ place: inout Place
    ) {
        guard case .string(let old)? = record?.value else { return }
        let more = bytes()
        keyspace.append(more.span, to: key.span, at: &place)
        model.records[key]?.value = .string(old + more)
    }

    private mutating func setField(
        _ key: [UInt8], _ record: KeyspaceModel.Record?, _ place: inout Place
    ) {
        if case .string? = record?.value { return }
        let name = field()
        let value = bytes()
        let deadline = generator.chance(percent: 20) ? nil : fieldDeadline(of: key)
        let isNew = keyspace.setField(
            name.span, to: value.span, deadline: deadline, of: key.span, at: &place)
        var fields = record?.fields ?? []
        fields.removeAll { $0.name == name && $0.deadline <= now }
        let index = fields.firstIndex { $0.name == name }
        precondition(isNew == (index == nil), "newness of a field differs")
        if let index {
            fields[index].value = value
            if let deadline { fields[index].deadline = deadline }
        } else {
            fields.append(
                .init(name: name, value: value, deadline: deadline ?? Keyspace.noDeadline))
        }
        model.records[key] = .init(
            value: .hash(fields), deadline: record?.deadline ?? Keyspace.noDeadline)
    }

    private mutating func removeField(
        _ key: [UInt8], _ record: KeyspaceModel.Record?, _ place: inout Place
    ) {
        guard case .hash(var fields)? = record?.value else { return }
        let name = field()
        let index = fields.firstIndex { $0.name == name && $0.deadline > now }
        let wasThere = keyspace.removeField(name.span, at: &place)
        precondition(wasThere == (index != nil), "presence of a field differs")
        guard let index else { return }
        fields.remove(at: index)
        model.records[key]?.value = .hash(fields)
        if fields.isEmpty { model.records[key] = nil }
        precondition(
            place.isPresent == (model.live(key, now: now) != nil), "presence afterwards differs")
    }

    private mutating func setFieldDeadline(
        _ key: [UInt8], _ record: KeyspaceModel.Record?, _ place: inout Place
    ) {
        guard case .hash(var fields)? = record?.value else { return }
        let name = field()
        let index = fields.firstIndex { $0.name == name && $0.deadline > now }
        let found = keyspace.fieldDeadline(name.span, at: place)
        precondition(found == index.map { fields[$0].deadline }, "deadline of a field differs")
        guard let index else { return }
        fields[index].deadline = fieldDeadline(of: key)
        keyspace.setFieldDeadline(fields[index].deadline, of: name.span, at: &place)
        model.records[key]?.value = .hash(fields)
    }

    /// Renames or copies a key, over whatever has the name.
    private mutating func giveName(
        _ key: [UInt8], _ record: KeyspaceModel.Record?, _ place: consuming Place
    ) {
        let other = self.key()
        guard let record, other != key else { return }
        var target = keyspace.locate(other.span, now: now)
        if generator.chance(percent: 60) {
            keyspace.rename(place, to: other.span, at: &target)
            model.records[key] = nil
        } else {
            keyspace.copy(place, to: other.span, at: &target)
        }
        model.records[other] = record
    }

    private mutating func setDeadline(
        _ key: [UInt8], _ record: KeyspaceModel.Record?, _ place: inout Place
    ) {
        guard record != nil else { return }
        let deadline = deadline()
        keyspace.setDeadline(deadline, at: &place)
        model.records[key]?.deadline = deadline
    }

    /// Adds many fields to a hash, or makes one.
    mutating func widen() {
        let key = key()
        for _ in 0..<generator.below(300) {
            let record = model.live(key, now: now)
            var place = keyspace.locate(key.span, now: now)
            setField(key, record, &place)
        }
    }

    mutating func removeAll() {
        keyspace.removeAll()
        model.records = [:]
    }

    /// The earliest keys and fields go first, so what is left are the latest.
    private mutating func expire() {
        let limit = generator.below(6)
        let deadlines = model.records.values.flatMap { $0.due(now: now) }.sorted()
        let removed = keyspace.expireStep(now: now, limit: limit)
        precondition(
            removed == min(limit, deadlines.count), "\(removed) of \(deadlines.count) expired")
        let bounds = (
            mustBeGone: removed == deadlines.count ? now + 1 : deadlines[removed],
            mayBeGone: removed == 0 ? Int64.min : deadlines[removed - 1]
        )
        for (key, record) in model.records where !record.due(now: now).isEmpty {
            take(expired: key, record, bounds)
        }
    }

    /// Makes the model forget what the keyspace has removed of a key, if it may have.
    private mutating func take(
        expired key: [UInt8], _ record: KeyspaceModel.Record,
        _ bounds: (mustBeGone: Int64, mayBeGone: Int64)
    ) {
        func check(_ deadline: Int64, isStored: Bool) {
            precondition(
                isStored ? deadline >= bounds.mustBeGone : deadline <= bounds.mayBeGone,
                "a later deadline went first")
        }
        // Nothing has ended by then.
        let place = keyspace.locate(key.span, now: .min)
        guard place.isPresent else {
            for deadline in record.due(now: now) { check(deadline, isStored: false) }
            return model.records[key] = nil
        }
        check(record.deadline, isStored: true)
        guard case .hash(let fields) = record.value else { return }
        let left = fields.filter { keyspace.fieldDeadline($0.name.span, at: place) != nil }
        for field in fields { check(field.deadline, isStored: left.contains(field)) }
        model.records[key]?.value = .hash(left)
    }

    /// Whether every key, value, order and deadline agrees.
    func agrees() -> Bool {
        guard keyspace.keyCount == model.records.count else { return false }
        return model.records.allSatisfy { key, record in
            let place = keyspace.locate(key.span, now: .min)
            guard place.isPresent, place.deadline == record.deadline else { return false }
            switch record.value {
            case .string(let value):
                return place.type == .string
                    && [UInt8](copying: keyspace.string(at: place)) == value
            case .hash(let fields):
                guard place.type == .hash else { return false }
                return found(at: place) == fields && keyspace.fieldCount(at: place) == fields.count
                    && agreesNow(key, record)
            }
        }
    }

    private func found(at place: borrowing Place) -> [KeyspaceModel.Field] {
        var found: [KeyspaceModel.Field] = []
        keyspace.forEachField(at: place) { name, value in
            found.append(
                .init(
                    name: [UInt8](copying: name), value: [UInt8](copying: value),
                    deadline: keyspace.fieldDeadline(name, at: place) ?? 0))
        }
        return found
    }

    /// Whether what can be seen of a hash now agrees.
    private func agreesNow(_ key: [UInt8], _ record: KeyspaceModel.Record) -> Bool {
        let place = keyspace.locate(key.span, now: now)
        guard place.isPresent == record.isLive(now: now) else { return false }
        let lastEnd = record.fields.map(\.deadline).max() ?? Keyspace.noDeadline
        guard place.end == min(record.deadline, lastEnd) else { return false }
        guard place.isPresent else { return true }
        let live = record.fields.filter { $0.deadline > now }
        return found(at: place) == live && keyspace.fieldCount(at: place) == live.count
            && keyspace.earliestFieldDeadline(at: place) == live.map(\.deadline).min()
    }
}
