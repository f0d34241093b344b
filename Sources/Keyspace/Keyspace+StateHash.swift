import Primitives

extension Keyspace {
    /// A hash of all keys, values, deadlines and orders of fields; independent of how the tables lie
    /// in memory and of the hash secret, and the same on every platform.
    ///
    /// - Complexity: O(bytes in the keyspace).
    package func stateHash() -> UInt64 { stateHash(without: []) }

    /// The same as if there were no such key.
    package func stateHash(without key: [UInt8]) -> UInt64 {
        var sum: UInt64 = 0
        for index in 0..<tables.count {
            // A sum, since the order of a table says nothing.
            tables[index].forEach { sum &+= Self.hash(of: $0) }
        }
        var count = UInt64(keyCount)
        if let left = locate(key.span, now: .min).entry {
            count -= 1
            sum &-= Self.hash(of: left)
        }
        return mix(sum &+ mix(count))
    }

    private static func hash(of entry: Entry) -> UInt64 {
        var hash = mix(Entry.hash(of: entry.key, secret: UInt64(entry.type.rawValue)))
        hash = mix(hash ^ UInt64(bitPattern: entry.deadline))
        switch entry.type {
        case .string: hash = Entry.hash(of: entry.value, secret: hash)
        case .hash:
            forEachField(of: entry) { name, value, deadline in
                hash = Entry.hash(of: name, secret: hash)
                hash = Entry.hash(of: value, secret: mix(hash))
                if deadline != Entry.noDeadline {
                    hash = mix(mix(hash) ^ UInt64(bitPattern: deadline))
                }
            }
        }
        return mix(hash)
    }
}

private func mix(_ value: UInt64) -> UInt64 { SplitMix64.mix(value &+ 0x9E37_79B9_7F4A_7C15) }
