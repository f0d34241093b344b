/// The fields of a hash in the order in which they were first set, with a table to find them.
///
/// Setting a field that exists keeps its place; removing one closes the gap; a field set again comes
/// last. The order is thus a function of the commands alone.
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
            if present.hasKey(name) { return present }
            field = present.nextField
        }
        return nil
    }

    /// Sets a field; returns whether it is new.
    mutating func set(_ name: Span<UInt8>, to value: Span<UInt8>, secret: UInt64) -> Bool {
        guard let field = find(name, secret: secret) else {
            append(name, value, secret: secret)
            return true
        }
        byteCount += value.count - field.valueByteCount
        if value.count <= field.valueCapacity, value.count * 2 + 64 >= field.valueCapacity {
            field.valueByteCount = value.count
            field.write(value, at: 0)
        } else {
            replace(field, with: Self.make(name, value), secret: secret)
        }
        return false
    }

    /// Removes a field; returns whether it was there.
    mutating func remove(_ name: Span<UInt8>, secret: UInt64) -> Bool {
        guard let field = find(name, secret: secret) else { return false }
        if table.count > 0 {
            table.remove(field, hash: field.hash(secret: secret), secret: secret)
        }
        let (before, after) = (field.previousField, field.nextField)
        if let before { before.nextField = after } else { first = after }
        if let after { after.previousField = before } else { last = before }
        count -= 1
        byteCount -= field.keyByteCount + field.valueByteCount
        field.deallocate(hasLinks: true)
        return true
    }

    /// Frees every field.
    mutating func deallocate() {
        table.deallocate()
        var field = first
        while let present = field {
            field = present.nextField
            present.deallocate(hasLinks: true)
        }
        first = nil
        last = nil
        count = 0
    }

    // MARK: Changes

    private static func make(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Entry {
        let field = Entry.allocate(
            key: name, type: .string, valueByteCount: value.count, capacity: value.count,
            hasLinks: true)
        field.write(value, at: 0)
        return field
    }

    private mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>, secret: UInt64) {
        let field = Self.make(name, value)
        field.previousField = last
        if let last { last.nextField = field } else { first = field }
        last = field
        count += 1
        byteCount += name.count + value.count
        if table.count > 0 {
            table.insert(field, hash: field.hash(secret: secret), secret: secret)
        } else if count > Self.walkedCount {
            index(secret: secret)
        }
    }

    private mutating func index(secret: UInt64) {
        var field = first
        while let present = field {
            table.insert(present, hash: present.hash(secret: secret), secret: secret)
            field = present.nextField
        }
    }

    private mutating func replace(_ field: Entry, with replacement: Entry, secret: UInt64) {
        if table.count > 0 {
            table.replace(field, with: replacement, hash: field.hash(secret: secret))
        }
        let (before, after) = (field.previousField, field.nextField)
        replacement.previousField = before
        replacement.nextField = after
        if let before { before.nextField = replacement } else { first = replacement }
        if let after { after.previousField = replacement } else { last = replacement }
        field.deallocate(hasLinks: true)
    }
}
