/// What Redis's commands do to a partition when they run one after the other.
///
/// The only thing that is left open is when a key with a time to live is gone: any time from the
/// earliest that the guarantee allows, so a step may have several results.
package struct SequentialModel: Sendable {
    /// How much sooner than asked a key may be gone.
    package var expiryBound: ExpiryBound

    package init(expiryBound: ExpiryBound) { self.expiryBound = expiryBound }

    /// The states that `entry` may lead to from `state`, given what was replied.
    ///
    /// - Parameters:
    ///   - entry: An attempt; one with an unknown outcome is taken to happen.
    ///   - state: What the keys hold before it.
    ///   - results: Overwritten; empty when the reply is impossible in `state`.
    package func step(
        _ entry: HistoryEntry, from state: PartitionState, into results: inout [PartitionState]
    ) {
        results.removeAll(keepingCapacity: true)
        var mortal: [Int] = []
        for key in entry.operation.keys {
            if let end = state.cells[key].end, entry.returned >= end { mortal.append(key) }
        }
        for choice in 0..<(1 << mortal.count) {
            var before = state
            for (bit, key) in mortal.enumerated() where choice >> bit & 1 == 1 {
                before.cells[key] = .missing
            }
            guard let after = apply(entry, to: before) else { continue }
            if !results.contains(after) { results.append(after) }
        }
    }

    /// The state after `entry`, or `nil` when its reply does not fit.
    private func apply(_ entry: HistoryEntry, to state: PartitionState) -> PartitionState? {
        var after = state
        let expected = perform(entry, on: &after)
        guard let reply = entry.reply else { return after }
        switch expected {
        case .exactly(let only): return reply == only ? after : nil
        case .remaining(let key): return checkRemaining(reply, key: key, entry, &after)
        case .fields(let fields): return sameFields(reply, fields) ? after : nil
        }
    }

    /// What a command has to reply.
    private enum Expectation {
        case exactly(Reply)
        /// The time that the key has left.
        case remaining(key: Int)
        /// Names and values in any order.
        case fields([HashField])
    }

    private static let wrongType = Reply.error(
        .ascii("WRONGTYPE Operation against a key holding the wrong kind of value"))
    private static let ok = Reply.simple(.ascii("OK"))

    private func perform(_ entry: HistoryEntry, on state: inout PartitionState) -> Expectation {
        switch entry.operation {
        case .get(let key): .exactly(read(state.cells[key]))
        case .set(let key, let value): .exactly(write(.string(value, end: nil), key, &state))
        case .setExpiring(let key, let value, let milliseconds):
            .exactly(write(.string(value, end: end(entry, milliseconds)), key, &state))
        case .setIfMissing(let key, let value):
            state.cells[key].isMissing
                ? .exactly(write(.string(value, end: nil), key, &state)) : .exactly(.null)
        case .setExpiringIfMissing(let key, let value, let milliseconds):
            state.cells[key].isMissing
                ? .exactly(write(.string(value, end: end(entry, milliseconds)), key, &state))
                : .exactly(.null)
        case .getAndDelete(let key): .exactly(getAndDelete(key, &state))
        case .append(let key, let value): .exactly(append(value, key, &state))
        case .increment(let key): .exactly(increment(by: 1, key, &state))
        case .incrementBy(let key, let amount): .exactly(increment(by: amount, key, &state))
        case .expire, .timeToLive, .persist: performExpiry(entry, on: &state)
        case .delete, .exists, .setSeveral, .getSeveral:
            .exactly(performSeveral(entry.operation, on: &state))
        case .hashSet, .hashGet, .hashGetAll, .hashDelete, .hashIncrement:
            performHash(entry.operation, on: &state)
        }
    }

    private func end(_ entry: HistoryEntry, _ milliseconds: Int) -> UInt64 {
        expiryBound.earliestEnd(setAt: entry.invoked, milliseconds: milliseconds)
    }

    private func read(_ cell: Cell) -> Reply {
        switch cell {
        case .missing: .null
        case .string(let value, _): .bulk(value)
        case .hash: Self.wrongType
        }
    }

    private func write(_ cell: Cell, _ key: Int, _ state: inout PartitionState) -> Reply {
        state.cells[key] = cell
        return Self.ok
    }

    private func getAndDelete(_ key: Int, _ state: inout PartitionState) -> Reply {
        let reply = read(state.cells[key])
        if reply != Self.wrongType { state.cells[key] = .missing }
        return reply
    }

    private func append(_ value: [UInt8], _ key: Int, _ state: inout PartitionState) -> Reply {
        switch state.cells[key] {
        case .missing:
            state.cells[key] = .string(value, end: nil)
            return .integer(Int64(value.count))
        case .string(let old, let end):
            state.cells[key] = .string(old + value, end: end)
            return .integer(Int64(old.count + value.count))
        case .hash: return Self.wrongType
        }
    }

    private func increment(by amount: Int64, _ key: Int, _ state: inout PartitionState) -> Reply {
        var end: UInt64?
        var number: Int64 = 0
        switch state.cells[key] {
        case .missing: break
        case .string(let old, let oldEnd):
            guard let parsed = Int64(String(decoding: old, as: UTF8.self)) else {
                return .error(.ascii("ERR value is not an integer or out of range"))
            }
            (number, end) = (parsed, oldEnd)
        case .hash: return Self.wrongType
        }
        number += amount
        state.cells[key] = .string(.ascii("\(number)"), end: end)
        return .integer(number)
    }
}

extension SequentialModel {
    private func performExpiry(
        _ entry: HistoryEntry, on state: inout PartitionState
    ) -> Expectation {
        switch entry.operation {
        case .expire(let key, let milliseconds):
            guard !state.cells[key].isMissing else { return .exactly(.integer(0)) }
            state.cells[key].end = end(entry, milliseconds)
            return .exactly(.integer(1))
        case .persist(let key):
            guard state.cells[key].end != nil else { return .exactly(.integer(0)) }
            state.cells[key].end = nil
            return .exactly(.integer(1))
        case .timeToLive(let key):
            if state.cells[key].isMissing { return .exactly(.integer(-2)) }
            return state.cells[key].end == nil ? .exactly(.integer(-1)) : .remaining(key: key)
        default: preconditionFailure("\(entry.operation) is not about expiry")
        }
    }

    /// A remaining time must not promise less than the bound allows; what it promises is kept.
    private func checkRemaining(
        _ reply: Reply, key: Int, _ entry: HistoryEntry, _ state: inout PartitionState
    ) -> PartitionState? {
        guard case .integer(let remaining) = reply, remaining >= 0,
            let earliest = state.cells[key].end
        else { return nil }
        // The key was said to be there for `remaining` more at some time up to the return.
        let latestEnd = expiryBound.latestEnd(seenBy: entry.returned, remaining: Int(remaining))
        guard latestEnd >= earliest else { return nil }
        let promised = expiryBound.earliestEnd(
            setAt: entry.invoked, milliseconds: Int(remaining))
        state.cells[key].end = max(earliest, promised)
        return state
    }

    private func performSeveral(_ operation: Operation, on state: inout PartitionState) -> Reply {
        switch operation {
        case .delete(let keys):
            var count: Int64 = 0
            for key in keys where !state.cells[key].isMissing {
                state.cells[key] = .missing
                count += 1
            }
            return .integer(count)
        case .exists(let keys):
            return .integer(Int64(keys.filter { !state.cells[$0].isMissing }.count))
        case .setSeveral(let keys, let value):
            for key in keys { state.cells[key] = .string(value, end: nil) }
            return Self.ok
        case .getSeveral(let keys):
            return .array(
                keys.map { key in
                    let reply = read(state.cells[key])
                    return reply == Self.wrongType ? .null : reply
                })
        default: preconditionFailure("\(operation) is not about several keys")
        }
    }

    private func performHash(
        _ operation: Operation, on state: inout PartitionState
    ) -> Expectation {
        let key = operation.keys[0]
        var fields: [HashField] = []
        var end: UInt64?
        switch state.cells[key] {
        case .missing: break
        case .hash(let old, let oldEnd): (fields, end) = (old, oldEnd)
        case .string: return .exactly(Self.wrongType)
        }
        let reply: Reply
        switch operation {
        case .hashSet(_, let name, let value):
            reply = .integer(set(name, value, &fields) ? 1 : 0)
        case .hashGet(_, let name):
            return .exactly(fields.first { $0.name == name }.map { .bulk($0.value) } ?? .null)
        case .hashGetAll: return .fields(fields)
        case .hashDelete(_, let name):
            let count = fields.count
            fields.removeAll { $0.name == name }
            reply = .integer(Int64(count - fields.count))
        case .hashIncrement(_, let name, let amount):
            let old = fields.first { $0.name == name }?.value ?? .ascii("0")
            guard let number = Int64(String(decoding: old, as: UTF8.self)) else {
                return .exactly(.error(.ascii("ERR hash value is not an integer")))
            }
            _ = set(name, .ascii("\(number + amount)"), &fields)
            reply = .integer(number + amount)
        default: preconditionFailure("\(operation) is not about a hash")
        }
        state.cells[key] = fields.isEmpty ? .missing : .hash(fields, end: end)
        return .exactly(reply)
    }

    private func set(_ name: UInt8, _ value: [UInt8], _ fields: inout [HashField]) -> Bool {
        guard let index = fields.firstIndex(where: { $0.name == name }) else {
            fields.append(HashField(name: name, value: value))
            return true
        }
        fields[index].value = value
        return false
    }

    private func sameFields(_ reply: Reply, _ fields: [HashField]) -> Bool {
        guard case .array(let elements) = reply, elements.count == 2 * fields.count else {
            return false
        }
        return fields.allSatisfy { field in
            stride(from: 0, to: elements.count, by: 2).contains { index in
                elements[index] == .bulk([field.name]) && elements[index + 1] == .bulk(field.value)
            }
        }
    }
}

extension Operation {
    /// The places of the keys that the operation looks at.
    package var keys: [Int] {
        switch self {
        case .get(let key), .set(let key, _), .setIfMissing(let key, _),
            .setExpiring(let key, _, _), .setExpiringIfMissing(let key, _, _),
            .getAndDelete(let key), .append(let key, _), .increment(let key),
            .incrementBy(let key, _), .expire(let key, _), .timeToLive(let key),
            .persist(let key), .hashSet(let key, _, _), .hashGet(let key, _),
            .hashGetAll(let key), .hashDelete(let key, _), .hashIncrement(let key, _, _):
            [key]
        case .delete(let keys), .exists(let keys), .setSeveral(let keys, _),
            .getSeveral(let keys):
            keys
        }
    }
}
