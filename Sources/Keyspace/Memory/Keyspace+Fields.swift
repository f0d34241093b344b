/// The hash type's operations; here because a hash's fields live behind an address.
extension Keyspace {
    /// How many fields a hash that is present has.
    package func fieldCount(at place: borrowing Place) -> Int {
        let entry = presentEntry(place)
        if entry.isCompact { return FieldBlock(entry).count }
        return unsafe entry.fields.pointee.count(now: place.now)
    }

    /// Whether the fields of a hash that is present are kept in one block.
    package func isCompact(at place: borrowing Place) -> Bool { presentEntry(place).isCompact }

    /// The value of a field of a hash that is present; `nil` when it has no such field.
    @_lifetime(borrow self)
    package func field(_ name: Span<UInt8>, at place: borrowing Place) -> Span<UInt8>? {
        var ignored = false
        return field(name, at: place, present: .min, endsByPresent: &ignored)
    }

    /// The same for a read.
    ///
    /// - Parameters:
    ///   - name: The field.
    ///   - place: Where the hash is.
    ///   - present: The time that has come, but that doesn't decide yet what has ended.
    ///   - endsByPresent: Set when the field's deadline has passed at `present`.
    /// - Returns: The value; `nil` when the hash has no such field.
    @_lifetime(borrow self)
    package func field(
        _ name: Span<UInt8>, at place: borrowing Place, present: Int64, endsByPresent: inout Bool
    ) -> Span<UInt8>? {
        let entry = presentEntry(place)
        if entry.isCompact {
            let block = FieldBlock(entry)
            guard let field = block.find(name) else { return nil }
            return unsafe _overrideLifetime(block.value(of: field), borrowing: self)
        }
        guard let field = find(name, of: entry, now: place.now) else { return nil }
        if field.deadline <= present { endsByPresent = true }
        return unsafe _overrideLifetime(field.value, borrowing: self)
    }

    /// A field of a hash that is not compact.
    private func find(_ name: Span<UInt8>, of entry: Entry, now: Int64) -> Entry? {
        guard let field = unsafe entry.fields.pointee.find(name, secret: hashSecret),
            field.deadline > now
        else { return nil }
        return field
    }

    /// Calls `visit` with each field and its value, in the order in which they were first set.
    package func forEachField(
        at place: borrowing Place, _ visit: (Span<UInt8>, Span<UInt8>) -> Void
    ) {
        let (entry, now) = (presentEntry(place), place.now)
        if entry.isCompact { return FieldBlock(entry).forEach(visit) }
        Self.forEachField(of: entry) { name, value, deadline in
            if deadline > now { visit(name, value) }
        }
    }

    /// Sets a field of a hash, which is made when the key is absent.
    ///
    /// - Parameters:
    ///   - name: The field.
    ///   - value: Its value.
    ///   - deadline: The field's, or ``noDeadline``; `nil` to keep the one that it has.
    ///   - key: The key that `place` was looked up for.
    ///   - place: Where the key is or belongs; not one of another type.
    /// - Returns: Whether the field is new.
    @discardableResult
    package mutating func setField(
        _ name: Span<UInt8>, to value: Span<UInt8>, deadline: Int64? = noDeadline,
        of key: Span<UInt8>, at place: inout Place
    ) -> Bool {
        check(place)
        let isForever = deadline ?? Self.noDeadline == Self.noDeadline
        if !place.isPresent {
            remove(&place)
            let hash =
                isForever && compactLimits.admit(name, value)
                ? Self.makeCompactHash(
                    key, fieldByteCount: FieldBlock.byteCount(name, value), era: era)
                : Self.makeHash(key, era: era)
            link(hash, at: &place)
        }
        var entry = presentEntry(place)
        if entry.isCompact {
            if isForever,
                let isNew = setCompactField(name, to: value, of: entry, at: &place)
            {
                return isNew
            }
            entry = spread(entry, at: place)
        }
        willChange(entry)
        let fields = unsafe entry.fields
        let before = unsafe fields.pointee.byteCount
        let isNew = unsafe fields.pointee.set(
            name, to: value, deadline: deadline, now: place.now, secret: hashSecret, era: era)
        byteCount += unsafe fields.pointee.byteCount - before
        didChangeFields(of: entry, at: &place)
        return isNew
    }

    /// Removes a field of a hash that is present, and the key with its last field.
    ///
    /// - Parameters:
    ///   - name: The field.
    ///   - place: Where the hash is; absent afterwards when that was its last field.
    /// - Returns: Whether there was such a field.
    package mutating func removeField(_ name: Span<UInt8>, at place: inout Place) -> Bool {
        let entry = presentEntry(place)
        if entry.isCompact { return removeCompactField(name, of: entry, at: &place) }
        guard let field = find(name, of: entry, now: place.now) else { return false }
        willChange(entry)
        let fields = unsafe entry.fields
        let before = unsafe fields.pointee.byteCount
        unsafe fields.pointee.remove(field, secret: hashSecret, era: era)
        byteCount += unsafe fields.pointee.byteCount - before
        if unsafe fields.pointee.count == 0 {
            generation += 1
            place.generation = generation
            remove(&place)
        } else {
            didChangeFields(of: entry, at: &place)
        }
        return true
    }

    // MARK: Deadlines of fields

    /// When a field of a hash that is present ends, ``noDeadline`` when it doesn't; `nil` when there
    /// is no such field.
    package func fieldDeadline(_ name: Span<UInt8>, at place: borrowing Place) -> Int64? {
        let entry = presentEntry(place)
        if entry.isCompact {
            return FieldBlock(entry).find(name) == nil ? nil : Self.noDeadline
        }
        return find(name, of: entry, now: place.now)?.deadline
    }

    /// The earliest deadline of a field of a hash that is present, among those that have not passed;
    /// ``noDeadline`` when there is none.
    package func earliestFieldDeadline(at place: borrowing Place) -> Int64 {
        let entry = presentEntry(place)
        if entry.isCompact { return Self.noDeadline }
        return unsafe entry.fields.pointee.earliestDeadline(after: place.now)
    }

    /// Sets or, with ``noDeadline``, takes away the deadline of a field that is present.
    package mutating func setFieldDeadline(
        _ deadline: Int64, of name: Span<UInt8>, at place: inout Place
    ) {
        var entry = presentEntry(place)
        if entry.isCompact {
            guard deadline != Self.noDeadline else { return }
            entry = spread(entry, at: place)
        }
        guard let field = find(name, of: entry, now: place.now) else {
            preconditionFailure("the deadline of a field that is absent")
        }
        willChange(entry)
        unsafe entry.fields.pointee.setDeadline(deadline, of: field, era: era)
        didChangeFields(of: entry, at: &place)
    }

    private mutating func didChangeFields(of entry: Entry, at place: inout Place) {
        if unsafe entry.fields.pointee.isTimed { expiries.update(entry, hash: place.hash) }
        refresh(&place, entry: entry)
    }

    /// Removes the field of `entry` with the earliest deadline.
    ///
    /// - Returns: Whether that was the last one; the hash is then still in its table.
    mutating func removeEarliestField(of entry: Entry) -> Bool {
        willChange(entry)
        let fields = unsafe entry.fields
        let before = unsafe fields.pointee.byteCount
        unsafe fields.pointee.removeEarliest(secret: hashSecret, era: era)
        byteCount += unsafe fields.pointee.byteCount - before
        return unsafe fields.pointee.count == 0
    }

    // MARK: Entries

    static func makeHash(_ key: Span<UInt8>, era: UInt32) -> Entry {
        let entry = Entry.allocate(
            key: key, type: .hash, valueByteCount: 8, capacity: 8, hasLinks: false, era: era)
        let fields = UnsafeMutablePointer<FieldMap>.allocate(capacity: 1)
        unsafe fields.initialize(to: FieldMap())
        unsafe entry.setFields(fields)
        return entry
    }

    /// Puts a hash that is not compact and has the same fields in the place of `entry`, a compact one.
    ///
    /// - Returns: That hash; `place` must still be refreshed.
    private mutating func spread(_ entry: Entry, at place: borrowing Place) -> Entry {
        willChange(entry)
        let hash = Self.makeHash(entry.key, era: era)
        let fields = unsafe hash.fields
        let secret = hashSecret
        let era = era
        FieldBlock(entry).forEach { name, value in
            unsafe fields.pointee.append(name, value, secret: secret, era: era)
        }
        hash.deadline = entry.deadline
        replace(entry, with: hash, at: place)
        return hash
    }

    /// A hash of another name with copies of the fields of `entry`, kept in the same way.
    static func copy(
        ofHash entry: Entry, named key: Span<UInt8>, secret: UInt64, era: UInt32
    ) -> Entry {
        if entry.isCompact { return makeCompactHash(key, copyOf: entry, era: era) }
        let copy = makeHash(key, era: era)
        unsafe copy.fields.pointee.append(
            fieldsOf: entry.fields.pointee, secret: secret, era: era)
        return copy
    }

    /// Takes the fields from `entry`, a hash that is not compact, and frees what is left of it.
    ///
    /// - Returns: A hash of another name that has them.
    static func takeFields(of entry: Entry, named key: Span<UInt8>, era: UInt32) -> Entry {
        let taker = Entry.allocate(
            key: key, type: .hash, valueByteCount: 8, capacity: 8, hasLinks: false, era: era)
        unsafe taker.setFields(entry.fields)
        entry.deallocate(hasLinks: false)
        return taker
    }

    /// Calls `visit` with each field, its value and its deadline, whether that has passed or not.
    static func forEachField(
        of entry: Entry, _ visit: (Span<UInt8>, Span<UInt8>, Int64) -> Void
    ) {
        if entry.isCompact {
            return FieldBlock(entry).forEach { visit($0, $1, Entry.noDeadline) }
        }
        var field = unsafe entry.fields.pointee.first
        while let present = field {
            if !present.isHeld { visit(present.key, present.value, present.deadline) }
            field = present.nextField
        }
    }

    /// Those whose deadline has passed included.
    static func fieldCount(of entry: Entry) -> Int {
        entry.isCompact ? FieldBlock(entry).count : unsafe entry.fields.pointee.count
    }

    /// Bytes of names and values, those of fields whose deadline has passed included.
    static func nameAndValueByteCount(of entry: Entry) -> Int {
        guard entry.isCompact else { return fieldByteCount(of: entry) }
        var byteCount = 0
        FieldBlock(entry).forEach { byteCount += $0.count + $1.count }
        return byteCount
    }

    /// Bytes of names and values outside the block of `entry`.
    static func fieldByteCount(of entry: Entry) -> Int {
        entry.isCompact ? 0 : unsafe entry.fields.pointee.byteCount
    }

    static func hasTimedFields(_ entry: Entry) -> Bool {
        unsafe !entry.isCompact && entry.fields.pointee.isTimed
    }

    // MARK: Snapshots

    /// See ``FieldMap/unwrittenDeadline(of:)``.
    static func unwrittenDeadline(of field: Entry, of entry: Entry) -> Int64 {
        unsafe entry.fields.pointee.unwrittenDeadline(of: field)
    }

    /// The first field that a snapshot which has written none must write.
    static func firstUnwrittenField(of entry: Entry) -> Entry? {
        unsafe entry.fields.pointee.first
    }

    /// See ``FieldMap/wrote(_:era:)``.
    static func wrote(_ field: Entry, of entry: Entry, era: UInt32) -> Entry? {
        unsafe entry.fields.pointee.wrote(field, era: era)
    }

    static func wroteAllFields(of entry: Entry, era: UInt32) {
        if !entry.isCompact { unsafe entry.fields.pointee.wroteAll(era: era) }
    }

    // MARK: Freeing

    /// Frees up to `limit` fields of a hash that is no longer in a table, and the hash with the last.
    ///
    /// - Returns: How many were freed; fewer than `limit` when the hash is gone.
    static func freeFields(of entry: Entry, limit: Int) -> Int {
        let fields = unsafe entry.fields
        let freed = unsafe fields.pointee.freeSome(limit: limit)
        if freed < limit {
            unsafe fields.deallocate()
            entry.deallocate(hasLinks: false)
        }
        return freed
    }
}

extension Entry {
    /// When the key ends: at its own deadline, or with a hash's last field.
    var end: Int64 { hasFieldMap ? unsafe min(deadline, fields.pointee.end) : deadline }

    /// When there is something to remove: the key, or a field of a hash.
    var due: Int64 {
        hasFieldMap ? unsafe min(deadline, fields.pointee.earliestDeadline) : deadline
    }
}
