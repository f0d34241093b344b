/// How large a hash may be that is kept in one block (Redis: `hash-max-listpack-entries` and
/// `hash-max-listpack-value`).
///
/// Replicas may differ in them: neither state nor replies tell how a hash is kept, but for those of
/// `OBJECT ENCODING` and `MEMORY USAGE`.
package struct CompactLimits: Equatable, Sendable {
    /// No hash with more fields or more bytes of names and values is ever kept in one block: a field
    /// is looked for by passing all others, and a snapshot writes the block at one go.
    static let largestFieldCount = 1024
    static let largestByteCount = 128 << 10
    /// No longer name or value lies in such a block.
    static let largestItemByteCount = 4 << 10

    let fieldCount: Int
    /// Of a name or a value.
    let itemByteCount: Int

    /// - Parameters:
    ///   - fieldCount: The most fields; more than 1024 count as 1024.
    ///   - itemByteCount: The most bytes of a name or a value; more than 4096 count as 4096.
    package init(fieldCount: Int = 512, itemByteCount: Int = 64) {
        self.fieldCount = min(fieldCount, Self.largestFieldCount)
        self.itemByteCount = min(itemByteCount, Self.largestItemByteCount)
    }

    func admit(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        name.count <= itemByteCount && value.count <= itemByteCount
    }
}
