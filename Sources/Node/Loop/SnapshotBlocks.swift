import Primitives

/// Cuts a snapshot file's bytes, as they come, into its blocks, and checks these.
struct SnapshotBlocks: Sendable {
    private let index: LogIndex
    /// What has come and was not a whole block before the last call of ``append(_:)``.
    private(set) var pending: [UInt8] = []
    private var usedByteCount = 0
    private var hasHeader = false
    /// Of all blocks so far; that of the file once it is complete.
    private(set) var checksum: UInt32 = 0
    /// Whether the end has come.
    private(set) var isComplete = false

    /// - Parameter index: The index that the file must have.
    init(index: LogIndex) { self.index = index }

    /// Takes in the next bytes of the file.
    mutating func append(_ bytes: ArraySlice<UInt8>) {
        pending.removeFirst(usedByteCount)
        usedByteCount = 0
        pending.append(contentsOf: bytes)
    }

    /// Passes the header or a block.
    ///
    /// - Returns: Where the block's bytes are in ``pending``; none are those of the end. `nil` when
    ///   it is not there as a whole.
    /// - Throws: ``DecodingFailure`` when the bytes are not a snapshot's, whole and unaltered.
    mutating func next() throws(DecodingFailure) -> Range<Int>? {
        if !hasHeader {
            guard pending.count >= SnapshotFile.headerByteCount else { return nil }
            checksum = try SnapshotFile.checkHeader(of: pending, expecting: index)
            usedByteCount = SnapshotFile.headerByteCount
            hasHeader = true
        }
        guard
            let block = try SnapshotFile.block(
                of: pending, at: usedByteCount, checksum: &checksum)
        else { return nil }
        guard !isComplete else {
            throw DecodingFailure(what: "bytes behind a snapshot's end", offset: usedByteCount)
        }
        usedByteCount = block.upperBound
        isComplete = block.isEmpty
        return block
    }
}
