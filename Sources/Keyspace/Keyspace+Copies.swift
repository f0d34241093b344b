import Primitives

/// Giving keys other names.
extension Keyspace {
    /// Moves the value of a key that is present, with its deadline, to another key.
    ///
    /// A hash that is not compact moves with all its fields as they lie in memory; anything else is
    /// copied, since its bytes lie behind its key's.
    ///
    /// - Parameters:
    ///   - source: Where the key is.
    ///   - key: The other key, which `target` was looked up for.
    ///   - target: Where it is or belongs; what it held is gone afterwards.
    package mutating func rename(
        _ source: consuming Place, to key: Span<UInt8>, at target: inout Place
    ) {
        let entry = presentEntry(source)
        clear(&target, butNot: entry)
        willChange(entry)
        let deadline = entry.deadline
        tables[source.table].remove(entry, hash: source.hash, secret: hashSecret)
        expiries.remove(entry)
        keyCount -= 1
        byteCount -= Self.accountedByteCount(entry)
        let renamed: Entry
        switch entry.type {
        case .string:
            renamed = Self.makeString(
                key, entry.value, capacity: entry.valueByteCount, era: era)
            release(entry)
        case .hash where entry.isCompact:
            renamed = Self.makeCompactHash(key, copyOf: entry, era: era)
            release(entry)
        case .hash:
            let isHeld = entry.isHeld
            renamed = Self.takeFields(of: entry, named: key, era: era)
            if isHeld {
                // The snapshot goes on with the fields where they are now.
                walk.replace(entry, with: renamed)
                renamed.isHeld = true
            }
        }
        link(renamed, deadline: deadline, at: &target)
    }

    /// How many bytes ``rename(_:to:at:)`` copies of a key that is present; those of a small hash are not
    /// worth counting. All replicas come to the same, however they keep a hash.
    package func renamedByteCount(at place: borrowing Place) -> Int {
        let entry = presentEntry(place)
        return entry.type == .string ? entry.valueByteCount : 0
    }

    /// How many bytes ``copy(_:to:at:)`` copies of a key that is present; a field of a hash counts for 512
    /// more, which take as long as making it. All replicas come to the same, however they keep a hash.
    package func copiedByteCount(at place: borrowing Place) -> Int {
        let entry = presentEntry(place)
        switch entry.type {
        case .string: return entry.valueByteCount
        case .hash:
            return Self.nameAndValueByteCount(of: entry) + Self.fieldCount(of: entry) * 512
        }
    }

    /// Copies the value of a key that is present, with its deadline, to another key.
    ///
    /// - Parameters:
    ///   - source: Where the key is.
    ///   - key: The other key, which `target` was looked up for.
    ///   - target: Where it is or belongs; what it held is gone afterwards.
    /// - Complexity: O(bytes of the value).
    package mutating func copy(
        _ source: consuming Place, to key: Span<UInt8>, at target: inout Place
    ) {
        let entry = presentEntry(source)
        clear(&target, butNot: entry)
        let copy =
            switch entry.type {
            case .string:
                Self.makeString(key, entry.value, capacity: entry.valueByteCount, era: era)
            case .hash: Self.copy(ofHash: entry, named: key, secret: hashSecret, era: era)
            }
        link(copy, deadline: entry.deadline, at: &target)
    }

    /// Removes what is at `place`, expired or not.
    private mutating func clear(_ place: inout Place, butNot entry: Entry) {
        check(place)
        guard let old = place.entry else { return }
        precondition(!old.isSame(as: entry), "a key takes its own place")
        unlink(old, table: place.table, hash: place.hash)
        refresh(&place, entry: nil)
    }

    private mutating func link(_ entry: Entry, deadline: Int64, at place: inout Place) {
        entry.deadline = deadline
        link(entry, at: &place)
        expiries.update(entry, hash: place.hash)
    }
}
