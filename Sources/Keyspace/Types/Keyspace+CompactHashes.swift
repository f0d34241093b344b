/// Hashes in one block (see ``FieldBlock``).
extension Keyspace {
    /// Sets a field of a compact hash that is present.
    ///
    /// - Returns: Whether the field is new; `nil` when nothing has been done, since the hash can't stay
    ///   compact.
    mutating func setCompactField(
        _ name: Span<UInt8>, to value: Span<UInt8>, of entry: Entry, at place: inout Place
    ) -> Bool? {
        let block = FieldBlock(entry)
        let found = block.find(name)
        let byteCount =
            entry.valueByteCount - (found?.byteCount ?? 0) + FieldBlock.byteCount(name, value)
        guard compactLimits.admit(name, value),
            block.count + (found == nil ? 1 : 0) <= compactLimits.fieldCount,
            byteCount <= CompactLimits.largestByteCount
        else { return nil }
        willChange(entry)
        var current = entry
        if byteCount > entry.valueCapacity {
            // A quarter more than is needed now, so that a hash of many fields is copied rarely.
            current = move(entry, intoRoomFor: byteCount + byteCount / 4, at: place)
        }
        if let found {
            FieldBlock(current).set(found, to: value)
            current = withoutMuchSpareRoom(current, at: place)
        } else {
            FieldBlock(current).append(name, value)
        }
        refresh(&place, entry: current)
        return found == nil
    }

    /// Removes a field of a compact hash that is present, and the key with its last field.
    ///
    /// - Returns: Whether there was such a field.
    mutating func removeCompactField(
        _ name: Span<UInt8>, of entry: Entry, at place: inout Place
    ) -> Bool {
        let block = FieldBlock(entry)
        guard let field = block.find(name) else { return false }
        guard block.count > 1 else { return remove(&place) }
        willChange(entry)
        block.remove(field)
        refresh(&place, entry: withoutMuchSpareRoom(entry, at: place))
        return true
    }

    /// Gives a block back that is much too large for what it holds.
    private mutating func withoutMuchSpareRoom(
        _ entry: Entry, at place: borrowing Place
    ) -> Entry {
        guard entry.valueByteCount * 2 + 64 < entry.valueCapacity else { return entry }
        return move(entry, intoRoomFor: entry.valueByteCount, at: place)
    }

    private mutating func move(
        _ entry: Entry, intoRoomFor capacity: Int, at place: borrowing Place
    ) -> Entry {
        let moved = Self.makeCompactHash(entry.key, copyOf: entry, capacity: capacity, era: era)
        moved.deadline = entry.deadline
        replace(entry, with: moved, at: place)
        return moved
    }

    // MARK: Entries

    /// A compact hash without fields, but with room for some bytes of them.
    static func makeCompactHash(
        _ key: Span<UInt8>, fieldByteCount: Int, era: UInt32
    ) -> Entry {
        let empty = FieldBlock.headerByteCount
        let entry = Entry.allocate(
            key: key, type: .hash, valueByteCount: empty, capacity: empty + fieldByteCount,
            hasLinks: false, era: era)
        entry.isCompact = true
        FieldBlock(entry).count = 0
        return entry
    }

    /// A compact hash with copies of the fields of another one.
    static func makeCompactHash(
        _ key: Span<UInt8>, copyOf other: Entry, capacity: Int? = nil, era: UInt32
    ) -> Entry {
        let byteCount = other.valueByteCount
        let entry = Entry.allocate(
            key: key, type: .hash, valueByteCount: byteCount, capacity: capacity ?? byteCount,
            hasLinks: false, era: era)
        entry.isCompact = true
        entry.write(other.value, at: 0)
        return entry
    }
}
