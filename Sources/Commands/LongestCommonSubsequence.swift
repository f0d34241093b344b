/// The longest bytes that two strings have in common, in this order though with gaps, found by the table of
/// all pairs of beginnings (Redis: `LCS`; Wagner and Fischer, "The String-to-String Correction Problem", 1974).
struct LongestCommonSubsequence {
    /// A stretch that lies in both strings without a gap; offsets in bytes, the last included.
    struct Match: Equatable {
        var first: ClosedRange<Int>
        var second: ClosedRange<Int>
    }

    private(set) var byteCount = 0
    /// The bytes themselves, and where they are; the last stretch first. Empty unless asked for.
    private(set) var bytes: [UInt8] = []
    private(set) var matches: [Match] = []

    /// How many bytes the table takes for strings of such lengths; `nil` for more than an `Int` can tell.
    static func tableByteCount(_ one: Int, _ other: Int) -> Int? {
        let (cells, isTooMany) = (one + 1).multipliedReportingOverflow(by: other + 1)
        let (bytes, isTooLarge) = cells.multipliedReportingOverflow(by: 4)
        return isTooMany || isTooLarge ? nil : bytes
    }

    /// - Parameters:
    ///   - one: A string.
    ///   - other: Another one; ``tableByteCount(_:_:)`` says what both take if it traces back.
    ///   - tracesBack: Whether more than the length is wanted.
    init(of one: Span<UInt8>, and other: Span<UInt8>, tracesBack: Bool) {
        let width = other.count + 1
        // For the length alone two rows are enough.
        let rowCount = tracesBack ? one.count + 1 : 2
        var lengths = [UInt32](repeating: 0, count: rowCount * width)
        for row in 0..<one.count {
            let above = row % rowCount * width
            let here = (row + 1) % rowCount * width
            for column in 0..<other.count {
                lengths[here + column + 1] =
                    one[row] == other[column]
                    ? lengths[above + column] + 1
                    : max(lengths[above + column + 1], lengths[here + column])
            }
        }
        byteCount = Int(lengths[one.count % rowCount * width + other.count])
        if tracesBack { traceBack(one, other, lengths, width) }
    }

    private mutating func traceBack(
        _ one: Span<UInt8>, _ other: Span<UInt8>, _ lengths: [UInt32], _ width: Int
    ) {
        bytes = [UInt8](repeating: 0, count: byteCount)
        var (row, column, left) = (one.count, other.count, byteCount)
        /// Where the stretch under way ends, as rows and columns of the table.
        var end: (row: Int, column: Int)?
        while row > 0, column > 0 {
            if one[row - 1] == other[column - 1] {
                if end == nil { end = (row, column) }
                left -= 1
                bytes[left] = one[row - 1]
                row -= 1
                column -= 1
                continue
            }
            closeMatch(&end, row, column)
            if lengths[(row - 1) * width + column] > lengths[row * width + column - 1] {
                row -= 1
            } else {
                column -= 1
            }
        }
        closeMatch(&end, row, column)
    }

    private mutating func closeMatch(
        _ end: inout (row: Int, column: Int)?, _ row: Int, _ column: Int
    ) {
        guard let last = end else { return }
        matches.append(
            Match(first: row...last.row - 1, second: column...last.column - 1))
        end = nil
    }
}
