import Glibc

/// The fields of a small hash with their values, one behind the other in the value of the hash's
/// entry, which is marked as compact.
///
/// ```
///  0  count of fields   UInt16
///  2  the fields, in the order in which they were first set, and of each
///         the byte count of its name, that of its value, the name, the value
/// ```
///
/// A byte count below 240 is one byte. Others are two: 240 and the high byte of what it exceeds 240 by,
/// then the low byte.
///
/// Safe because its accesses stay within the entry's block: what it writes is checked against the
/// room there is, and what it reads by was written so.
@safe struct FieldBlock {
    /// Where a field lies; holds until the block changes.
    struct Field {
        fileprivate let start: Int
        fileprivate let nameStart: Int
        fileprivate let nameByteCount: Int
        fileprivate let valueByteCount: Int

        fileprivate var valueStart: Int { nameStart + nameByteCount }
        fileprivate var end: Int { valueStart + valueByteCount }
        /// Bytes that the field takes.
        var byteCount: Int { end - start }
    }

    static let headerByteCount = 2
    private static let shortLimit = 240

    private let entry: Entry
    private let start: UnsafeMutableRawPointer

    /// The fields of `entry`, a compact hash.
    init(_ entry: Entry) {
        precondition(entry.isCompact, "a block of fields in a \(entry.type)")
        self.entry = entry
        unsafe start = entry.valueStart
    }

    private var end: Int { entry.valueByteCount }

    /// Bytes that a field takes with its value.
    static func byteCount(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Int {
        width(name.count) + width(value.count) + name.count + value.count
    }

    private static func width(_ count: Int) -> Int { count < shortLimit ? 1 : 2 }

    // MARK: Hot path

    var count: Int {
        get { Int(unsafe start.loadUnaligned(as: UInt16.self)) }
        nonmutating set { unsafe start.storeBytes(of: UInt16(newValue), as: UInt16.self) }
    }

    func find(_ name: Span<UInt8>) -> Field? {
        let count = name.count
        return unsafe name.withUnsafeBytes { bytes in
            // Names of one length differ at their ends, if they do: the last eight bytes are compared
            // first, without a call. In front of a shorter name lies some of the entry, which is
            // shifted out.
            let shift = count < 8 ? 64 - 8 * count : 0
            // Of an empty name nothing is compared.
            let wanted = unsafe bytes.baseAddress ?? UnsafeRawPointer(start)
            let tail = unsafe Self.tail(of: bytes)
            let end = end
            var offset = Self.headerByteCount
            while offset < end {
                let field = field(at: offset)
                if field.nameByteCount == count,
                    unsafe (start + field.valueStart - 8).loadUnaligned(as: UInt64.self) >> shift
                        == tail,
                    unsafe count <= 8
                        || memcmp(start + field.nameStart, wanted, count - 8) == 0
                {
                    return field
                }
                offset = field.end
            }
            return nil
        }
    }

    /// The last eight bytes, the first of fewer in the lowest place.
    private static func tail(of bytes: UnsafeRawBufferPointer) -> UInt64 {
        if bytes.count >= 8 {
            return unsafe bytes.loadUnaligned(
                fromByteOffset: bytes.count - 8, as: UInt64.self)
        }
        var tail: UInt64 = 0
        for index in bytes.indices.reversed() { tail = unsafe tail << 8 | UInt64(bytes[index]) }
        return tail
    }

    /// Calls `visit` with each field and its value, in their order.
    func forEach(_ visit: (Span<UInt8>, Span<UInt8>) -> Void) {
        var offset = Self.headerByteCount
        let end = end
        while offset < end {
            let field = field(at: offset)
            visit(name(of: field), value(of: field))
            offset = field.end
        }
    }

    @_lifetime(borrow self)
    func name(of field: Field) -> Span<UInt8> {
        span(from: field.nameStart, count: field.nameByteCount)
    }

    @_lifetime(borrow self)
    func value(of field: Field) -> Span<UInt8> {
        span(from: field.valueStart, count: field.valueByteCount)
    }

    @_lifetime(borrow self)
    private func span(from offset: Int, count: Int) -> Span<UInt8> {
        let span = unsafe Span<UInt8>(
            _unsafeStart: (start + offset).assumingMemoryBound(to: UInt8.self), count: count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    private func field(at offset: Int) -> Field {
        let (first, second) = (byte(at: offset), byte(at: offset + 1))
        if first < Self.shortLimit, second < Self.shortLimit {
            return Field(
                start: offset, nameStart: offset + 2, nameByteCount: first,
                valueByteCount: second)
        }
        var place = offset
        let nameByteCount = takeCount(at: &place)
        let valueByteCount = takeCount(at: &place)
        return Field(
            start: offset, nameStart: place, nameByteCount: nameByteCount,
            valueByteCount: valueByteCount)
    }

    private func byte(at offset: Int) -> Int {
        Int(unsafe start.load(fromByteOffset: offset, as: UInt8.self))
    }

    private func takeCount(at place: inout Int) -> Int {
        let first = byte(at: place)
        place += 1
        guard first >= Self.shortLimit else { return first }
        let second = byte(at: place)
        place += 1
        return (first - Self.shortLimit) << 8 + second + Self.shortLimit
    }

    // MARK: Drawing

    /// Every field, in their order.
    var all: [Field] {
        var fields: [Field] = []
        fields.reserveCapacity(count)
        var offset = Self.headerByteCount
        while offset < end {
            fields.append(field(at: offset))
            offset = fields[fields.count - 1].end
        }
        return fields
    }

    /// The field with `index` others before it.
    subscript(index: Int) -> Field {
        precondition(index < count, "field \(index) of \(count)")
        var found = field(at: Self.headerByteCount)
        for _ in 0..<index { found = field(at: found.end) }
        return found
    }

    // MARK: Changes

    /// Adds a field that is not there behind all others; there must be room.
    func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        let offset = end
        entry.valueByteCount = offset + Self.byteCount(name, value)
        count += 1
        checkRoom()
        let nameStart = writeCounts(name.count, value.count, at: offset)
        entry.write(name, at: nameStart)
        entry.write(value, at: nameStart + name.count)
    }

    /// Gives a field another value, for which there must be room.
    func set(_ field: Field, to value: Span<UInt8>) {
        guard value.count != field.valueByteCount else {
            return entry.write(value, at: field.valueStart)
        }
        let nameStart =
            field.start + Self.width(field.nameByteCount) + Self.width(value.count)
        let newEnd = nameStart + field.nameByteCount + value.count
        let rest = end - field.end
        if newEnd > field.end {
            entry.valueByteCount += newEnd - field.end
            checkRoom()
            move(rest, from: field.end, to: newEnd)
            move(field.nameByteCount, from: field.nameStart, to: nameStart)
        } else {
            move(field.nameByteCount, from: field.nameStart, to: nameStart)
            move(rest, from: field.end, to: newEnd)
            entry.valueByteCount -= field.end - newEnd
        }
        _ = writeCounts(field.nameByteCount, value.count, at: field.start)
        entry.write(value, at: nameStart + field.nameByteCount)
    }

    func remove(_ field: Field) {
        move(end - field.end, from: field.end, to: field.start)
        entry.valueByteCount -= field.byteCount
        count -= 1
    }

    private func checkRoom() {
        precondition(
            end <= entry.valueCapacity, "\(end) bytes in a block of \(entry.valueCapacity)")
    }

    private func move(_ byteCount: Int, from source: Int, to target: Int) {
        guard byteCount > 0, source != target else { return }
        unsafe memmove(start + target, start + source, byteCount)
    }

    /// Writes the two counts in front of a name.
    ///
    /// - Returns: Where the name belongs.
    private func writeCounts(_ name: Int, _ value: Int, at offset: Int) -> Int {
        write(count: value, at: write(count: name, at: offset))
    }

    private func write(count: Int, at offset: Int) -> Int {
        precondition(
            count <= CompactLimits.largestItemByteCount, "\(count) bytes in a block of fields")
        guard count >= Self.shortLimit else {
            write(byte: count, at: offset)
            return offset + 1
        }
        let rest = count - Self.shortLimit
        write(byte: Self.shortLimit + rest >> 8, at: offset)
        write(byte: rest & 0xFF, at: offset + 1)
        return offset + 2
    }

    private func write(byte: Int, at offset: Int) {
        unsafe start.storeBytes(of: UInt8(byte), toByteOffset: offset, as: UInt8.self)
    }
}
