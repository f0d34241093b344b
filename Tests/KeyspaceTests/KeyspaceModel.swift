import Keyspace
import Primitives

/// What a keyspace should hold, kept in the plainest way.
struct KeyspaceModel {
    enum Value: Equatable {
        case string([UInt8])
        case hash([(name: [UInt8], value: [UInt8])])

        static func == (left: Value, right: Value) -> Bool {
            switch (left, right) {
            case (.string(let one), .string(let other)): one == other
            case (.hash(let one), .hash(let other)):
                one.map(\.name) == other.map(\.name) && one.map(\.value) == other.map(\.value)
            default: false
            }
        }
    }

    struct Record: Equatable {
        var value: Value
        var deadline: Int64
    }

    var records: [[UInt8]: Record] = [:]

    func live(_ key: [UInt8], now: Int64) -> Record? {
        records[key].flatMap { $0.deadline > now ? $0 : nil }
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

    init(seed: UInt64, keyCount: Int, hashSecret: UInt64, hasLargeValues: Bool = false) {
        self.hasLargeValues = hasLargeValues
        keyspace = Keyspace(hashSecret: hashSecret)
        generator = SeededGenerator(seed: seed)
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
        let count = generator.chance(percent: 3) ? 300 + generator.below(5000) : generator.below(90)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    private mutating func field() -> [UInt8] {
        [UInt8]("field\(generator.below(hasLargeValues ? 300 : 40))".utf8)
    }

    private mutating func deadline() -> Int64 {
        generator.chance(percent: 60) ? Keyspace.noDeadline : now + 1 + Int64(generator.below(400))
    }

    mutating func step() {
        now += Int64(generator.below(3))
        let key = key()
        let record = model.live(key, now: now)
        var place = keyspace.locate(key.span, now: now)
        precondition(place.isPresent == (record != nil), "presence of \(key) differs")
        switch generator.below(100) {
        case 0..<30: set(key, &place)
        case 30..<40: append(key, record, &place)
        case 40..<60: setField(key, record, &place)
        case 60..<70: removeField(key, record, &place)
        case 70..<78: setDeadline(key, record, &place)
        case 78..<95:
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
        let isNew = keyspace.setField(name.span, to: value.span, of: key.span, at: &place)
        var fields: [(name: [UInt8], value: [UInt8])] = []
        if case .hash(let old)? = record?.value { fields = old }
        let index = fields.firstIndex { $0.name == name }
        precondition(isNew == (index == nil), "newness of a field differs")
        if let index { fields[index].value = value } else { fields.append((name, value)) }
        model.records[key] = .init(
            value: .hash(fields), deadline: record?.deadline ?? Keyspace.noDeadline)
    }

    private mutating func removeField(
        _ key: [UInt8], _ record: KeyspaceModel.Record?, _ place: inout Place
    ) {
        guard case .hash(var fields)? = record?.value else { return }
        let name = field()
        let index = fields.firstIndex { $0.name == name }
        let wasThere = keyspace.removeField(name.span, at: &place)
        precondition(wasThere == (index != nil), "presence of a field differs")
        guard let index else { return }
        fields.remove(at: index)
        if fields.isEmpty {
            model.records[key] = nil
        } else {
            model.records[key]?.value = .hash(fields)
        }
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

    /// The earliest keys go first, so what is left are the latest.
    private mutating func expire() {
        let limit = generator.below(6)
        let expired = model.records.filter { $0.value.deadline <= now }
        let removed = keyspace.expireStep(now: now, limit: limit)
        precondition(removed == min(limit, expired.count), "\(removed) of \(expired.count) expired")
        guard removed == expired.count else {
            let deadlines = expired.values.map(\.deadline).sorted()
            for (key, record) in expired {
                if record.deadline < deadlines[removed] {
                    precondition(!isStored(key), "an earlier deadline was left")
                } else if removed > 0, record.deadline > deadlines[removed - 1] {
                    precondition(isStored(key), "a later deadline went first")
                }
                if !isStored(key) { model.records[key] = nil }
            }
            return
        }
        for key in expired.keys { model.records[key] = nil }
    }

    /// Whether the keyspace still has the key, expired or not.
    private func isStored(_ key: [UInt8]) -> Bool {
        keyspace.locate(key.span, now: .min).isPresent
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
                var found: [(name: [UInt8], value: [UInt8])] = []
                keyspace.forEachField(at: place) {
                    found.append(([UInt8](copying: $0), [UInt8](copying: $1)))
                }
                return keyspace.fieldCount(at: place) == fields.count
                    && KeyspaceModel.Value.hash(found) == .hash(fields)
            }
        }
    }
}
