/// The fields of a hash in the order in which they were first set, with a table to find them.
///
/// Setting a field that exists keeps its place; removing one closes the gap; a field set again comes
/// last. The order is thus a function of the commands alone. A field whose deadline has passed is no
/// longer there for anyone, but stays in the list until it is removed.
///
/// While a snapshot has yet to write a field (its era is not the keyspace's), a change of its value
/// leaves the field where it is, held for the snapshot, and puts the new one behind it. Held fields
/// are no longer the hash's. A change of its deadline alone keeps the former one (``FieldDeadlines``).
///
/// Safe because nothing but the map reaches its deadlines.
@safe struct FieldMap {
    /// Up to this many fields are found by walking them.
    private static let walkedCount = 8

    private(set) var count = 0
    /// Its previous field is the last one; the last one has no next.
    private(set) var first: Entry?
    /// Empty until there are more fields than are worth walking.
    private(set) var table = EntryTable()
    /// Bytes of all fields and values, for accounting.
    private(set) var byteCount = 0
    /// Made for the first deadline, and kept.
    private var timed: UnsafeMutablePointer<FieldDeadlines>?

    init() {}

    var tableByteCount: Int { table.bucketCount * MemoryLayout<UInt64>.size }
    private var last: Entry? { first?.previousField }

    // MARK: Hot path

    /// The field, its deadline passed or not.
    func find(_ name: Span<UInt8>, secret: UInt64) -> Entry? {
        if table.count > 0 { return table.find(name, hash: Entry.hash(of: name, secret: secret)) }
        var field = first
        while let present = field {
            if present.hasKey(name), !present.isHeld { return present }
            field = present.nextField
        }
        return nil
    }

    /// Sets a field.
    ///
    /// - Parameters:
    ///   - name: The field.
    ///   - value: Its value.
    ///   - deadline: The field's; `nil` to keep the one that it has.
    ///   - now: A field whose deadline is not later counts as absent.
    ///   - secret: The key of the hashes.
    ///   - era: The keyspace's.
    /// - Returns: Whether the field is new.
    mutating func set(
        _ name: Span<UInt8>, to value: Span<UInt8>, deadline: Int64?, now: Int64, secret: UInt64,
        era: UInt32
    ) -> Bool {
        let found = find(name, secret: secret)
        guard let field = found, field.deadline > now else {
            if let expired = found { remove(expired, secret: secret, era: era) }
            append(Self.make(name, value, deadline ?? Entry.noDeadline, era: era), secret: secret)
            return true
        }
        let deadline = deadline ?? field.deadline
        byteCount += value.count - field.valueByteCount
        if field.era == era, value.count <= field.valueCapacity,
            value.count * 2 + 64 >= field.valueCapacity
        {
            field.valueByteCount = value.count
            field.write(value, at: 0)
            if deadline != field.deadline { setDeadline(deadline, of: field, era: era) }
        } else {
            replace(
                field, with: Self.make(name, value, deadline, era: era), secret: secret, era: era)
        }
        return false
    }

    /// Removes `field`, one of the map's.
    mutating func remove(_ field: Entry, secret: UInt64, era: UInt32) {
        if table.count > 0 {
            table.remove(field, hash: field.hash(secret: secret), secret: secret)
        }
        untime(field)
        count -= 1
        byteCount -= field.keyByteCount + field.valueByteCount
        letGo(field, era: era)
    }

    // MARK: Deadlines

    /// Whether a field has a deadline, or had one.
    var isTimed: Bool { unsafe timed != nil }

    /// The earliest deadline of a field.
    var earliestDeadline: Int64 { unsafe timed?.pointee.earliest ?? Entry.noDeadline }

    /// When the last field ends; ``Entry/noDeadline`` when one doesn't.
    var end: Int64 {
        guard let timed = unsafe timed, unsafe timed.pointee.count == count else {
            return Entry.noDeadline
        }
        return unsafe timed.pointee.latest ?? Entry.noDeadline
    }

    /// The earliest deadline of a field that is later than `time`.
    func earliestDeadline(after time: Int64) -> Int64 {
        unsafe timed?.pointee.earliest(after: time) ?? Entry.noDeadline
    }

    /// How many fields have a deadline that is later than `now`, or none.
    func count(now: Int64) -> Int { unsafe count - (timed?.pointee.count(through: now) ?? 0) }

    /// Sets or takes away the deadline of `field`.
    mutating func setDeadline(_ deadline: Int64, of field: Entry, era: UInt32) {
        if field.era != era, field.expiryIndex == Entry.notInHeap {
            unsafe deadlines().pointee.keepFormer(of: field)
        }
        untime(field)
        field.deadline = deadline
        time(field)
    }

    /// Removes the field with the earliest deadline.
    mutating func removeEarliest(secret: UInt64, era: UInt32) {
        guard let field = unsafe timed?.pointee.first else {
            preconditionFailure("no field has a deadline")
        }
        remove(field, secret: secret, era: era)
    }

    private mutating func deadlines() -> UnsafeMutablePointer<FieldDeadlines> {
        if let timed = unsafe timed { return unsafe timed }
        let made = UnsafeMutablePointer<FieldDeadlines>.allocate(capacity: 1)
        unsafe made.initialize(to: FieldDeadlines())
        unsafe timed = made
        return unsafe made
    }

    private mutating func time(_ field: Entry) {
        if field.deadline != Entry.noDeadline { unsafe deadlines().pointee.insert(field) }
    }

    private mutating func untime(_ field: Entry) {
        if field.deadline != Entry.noDeadline { unsafe deadlines().pointee.remove(field) }
    }

    /// Adds copies of the fields of `other`, which has none of the same names, behind all others,
    /// each with its deadline.
    mutating func append(fieldsOf other: FieldMap, secret: UInt64, era: UInt32) {
        var field = other.first
        while let present = field {
            if !present.isHeld {
                append(
                    Self.make(present.key, present.value, present.deadline, era: era),
                    secret: secret)
            }
            field = present.nextField
        }
    }

    // MARK: Snapshots

    /// The deadline of `field` when the snapshot that has yet to write it began.
    func unwrittenDeadline(of field: Entry) -> Int64 {
        guard field.expiryIndex != Entry.notInHeap, let timed = unsafe timed else {
            return field.deadline
        }
        return unsafe timed.pointee.former(of: field)
    }

    /// The snapshot of `era` has written `field`.
    ///
    /// - Returns: The field that it must write next; `nil` when it has all. It stays in the list
    ///   until it is written.
    mutating func wrote(_ field: Entry, era: UInt32) -> Entry? {
        var next = field.nextField
        if field.isHeld {
            unlink(field)
        } else {
            field.era = era
            field.expiryIndex = Entry.notInHeap
        }
        // Behind a held field may be the one that took its place. Two such in a row are behind all
        // that was there when the snapshot began.
        if let newer = next, newer.era == era { next = newer.nextField }
        if let next, next.era != era { return next }
        unsafe timed?.pointee.forgetFormer()
        return nil
    }

    /// The snapshot of `era` has written every field.
    func wroteAll(era: UInt32) {
        var field = first
        while let present = field {
            present.era = era
            field = present.nextField
        }
    }

    // MARK: Freeing

    /// Frees up to `limit` fields, held ones included; the map can only be freed further.
    ///
    /// - Returns: How many were freed; fewer than `limit` when none are left.
    mutating func freeSome(limit: Int) -> Int {
        table.deallocate()
        var freed = 0
        if let timed = unsafe timed {
            freed = unsafe timed.pointee.freeSome(limit: limit)
            if freed == limit { return freed }
            unsafe timed.deinitialize(count: 1)
            unsafe timed.deallocate()
            unsafe self.timed = nil
        }
        while freed < limit, let field = first {
            first = field.nextField
            field.deallocate(hasLinks: true)
            freed += 1
        }
        return freed
    }

    // MARK: Changes

    /// Adds a field without a deadline, one that is not there, behind all others.
    mutating func append(
        _ name: Span<UInt8>, _ value: Span<UInt8>, secret: UInt64, era: UInt32
    ) {
        append(Self.make(name, value, Entry.noDeadline, era: era), secret: secret)
    }

    private static func make(
        _ name: Span<UInt8>, _ value: Span<UInt8>, _ deadline: Int64, era: UInt32
    ) -> Entry {
        let field = Entry.allocate(
            key: name, type: .string, valueByteCount: value.count, capacity: value.count,
            hasLinks: true, era: era)
        field.write(value, at: 0)
        field.deadline = deadline
        return field
    }

    private mutating func append(_ field: Entry, secret: UInt64) {
        link(field, behind: last)
        count += 1
        byteCount += field.keyByteCount + field.valueByteCount
        time(field)
        if table.count > 0 {
            table.insert(field, hash: field.hash(secret: secret), secret: secret)
        } else if count > Self.walkedCount {
            index(secret: secret)
        }
    }

    private mutating func index(secret: UInt64) {
        var field = first
        while let present = field {
            if !present.isHeld {
                table.insert(present, hash: present.hash(secret: secret), secret: secret)
            }
            field = present.nextField
        }
    }

    private mutating func replace(
        _ field: Entry, with replacement: Entry, secret: UInt64, era: UInt32
    ) {
        if table.count > 0 {
            table.replace(field, with: replacement, hash: field.hash(secret: secret))
        }
        untime(field)
        time(replacement)
        link(replacement, behind: field)
        letGo(field, era: era)
    }

    /// Frees a field that is no longer the hash's, or leaves it to the snapshot.
    private mutating func letGo(_ field: Entry, era: UInt32) {
        if field.era != era { field.isHeld = true } else { unlink(field) }
    }

    /// Puts `field` behind `before`; without one it is the only field.
    private mutating func link(_ field: Entry, behind before: Entry?) {
        guard let before else {
            first = field
            field.previousField = field
            return field.nextField = nil
        }
        let after = before.nextField
        field.previousField = before
        field.nextField = after
        before.nextField = field
        if let after { after.previousField = field } else { first?.previousField = field }
    }

    /// Takes `field` out of the list and frees it.
    private mutating func unlink(_ field: Entry) {
        let (before, after) = (field.previousField, field.nextField)
        if let first, first.isIdentical(to: field) {
            self.first = after
        } else {
            before?.nextField = after
        }
        if let after { after.previousField = before } else { first?.previousField = before }
        field.deallocate(hasLinks: true)
    }
}
