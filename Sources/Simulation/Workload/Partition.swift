package import Primitives

/// What a partition's operations are about.
package enum PartitionKind: UInt8, CaseIterable, Sendable {
    case register = 0
    case counter = 1
    case hash = 2
    case expiring = 3
    case several = 4
}

/// A few keys that live for a part of a seed, and what the clients did to them.
package struct Partition: Sendable {
    package let kind: PartitionKind
    /// All with the same hash tag.
    package let names: [[UInt8]]
    package let slot: SlotID
    package let database: DatabaseID
    /// How many operations are still to be begun before another partition takes its place.
    package var remainingCount: Int
    package var history: [HistoryEntry] = []

    package init(
        number: Int, kind: PartitionKind, operationCount: Int, database: DatabaseID = .sharded
    ) {
        self.kind = kind
        let count = kind == .several ? 3 : 1
        names = (0..<count).map { .ascii("{p\(number)}\($0)") }
        let first = names[0]
        slot = database.slot ?? SlotID(key: first.span)
        self.database = database
        remainingCount = operationCount
    }

    /// The next command for a client to try.
    ///
    /// - Parameters:
    ///   - generator: Chooses it.
    ///   - serial: Raised for each value, so that no two writes write the same.
    /// - Returns: The command.
    package func nextOperation(
        generator: inout SeededGenerator, serial: inout Int
    ) -> Operation {
        serial += 1
        let value = [UInt8].ascii("v\(serial)")
        switch kind {
        case .register: return Self.register(value, &generator)
        case .counter: return Self.counter(&generator)
        case .hash: return Self.hash(value, &generator)
        case .expiring: return Self.expiring(value, &generator)
        case .several: return Self.several(value, names.count, &generator)
        }
    }

    /// A command for a client to try that changes nothing.
    package func nextRead(generator: inout SeededGenerator) -> Operation {
        generator.choice(of: finalReads)
    }

    /// The command that shows all that the partition holds.
    package var finalReads: [Operation] {
        switch kind {
        case .register, .counter: [.get(key: 0)]
        case .hash: [.hashGetAll(key: 0)]
        case .expiring: [.timeToLive(key: 0), .get(key: 0)]
        case .several: [.getSeveral(keys: Array(names.indices))]
        }
    }

    private static func register(
        _ value: [UInt8], _ generator: inout SeededGenerator
    ) -> Operation {
        switch generator.below(20) {
        case 0..<7: .get(key: 0)
        case 7..<13: .set(key: 0, value: value)
        case 13..<15: .setIfMissing(key: 0, value: value)
        case 15..<17: .getAndDelete(key: 0)
        default: .append(key: 0, value: value)
        }
    }

    private static func counter(_ generator: inout SeededGenerator) -> Operation {
        switch generator.below(10) {
        case 0..<3: .get(key: 0)
        case 3..<8: .increment(key: 0)
        default: .incrementBy(key: 0, amount: Int64(generator.number(in: -20...100)))
        }
    }

    private static func hash(_ value: [UInt8], _ generator: inout SeededGenerator) -> Operation {
        let field = UInt8(ascii: "a") + UInt8(generator.below(3))
        switch generator.below(12) {
        case 0..<2: return .hashGet(key: 0, field: field)
        case 2..<5: return .hashGetAll(key: 0)
        case 5..<8: return .hashSet(key: 0, field: field, value: value)
        case 8..<10: return .hashDelete(key: 0, field: field)
        default: return .hashIncrement(key: 0, field: UInt8(ascii: "n"), amount: 1)
        }
    }

    private static func expiring(
        _ value: [UInt8], _ generator: inout SeededGenerator
    ) -> Operation {
        let milliseconds = generator.choice(of: [60, 250, 800, 2_000, 5_000])
        switch generator.below(24) {
        case 0..<11: return .get(key: 0)
        case 11..<13: return .timeToLive(key: 0)
        case 13..<16: return .setExpiring(key: 0, value: value, milliseconds: milliseconds)
        case 16..<20:
            return .setExpiringIfMissing(key: 0, value: value, milliseconds: milliseconds)
        case 20..<22: return .expire(key: 0, milliseconds: milliseconds)
        case 22: return .persist(key: 0)
        default: return .delete(keys: [0])
        }
    }

    private static func several(
        _ value: [UInt8], _ keyCount: Int, _ generator: inout SeededGenerator
    ) -> Operation {
        var keys: [Int] = []
        for key in 0..<keyCount where generator.chance(percent: 60) { keys.append(key) }
        if keys.isEmpty { keys = [generator.below(keyCount)] }
        switch generator.below(10) {
        case 0..<3: return .getSeveral(keys: keys)
        case 3..<7: return .setSeveral(keys: keys, value: value)
        case 7: return .exists(keys: keys)
        default: return .delete(keys: keys)
        }
    }
}
