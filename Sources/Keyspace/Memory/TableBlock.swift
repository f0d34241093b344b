import Glibc

/// The memory of an ``EntryTable``: its header and its buckets, in one block of zeroed memory.
///
/// ```
///  0  count     Int      entries of the table, those still in `older` included
///  8  (unused)
/// 16  older     UInt64   the block that is being emptied into this one, 0 if none
/// 24  migrated  Int      how many buckets of `older` have been moved
/// 32  buckets   UInt64   0 for empty, else the hash's low 16 bits and the entry's address
/// ```
///
/// A block's word has its address in the low 48 bits and above them 64 - log2(capacity), the shift
/// that leaves a hash's top bits: a look-up goes to its bucket without reading the header first.
///
/// Safe because only its table holds it.
@safe struct TableBlock {
    /// Stands in a bucket of `older` whose entry has been moved or removed.
    static let tombstone: UInt64 = 1
    private static let headerByteCount = 32
    /// Blocks from this size on come from the kernel, which zeroes a page when it is first touched: to
    /// zero memory that has been used before would take as long as the block is large.
    private static let mappedByteCount = 1 << 20

    private let base: UnsafeMutableRawPointer
    let shift: UInt64

    init?(word: UInt64) {
        guard
            let base = unsafe UnsafeMutableRawPointer(bitPattern: UInt(word & 0xFFFF_FFFF_FFFF))
        else { return nil }
        unsafe self.base = base
        shift = word >> 48
    }

    var word: UInt64 { unsafe shift << 48 | UInt64(UInt(bitPattern: base)) }

    init(capacity: Int) {
        precondition(
            capacity >= 4 && capacity & (capacity - 1) == 0, "a table of \(capacity) buckets")
        let byteCount = Self.byteCount(capacity: capacity)
        let base =
            byteCount < Self.mappedByteCount
            ? unsafe calloc(byteCount, 1)
            : unsafe mmap(
                nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let base = unsafe base, unsafe base != MAP_FAILED else {
            preconditionFailure("no memory for a table of \(capacity) buckets")
        }
        unsafe self.base = base
        shift = UInt64(64 - capacity.trailingZeroBitCount)
    }

    func deallocate() {
        let byteCount = Self.byteCount(capacity: capacity)
        if byteCount < Self.mappedByteCount {
            unsafe free(base)
        } else {
            unsafe munmap(base, byteCount)
        }
    }

    private static func byteCount(capacity: Int) -> Int { headerByteCount + capacity * 8 }

    var count: Int {
        get { field(at: 0) }
        nonmutating set { set(newValue, at: 0) }
    }
    var capacity: Int { 1 &<< Int(truncatingIfNeeded: 64 &- shift) }
    var older: TableBlock? {
        get { TableBlock(word: unsafe base.load(fromByteOffset: 16, as: UInt64.self)) }
        nonmutating set {
            unsafe base.storeBytes(of: newValue?.word ?? 0, toByteOffset: 16, as: UInt64.self)
        }
    }
    var migrated: Int {
        get { field(at: 24) }
        nonmutating set { set(newValue, at: 24) }
    }

    private func field(at offset: Int) -> Int {
        unsafe base.load(fromByteOffset: offset, as: Int.self)
    }

    private func set(_ value: Int, at offset: Int) {
        unsafe base.storeBytes(of: value, toByteOffset: offset, as: Int.self)
    }

    // MARK: Hot path

    /// The bucket at `index`, which must be below the capacity.
    func address(ofBucket index: Int) -> UnsafeRawPointer {
        unsafe UnsafeRawPointer(base + Self.headerByteCount + index << 3)
    }

    subscript(index: Int) -> UInt64 {
        get {
            unsafe base.load(fromByteOffset: Self.headerByteCount + index << 3, as: UInt64.self)
        }
        nonmutating set {
            unsafe base.storeBytes(
                of: newValue, toByteOffset: Self.headerByteCount + index << 3, as: UInt64.self)
        }
    }

    func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash &>> shift) }

    func find(_ key: Span<UInt8>, hash: UInt64) -> Entry? {
        let mask = capacity - 1
        var index = home(hash)
        while true {
            let word = self[index]
            if word == 0 { return nil }
            if word >> 48 == hash & 0xFFFF, word != Self.tombstone,
                let entry = Entry(word: word), entry.hasKey(key)
            {
                return entry
            }
            index = (index + 1) & mask
        }
    }

    /// Where the bucket with `word` is; `nil` when this block doesn't hold it.
    func index(of word: UInt64, hash: UInt64) -> Int? {
        let mask = capacity - 1
        var index = home(hash)
        while self[index] != word {
            if self[index] == 0 { return nil }
            index = (index + 1) & mask
        }
        return index
    }

    /// Puts `word` into the first free bucket from its home on.
    func place(_ word: UInt64, hash: UInt64) {
        let mask = capacity - 1
        var index = home(hash)
        while self[index] != 0 { index = (index + 1) & mask }
        self[index] = word
    }

    /// Empties the bucket at `index` and moves later ones of its run back, so that no search ends
    /// early (Knuth, TAOCP 3, 6.4, algorithm R).
    func vacate(_ index: Int, secret: UInt64) {
        let mask = capacity - 1
        var hole = index
        var next = (index + 1) & mask
        while let entry = Entry(word: self[next]) {
            let home = home(entry.hash(secret: secret))
            if (next - home) & mask >= (next - hole) & mask {
                self[hole] = self[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        self[hole] = 0
    }
}
