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
            link(Self.makeHash(key), at: &place)
        }
        let fields = unsafe presentEntry(place).fields
        let before = unsafe fields.pointee.byteCount
        let isNew = unsafe fields.pointee.set(name, to: value, secret: hashSecret)
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
        let fields = unsafe presentEntry(place).fields
        let before = unsafe fields.pointee.byteCount
        guard unsafe fields.pointee.remove(name, secret: hashSecret) else { return false }
        byteCount += unsafe fields.pointee.byteCount - before
        generation += 1
        place.generation = generation
        if unsafe fields.pointee.count == 0 { remove(&place) }
        return true
    }

    static func makeHash(_ key: Span<UInt8>) -> Entry {
        let entry = Entry.allocate(
            key: key, type: .hash, valueByteCount: 8, capacity: 8, hasLinks: false)
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
            visit(present.key, present.value)
            field = present.nextField
        }
    }

    static func fieldCount(of entry: Entry) -> Int { unsafe entry.fields.pointee.count }

    static func fieldByteCount(of entry: Entry) -> Int { unsafe entry.fields.pointee.byteCount }

    static func freeFields(of entry: Entry) {
        let fields = unsafe entry.fields
        unsafe fields.pointee.deallocate()
        unsafe fields.deallocate()
    }
}
