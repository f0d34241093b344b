import CXXHash
import Glibc

/// A key with its value, or a field of a hash with its value, in one block of memory.
///
/// ```
///  0  deadline      Int64   milliseconds since the epoch, `noDeadline` for none
///  8  key bytes     UInt32
/// 12  value bytes   UInt32
/// 16  granules << 6 | held << 5 | era << 4 | compact << 3 | type  UInt32; the block has
///                           16 * granules + 8 bytes
/// 20  expiry index  UInt32  where the expiry heap holds the entry, `notInHeap` if it doesn't; of a
///                           field, where its former deadline is kept
/// 24  the key, then the value (of a compact hash: a `FieldBlock`; of another one: the address of its
///     `FieldMap`)
/// ```
///
/// A field has 16 bytes more in front of the block: the previous and the next field in the order of
/// their insertion.
///
/// `era` and `held` are the snapshot's, see ``SnapshotWalk``.
///
/// Safe because a table owns each entry exactly once and everything outside `Memory` reaches one
/// only through a ``Place``, whose generation is checked.
@safe struct Entry {
    static let headerByteCount = 24
    static let linkByteCount = 16
    static let noDeadline = Int64.max
    static let notInHeap = UInt32.max
    private static let typeBits: UInt32 = 7
    private static let compactBit: UInt32 = 1 << 3
    static let eraBit: UInt32 = 1 << 4
    private static let heldBit: UInt32 = 1 << 5
    private static let granuleShift: UInt32 = 6

    let base: UnsafeMutableRawPointer

    init(base: UnsafeMutableRawPointer) { unsafe self.base = base }

    /// The entry that a bucket or a heap item holds: its address is in the low 48 bits.
    init?(word: UInt64) {
        guard
            let base = unsafe UnsafeMutableRawPointer(
                bitPattern: UInt(word & 0xFFFF_FFFF_FFFF))
        else { return nil }
        unsafe self.base = base
    }

    /// The entry's address under the tag of `hash`: what a bucket holds.
    func word(hash: UInt64) -> UInt64 { unsafe hash << 48 | UInt64(UInt(bitPattern: base)) }

    func isSame(as other: Entry) -> Bool { unsafe base == other.base }

    // MARK: Making and freeing

    static func granules(forByteCount byteCount: Int) -> Int { (byteCount + 7) / 16 }

    /// An entry without a deadline whose value is not written yet.
    static func allocate(
        key: Span<UInt8>, type: ValueType, valueByteCount: Int, capacity: Int, hasLinks: Bool,
        era: UInt32
    ) -> Entry {
        let prefix = hasLinks ? linkByteCount : 0
        let granules = granules(forByteCount: headerByteCount + key.count + capacity)
        precondition(granules < 1 << 26, "an entry of \(granules) granules")
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: prefix + granules * 16 + 8, alignment: 16)
        if hasLinks { unsafe block.initializeMemory(as: UInt64.self, repeating: 0, count: 2) }
        let entry = unsafe Entry(base: block + prefix)
        entry.deadline = noDeadline
        entry.set(UInt32(key.count), at: 8)
        entry.valueByteCount = valueByteCount
        entry.set(
            UInt32(granules) << granuleShift | era | UInt32(type.rawValue), at: 16)
        entry.expiryIndex = notInHeap
        unsafe key.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress {
                unsafe (entry.base + headerByteCount).copyMemory(
                    from: start, byteCount: bytes.count)
            }
        }
        return entry
    }

    func deallocate(hasLinks: Bool) {
        unsafe (base - (hasLinks ? Self.linkByteCount : 0)).deallocate()
    }

    // MARK: Header

    var deadline: Int64 {
        get { unsafe base.load(as: Int64.self) }
        nonmutating set { unsafe base.storeBytes(of: newValue, as: Int64.self) }
    }
    var keyByteCount: Int { Int(field(at: 8)) }
    var valueByteCount: Int {
        get { Int(field(at: 12)) }
        nonmutating set { set(UInt32(newValue), at: 12) }
    }
    var type: ValueType {
        guard let type = ValueType(rawValue: UInt8(field(at: 16) & Self.typeBits)) else {
            preconditionFailure("an entry of type \(field(at: 16) & Self.typeBits)")
        }
        return type
    }
    /// Of a hash: its fields are in this block.
    var isCompact: Bool {
        get { field(at: 16) & Self.compactBit != 0 }
        nonmutating set {
            set(field(at: 16) & ~Self.compactBit | (newValue ? Self.compactBit : 0), at: 16)
        }
    }
    /// Whether it is a hash whose fields are in a ``FieldMap``.
    var hasFieldMap: Bool {
        field(at: 16) & (Self.typeBits | Self.compactBit) == UInt32(ValueType.hash.rawValue)
    }
    var granules: Int { Int(field(at: 16) >> Self.granuleShift) }
    /// Bytes of the block, a field's links not counted.
    var blockByteCount: Int { granules * 16 + 8 }
    /// Other than the keyspace's when the snapshot under way has yet to write the entry.
    var era: UInt32 {
        get { field(at: 16) & Self.eraBit }
        nonmutating set { set(field(at: 16) & ~Self.eraBit | newValue, at: 16) }
    }
    /// Of a key's entry: the snapshot under way is writing it, so that it may not be freed nor its
    /// value overwritten. Of a field: it is no longer the hash's and only stays for the snapshot.
    var isHeld: Bool {
        get { field(at: 16) & Self.heldBit != 0 }
        nonmutating set {
            set(field(at: 16) & ~Self.heldBit | (newValue ? Self.heldBit : 0), at: 16)
        }
    }
    /// How many bytes the value may have without another block.
    var valueCapacity: Int { granules * 16 + 8 - Self.headerByteCount - keyByteCount }
    var expiryIndex: UInt32 {
        get { field(at: 20) }
        nonmutating set { set(newValue, at: 20) }
    }

    private func field(at offset: Int) -> UInt32 {
        unsafe base.load(fromByteOffset: offset, as: UInt32.self)
    }

    private func set(_ value: UInt32, at offset: Int) {
        unsafe base.storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
    }

    // MARK: Key and value

    private var keyStart: UnsafeMutableRawPointer { unsafe base + Self.headerByteCount }
    var valueStart: UnsafeMutableRawPointer { unsafe keyStart + keyByteCount }

    /// The key's bytes; the caller says what keeps the entry alive.
    var key: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span<UInt8>(
                _unsafeStart: keyStart.assumingMemoryBound(to: UInt8.self), count: keyByteCount)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The value's bytes; the caller says what keeps the entry alive.
    var value: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span<UInt8>(
                _unsafeStart: valueStart.assumingMemoryBound(to: UInt8.self),
                count: valueByteCount)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Writes `bytes` at `offset` of the value, which must have room for them.
    func write(_ bytes: Span<UInt8>, at offset: Int) {
        precondition(
            offset + bytes.count <= valueCapacity,
            "\(bytes.count) bytes at \(offset) of a value with room for \(valueCapacity)")
        let target = unsafe valueStart + offset
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                unsafe target.copyMemory(from: start, byteCount: source.count)
            }
        }
    }

    /// Makes a part of the value zeros; there must be room for it.
    func clear(_ range: Range<Int>) {
        precondition(
            range.upperBound <= valueCapacity,
            "\(range) of a value with room for \(valueCapacity)")
        unsafe memset(valueStart + range.lowerBound, 0, range.count)
    }

    /// The fields, when this is a hash that is not compact.
    var fields: UnsafeMutablePointer<FieldMap> {
        precondition(hasFieldMap, "the fields of a \(type) that has none, or compact ones")
        let address = unsafe valueStart.loadUnaligned(as: UInt.self)
        guard let fields = unsafe UnsafeMutablePointer<FieldMap>(bitPattern: address) else {
            preconditionFailure("a hash without fields")
        }
        return unsafe fields
    }

    func setFields(_ fields: UnsafeMutablePointer<FieldMap>) {
        unsafe valueStart.storeBytes(of: UInt(bitPattern: fields), as: UInt.self)
    }

    // MARK: Hot path

    func hasKey(_ other: Span<UInt8>) -> Bool {
        guard other.count == keyByteCount else { return false }
        return unsafe other.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return true }
            return unsafe memcmp(keyStart, start, bytes.count) == 0
        }
    }

    func hash(secret: UInt64) -> UInt64 {
        unsafe XXH_INLINE_XXH3_64bits_withSeed(keyStart, keyByteCount, secret)
    }

    static func hash(of key: Span<UInt8>, secret: UInt64) -> UInt64 {
        unsafe key.withUnsafeBytes {
            unsafe XXH_INLINE_XXH3_64bits_withSeed($0.baseAddress, $0.count, secret)
        }
    }

    func isIdentical(to other: Entry) -> Bool { unsafe base == other.base }

    /// Whether this entry's key comes before `other`'s, byte by byte.
    func keyPrecedes(_ other: Entry) -> Bool {
        let common = min(keyByteCount, other.keyByteCount)
        let order = unsafe memcmp(keyStart, other.keyStart, common)
        return order == 0 ? keyByteCount < other.keyByteCount : order < 0
    }

    // MARK: Order of fields

    var previousField: Entry? {
        get { Entry(word: unsafe (base - 16).load(as: UInt64.self)) }
        nonmutating set { setLink(newValue, at: -16) }
    }

    var nextField: Entry? {
        get { Entry(word: unsafe (base - 8).load(as: UInt64.self)) }
        nonmutating set { setLink(newValue, at: -8) }
    }

    private func setLink(_ entry: Entry?, at offset: Int) {
        let address = entry.map { unsafe UInt64(UInt(bitPattern: $0.base)) } ?? 0
        unsafe (base + offset).storeBytes(of: address, as: UInt64.self)
    }
}
