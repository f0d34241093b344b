extension Keyspace {
    /// How much room a value of `byteCount` bytes that grows gets in advance: as much again, of large
    /// ones an eighth, so that whoever appends to one doesn't have it copied for each MiB (which is
    /// what Redis's `SDS_MAX_PREALLOC` stands for: `realloc` rarely copies there).
    private static func spareByteCount(_ byteCount: Int) -> Int {
        min(byteCount, max(1 << 20, byteCount / 8))
    }

    // MARK: Hot path

    /// The bytes of a string that is present.
    @_lifetime(borrow self)
    package func string(at place: borrowing Place) -> Span<UInt8> {
        let entry = presentEntry(place)
        precondition(entry.type == .string, "the bytes of a \(entry.type)")
        return unsafe _overrideLifetime(entry.value, borrowing: self)
    }

    /// The XXH3 hash of a string that is present, without a seed (Redis: `DIGEST`).
    package func digest(at place: borrowing Place) -> UInt64 {
        Entry.hash(of: presentEntry(place).value, secret: 0)
    }

    /// Makes `key` a string, whatever it was.
    ///
    /// - Parameters:
    ///   - value: The new value.
    ///   - key: The key that `place` was looked up for.
    ///   - place: Where the key is or belongs.
    ///   - deadline: The key's new deadline, or ``noDeadline``.
    package mutating func setString(
        _ value: Span<UInt8>, of key: Span<UInt8>, at place: inout Place, deadline: Int64
    ) {
        check(place)
        guard let entry = place.entry else {
            let entry = Self.makeString(key, value, capacity: value.count, era: era)
            link(entry, at: &place)
            if deadline != Self.noDeadline { setDeadline(deadline, at: &place) }
            return
        }
        willChange(entry)
        var current = entry
        // A block that is much too large for the new value is given back.
        if entry.type == .string, !entry.isHeld, value.count <= entry.valueCapacity,
            value.count * 2 + 64 >= entry.valueCapacity
        {
            entry.valueByteCount = value.count
            entry.write(value, at: 0)
        } else {
            current = Self.makeString(key, value, capacity: value.count, era: era)
            replace(entry, with: current, at: place)
        }
        current.deadline = deadline
        expiries.update(current, hash: place.hash)
        refresh(&place, entry: current)
    }

    /// Appends to a string that is present. A snapshot that is writing it knows how long it was.
    package mutating func append(
        _ bytes: Span<UInt8>, to key: Span<UInt8>, at place: inout Place
    ) {
        let entry = presentEntry(place)
        precondition(entry.type == .string, "bytes appended to a \(entry.type)")
        willChange(entry)
        let before = entry.valueByteCount
        let after = before + bytes.count
        guard after > entry.valueCapacity else {
            entry.valueByteCount = after
            entry.write(bytes, at: before)
            return refresh(&place, entry: entry)
        }
        let larger = Self.makeString(
            key, entry.value, capacity: after + Self.spareByteCount(after), era: era)
        larger.valueByteCount = after
        larger.write(bytes, at: before)
        larger.deadline = entry.deadline
        replace(entry, with: larger, at: place)
        refresh(&place, entry: larger)
    }

    /// Overwrites a string that is present, from a byte on; what lies between its end and there becomes
    /// zeros. What a snapshot is writing of it stays as it was.
    package mutating func overwrite(
        _ bytes: Span<UInt8>, from offset: Int, of key: Span<UInt8>, at place: inout Place
    ) {
        let entry = presentEntry(place)
        precondition(entry.type == .string, "bytes written into a \(entry.type)")
        willChange(entry)
        let before = entry.valueByteCount
        let after = max(before, offset + bytes.count)
        guard needsCopy(entry, toWriteUpTo: after, from: offset) else {
            entry.valueByteCount = after
            if offset > before { entry.clear(before..<offset) }
            entry.write(bytes, at: offset)
            return refresh(&place, entry: entry)
        }
        let spare = after > before ? Self.spareByteCount(after) : 0
        let copy = Self.makeString(key, entry.value, capacity: after + spare, era: era)
        copy.valueByteCount = after
        if offset > before { copy.clear(before..<offset) }
        copy.write(bytes, at: offset)
        copy.deadline = entry.deadline
        replace(entry, with: copy, at: place)
        refresh(&place, entry: copy)
    }

    /// How many bytes of a string that is present ``append(_:to:at:)`` or ``overwrite(_:from:of:at:)`` copies
    /// to write up to `end`, from `offset` on. Replicas differ in that.
    package func copiedByteCount(
        toWriteUpTo end: Int, from offset: Int, at place: borrowing Place
    ) -> Int {
        let entry = presentEntry(place)
        return needsCopy(entry, toWriteUpTo: end, from: offset) ? entry.valueByteCount : 0
    }

    /// Whether there is no room behind a string, or a snapshot needs what is to be overwritten.
    private func needsCopy(_ entry: Entry, toWriteUpTo end: Int, from offset: Int) -> Bool {
        if end > entry.valueCapacity { return true }
        let isUnwritten = entry.era != era && Self.isLarge(entry) && !walk.missesChangedKeys
        return (entry.isHeld || isUnwritten) && offset < entry.valueByteCount
    }

    static func makeString(
        _ key: Span<UInt8>, _ value: Span<UInt8>, capacity: Int, era: UInt32
    ) -> Entry {
        let entry = Entry.allocate(
            key: key, type: .string, valueByteCount: value.count, capacity: capacity,
            hasLinks: false, era: era)
        entry.write(value, at: 0)
        return entry
    }

    /// Puts `replacement` in the place of `entry`, which is let go.
    mutating func replace(
        _ entry: Entry, with replacement: Entry, at place: borrowing Place
    ) {
        tables[place.table].replace(entry, with: replacement, hash: place.hash)
        expiries.replace(entry, with: replacement, hash: place.hash)
        byteCount += Self.accountedByteCount(replacement) - Self.accountedByteCount(entry)
        release(entry)
    }
}
