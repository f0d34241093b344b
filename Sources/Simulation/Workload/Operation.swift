/// One command on the keys of a partition, in the form that both the client and the model read.
///
/// A partition is one to three keys that share a slot and that no other partition touches, so that
/// each partition's history can be judged by itself. `key` is a place among its keys.
package enum Operation: Equatable, Sendable {
    // Strings.
    case get(key: Int)
    case set(key: Int, value: [UInt8])
    case setIfMissing(key: Int, value: [UInt8])
    /// `SET … PX`: the key lives for so many milliseconds.
    case setExpiring(key: Int, value: [UInt8], milliseconds: Int)
    /// `SET … NX PX`: what a lock is made of.
    case setExpiringIfMissing(key: Int, value: [UInt8], milliseconds: Int)
    case getAndDelete(key: Int)
    case append(key: Int, value: [UInt8])
    case increment(key: Int)
    case incrementBy(key: Int, amount: Int64)

    // Any type.
    case expire(key: Int, milliseconds: Int)
    case timeToLive(key: Int)
    case persist(key: Int)
    case delete(keys: [Int])
    case exists(keys: [Int])

    // Several strings.
    case setSeveral(keys: [Int], value: [UInt8])
    case getSeveral(keys: [Int])

    // Hashes.
    case hashSet(key: Int, field: UInt8, value: [UInt8])
    case hashGet(key: Int, field: UInt8)
    case hashGetAll(key: Int)
    case hashDelete(key: Int, field: UInt8)
    case hashIncrement(key: Int, field: UInt8, amount: Int64)

    /// Whether the operation leaves everything as it is.
    package var isRead: Bool {
        switch self {
        case .get, .timeToLive, .exists, .getSeveral, .hashGet, .hashGetAll: true
        case .set, .setIfMissing, .setExpiring, .setExpiringIfMissing, .getAndDelete, .append,
            .increment, .incrementBy, .expire, .persist, .delete, .setSeveral, .hashSet,
            .hashDelete, .hashIncrement:
            false
        }
    }

    /// Whether what it does depends on when it is done.
    package var hasDeadline: Bool {
        switch self {
        case .setExpiring, .setExpiringIfMissing, .expire: true
        case .get, .set, .setIfMissing, .getAndDelete, .append, .increment, .incrementBy,
            .timeToLive, .persist, .delete, .exists, .setSeveral, .getSeveral, .hashSet, .hashGet,
            .hashGetAll, .hashDelete, .hashIncrement:
            false
        }
    }

    /// The request's arguments, the command's name first.
    ///
    /// - Parameter names: The names of the partition's keys.
    /// - Returns: The arguments as they go over the wire.
    package func arguments(names: [[UInt8]]) -> [[UInt8]] {
        switch self {
        case .get(let key): [.ascii("GET"), names[key]]
        case .set(let key, let value): [.ascii("SET"), names[key], value]
        case .setIfMissing(let key, let value):
            [.ascii("SET"), names[key], value, .ascii("NX")]
        case .setExpiring(let key, let value, let milliseconds):
            [.ascii("SET"), names[key], value, .ascii("PX"), .ascii("\(milliseconds)")]
        case .setExpiringIfMissing(let key, let value, let milliseconds):
            [
                .ascii("SET"), names[key], value, .ascii("NX"), .ascii("PX"),
                .ascii("\(milliseconds)"),
            ]
        case .getAndDelete(let key): [.ascii("GETDEL"), names[key]]
        case .append(let key, let value): [.ascii("APPEND"), names[key], value]
        case .increment(let key): [.ascii("INCR"), names[key]]
        case .incrementBy(let key, let amount):
            [.ascii("INCRBY"), names[key], .ascii("\(amount)")]
        case .expire(let key, let milliseconds):
            [.ascii("PEXPIRE"), names[key], .ascii("\(milliseconds)")]
        case .timeToLive(let key): [.ascii("PTTL"), names[key]]
        case .persist(let key): [.ascii("PERSIST"), names[key]]
        case .delete(let keys): [.ascii("DEL")] + keys.map { names[$0] }
        case .exists(let keys): [.ascii("EXISTS")] + keys.map { names[$0] }
        case .setSeveral(let keys, let value):
            [.ascii("MSET")] + keys.flatMap { [names[$0], value] }
        case .getSeveral(let keys): [.ascii("MGET")] + keys.map { names[$0] }
        case .hashSet(let key, let field, let value):
            [.ascii("HSET"), names[key], [field], value]
        case .hashGet(let key, let field): [.ascii("HGET"), names[key], [field]]
        case .hashGetAll(let key): [.ascii("HGETALL"), names[key]]
        case .hashDelete(let key, let field): [.ascii("HDEL"), names[key], [field]]
        case .hashIncrement(let key, let field, let amount):
            [.ascii("HINCRBY"), names[key], [field], .ascii("\(amount)")]
        }
    }
}

extension [UInt8] {
    package static func ascii(_ text: String) -> [UInt8] { [UInt8](text.utf8) }
}
