/// The hash type's operations; here because a hash's fields live behind an address.
extension Keyspace {
    /// How many fields a hash that is present has.
    package func fieldCount(at place: borrowing Place) -> Int {
        unsafe presentEntry(place).fields.pointee.count
    }

    /// The value of a field of a hash that is present; `nil` when it has no such field.
    @_lifetime(borrow self)
    package func field(_ name: Span<UInt8>, at place: borrowing Place) -> Span<UInt8>? {
        let fields = unsafe presentEntry(place).fields
        guard let field = unsafe fields.pointee.find(name, secret: hashSecret) else { return nil }
        return unsafe _overrideLifetime(field.value, borrowing: self)
    }

    /// Calls `visit` with each field and its value, in the order in which they were first set.
    package func forEachField(
        at place: borrowing Place, _ visit: (Span<UInt8>, Span<UInt8>) -> Void
    ) {
        Self.forEachField(of: presentEntry(place), visit)
    }

    /// Sets a field of a hash, which is made when the key is absent.
    ///
    /// - Parameters:
    ///   - name: The field.
    ///   - value: Its value.
    ///   - key: The key that `place` was looked up for.
    ///   - place: Where the key is or belongs; not one of another type.
    /// - Returns: Whether the field is new.
    @discardableResult
    package mutating func setField(
        _ name: Span<UInt8>, to value: Span<UInt8>, of key: Span<UInt8>, at place: inout Place
    ) -> Bool {
        check(place)
        if !place.isPresent {
            remove(&place)
            link(Self.makeHash(key, era: era), at: &place)
        }
        let entry = presentEntry(place)
        willChange(entry)
        let fields = unsafe entry.fields
        let before = unsafe fields.pointee.byteCount
        let isNew = unsafe fields.pointee.set(name, to: value, secret: hashSecret, era: era)
        byteCount += unsafe fields.pointee.byteCount - before
        generation += 1
        place.generation = generation
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
        willChange(entry)
        let fields = unsafe entry.fields
        let before = unsafe fields.pointee.byteCount
        guard unsafe fields.pointee.remove(name, secret: hashSecret, era: era) else { return false }
        byteCount += unsafe fields.pointee.byteCount - before
        generation += 1
        place.generation = generation
        if unsafe fields.pointee.count == 0 { remove(&place) }
        return true
    }

    static func makeHash(_ key: Span<UInt8>, era: UInt32) -> Entry {
        let entry = Entry.allocate(
            key: key, type: .hash, valueByteCount: 8, capacity: 8, hasLinks: false, era: era)
        let fields = UnsafeMutablePointer<FieldMap>.allocate(capacity: 1)
        unsafe fields.initialize(to: FieldMap())
        unsafe entry.setFields(fields)
        return entry
    }

    static func forEachField(
        of entry: Entry, _ visit: (Span<UInt8>, Span<UInt8>) -> Void
    ) {
        var field = unsafe entry.fields.pointee.first
        while let present = field {
            if !present.isHeld { visit(present.key, present.value) }
            field = present.nextField
        }
    }

    static func fieldCount(of entry: Entry) -> Int { unsafe entry.fields.pointee.count }

    static func fieldByteCount(of entry: Entry) -> Int { unsafe entry.fields.pointee.byteCount }

    // MARK: Snapshots

    /// The first field that a snapshot which has written none must write.
    static func firstUnwrittenField(of entry: Entry) -> Entry? {
        unsafe entry.fields.pointee.first
    }

    /// See ``FieldMap/wrote(_:era:)``.
    static func wrote(_ field: Entry, of entry: Entry, era: UInt32) -> Entry? {
        unsafe entry.fields.pointee.wrote(field, era: era)
    }

    static func wroteAllFields(of entry: Entry, era: UInt32) {
        unsafe entry.fields.pointee.wroteAll(era: era)
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
