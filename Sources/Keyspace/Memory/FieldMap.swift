/// The fields of a hash in the order in which they were first set, with a table to find them.
///
/// Setting a field that exists keeps its place; removing one closes the gap; a field set again comes
/// last. The order is thus a function of the commands alone.
///
/// While a snapshot has yet to write a field (its era is not the keyspace's), a change leaves the
/// field where it is, held for the snapshot, and puts the new one behind it. Held fields are no
/// longer the hash's.
struct FieldMap {
    /// Up to this many fields are found by walking them.
    private static let walkedCount = 8

    private(set) var count = 0
    private(set) var first: Entry?
    private var last: Entry?
    /// Empty until there are more fields than are worth walking.
    private var table = EntryTable()
    /// Bytes of all fields and values, for accounting.
    private(set) var byteCount = 0

    init() {}

    // MARK: Hot path

    func find(_ name: Span<UInt8>, secret: UInt64) -> Entry? {
        if table.count > 0 { return table.find(name, hash: Entry.hash(of: name, secret: secret)) }
        var field = first
        while let present = field {
            if present.hasKey(name), !present.isHeld { return present }
            field = present.nextField
        }
        return nil
    }

    /// Sets a field; returns whether it is new.
    mutating func set(
        _ name: Span<UInt8>, to value: Span<UInt8>, secret: UInt64, era: UInt32
    ) -> Bool {
        guard let field = find(name, secret: secret) else {
            append(Self.make(name, value, era: era), secret: secret)
            return true
        }
        byteCount += value.count - field.valueByteCount
        if field.era != era {
            supersede(field, with: Self.make(name, value, era: era), secret: secret)
        } else if value.count <= field.valueCapacity, value.count * 2 + 64 >= field.valueCapacity {
            field.valueByteCount = value.count
            field.write(value, at: 0)
        } else {
            replace(field, with: Self.make(name, value, era: era), secret: secret)
        }
        return false
    }

    /// Removes a field; returns whether it was there.
    mutating func remove(_ name: Span<UInt8>, secret: UInt64, era: UInt32) -> Bool {
        guard let field = find(name, secret: secret) else { return false }
        if table.count > 0 {
            table.remove(field, hash: field.hash(secret: secret), secret: secret)
        }
        count -= 1
        byteCount -= field.keyByteCount + field.valueByteCount
        if field.era != era {
            field.isHeld = true
        } else {
            unlink(field)
        }
        return true
    }

    // MARK: Snapshots

    /// The snapshot of `era` has written `field`.
    ///
    /// - Returns: The field that it must write next; `nil` when it has all. It stays in the list
    ///   until it is written.
    mutating func wrote(_ field: Entry, era: UInt32) -> Entry? {
        var next = field.nextField
        if field.isHeld { unlink(field) } else { field.era = era }
        // Behind a held field may be the one that took its place. Two such in a row are behind all
        // that was there when the snapshot began.
        if let newer = next, newer.era == era { next = newer.nextField }
        return next?.era == era ? nil : next
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
        while freed < limit, let field = first {
            first = field.nextField
            field.deallocate(hasLinks: true)
            freed += 1
        }
        return freed
    }

    // MARK: Changes

    private static func make(
        _ name: Span<UInt8>, _ value: Span<UInt8>, era: UInt32
    ) -> Entry {
        let field = Entry.allocate(
            key: name, type: .string, valueByteCount: value.count, capacity: value.count,
            hasLinks: true, era: era)
        field.write(value, at: 0)
        return field
    }

    private mutating func append(_ field: Entry, secret: UInt64) {
        link(field, behind: last)
        count += 1
        byteCount += field.keyByteCount + field.valueByteCount
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

    private mutating func replace(_ field: Entry, with replacement: Entry, secret: UInt64) {
        if table.count > 0 {
            table.replace(field, with: replacement, hash: field.hash(secret: secret))
        }
        link(replacement, behind: field)
        unlink(field)
    }

    /// As ``replace(_:with:secret:)`` for a field that a snapshot has yet to write.
    private mutating func supersede(_ field: Entry, with replacement: Entry, secret: UInt64) {
        if table.count > 0 {
            table.replace(field, with: replacement, hash: field.hash(secret: secret))
        }
        link(replacement, behind: field)
        field.isHeld = true
    }

    /// Puts `field` behind `before`, or first.
    private mutating func link(_ field: Entry, behind before: Entry?) {
        let after = before == nil ? first : before?.nextField
        field.previousField = before
        field.nextField = after
        if let before { before.nextField = field } else { first = field }
        if let after { after.previousField = field } else { last = field }
    }

    /// Takes `field` out of the list and frees it.
    private mutating func unlink(_ field: Entry) {
        let (before, after) = (field.previousField, field.nextField)
        if let before { before.nextField = after } else { first = after }
        if let after { after.previousField = before } else { last = before }
        field.deallocate(hasLinks: true)
    }
}
