/// The longest bytes that two strings have in common, in this order though with gaps (Redis: `LCS`).
///
/// The table of all pairs of beginnings (Wagner and Fischer, "The String-to-String Correction Problem", 1974)
/// is kept as bits: going along a row its values rise by 0 or 1, and one word's worth of a row follows from
/// the row before by a few operations (Hyyrö, "Bit-Parallel LCS-length Computation Revisited", 2004).
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

    /// How many bytes a table of plain numbers takes for strings of such lengths, by which Redis says what is
    /// too much; `nil` for more than an `Int` can tell.
    static func tableByteCount(_ one: Int, _ other: Int) -> Int? {
        let (cells, isTooMany) = (one + 1).multipliedReportingOverflow(by: other + 1)
        let (bytes, isTooLarge) = cells.multipliedReportingOverflow(by: 4)
        return isTooMany || isTooLarge ? nil : bytes
    }

    /// How many words are worked out for strings of such lengths.
    static func wordCount(_ one: Int, _ other: Int) -> Int {
        max(one, other) * RowBits.wordCount(min(one, other))
    }

    /// - Parameters:
    ///   - one: A string.
    ///   - other: Another one; ``wordCount(_:_:)`` says how many words both take in memory if it traces back.
    ///   - tracesBack: Whether more than the length is wanted.
    init(of one: Span<UInt8>, and other: Span<UInt8>, tracesBack: Bool) {
        guard !one.isEmpty, !other.isEmpty else { return }
        // The longer one has the rows, so that the least is lost in a row's last word.
        if one.count >= other.count {
            let table = RowBits(rows: one, columns: other, keepsAll: tracesBack)
            byteCount = table.length
            if tracesBack { traceBack(table, rows: one, columns: other, isTransposed: false) }
        } else {
            let table = RowBits(rows: other, columns: one, keepsAll: tracesBack)
            byteCount = table.length
            if tracesBack { traceBack(table, rows: other, columns: one, isTransposed: true) }
        }
    }

    private mutating func traceBack(
        _ table: borrowing RowBits, rows: Span<UInt8>, columns: Span<UInt8>, isTransposed: Bool
    ) {
        bytes = [UInt8](repeating: 0, count: byteCount)
        var (row, column, left) = (rows.count, columns.count, byteCount)
        /// The table's values here, and in the row before.
        var here = byteCount
        var above = table.value(row - 1, column)
        /// Where the stretch under way ends, as rows and columns of the table.
        var end: (row: Int, column: Int)?
        while row > 0, column > 0 {
            if rows[row - 1] == columns[column - 1] {
                if end == nil { end = (row, column) }
                left -= 1
                bytes[left] = rows[row - 1]
                row -= 1
                column -= 1
                here -= 1
                above = table.value(row - 1, column)
                continue
            }
            closeMatch(&end, row, column, isTransposed)
            let before = here - table.rise(row, column)
            // Of two ways that are as good, the first string is the one that is kept.
            if isTransposed ? above >= before : above > before {
                row -= 1
                here = above
                above = table.value(row - 1, column)
            } else {
                above -= table.rise(row - 1, column)
                column -= 1
                here = before
            }
        }
        closeMatch(&end, row, column, isTransposed)
    }

    private mutating func closeMatch(
        _ end: inout (row: Int, column: Int)?, _ row: Int, _ column: Int, _ isTransposed: Bool
    ) {
        guard let last = end else { return }
        let (rows, columns) = (row...last.row - 1, column...last.column - 1)
        matches.append(
            isTransposed
                ? Match(first: columns, second: rows) : Match(first: rows, second: columns))
        end = nil
    }
}

/// The table's rows as bits: a 0 where the value is one more than in the column before.
private struct RowBits: ~Copyable {
    private var words: [UInt64]
    private let rowWordCount: Int
    private let columnCount: Int
    /// The table's last value.
    private(set) var length = 0

    static func wordCount(_ columnCount: Int) -> Int { (columnCount + 63) / 64 }

    init(rows: Span<UInt8>, columns: Span<UInt8>, keepsAll: Bool) {
        columnCount = columns.count
        rowWordCount = Self.wordCount(columns.count)
        let width = rowWordCount
        words = []
        words.reserveCapacity(keepsAll ? rows.count * width : 0)
        // Where each byte is among the columns.
        var places = [UInt64](repeating: 0, count: 256 * width)
        for column in 0..<columns.count {
            places[Int(columns[column]) * width + column / 64] |= 1 << UInt64(column % 64)
        }
        var current = [UInt64](repeating: .max, count: width)
        for row in 0..<rows.count {
            let first = Int(rows[row]) * width
            var carry: UInt64 = 0
            for word in 0..<width {
                let bits = current[word]
                let matching = bits & places[first + word]
                let (sum, overflows) = bits.addingReportingOverflow(matching)
                let (total, overflowsAgain) = sum.addingReportingOverflow(carry)
                carry = overflows || overflowsAgain ? 1 : 0
                current[word] = total | bits & ~matching
            }
            if keepsAll { words.append(contentsOf: current) }
        }
        length = Self.zeroCount(current.span, from: 0, through: columnCount)
    }

    /// The table's value in a row and a column, both counted from 1; 0 before them.
    ///
    /// - Complexity: O(column / 64).
    func value(_ row: Int, _ column: Int) -> Int {
        row < 1 ? 0 : Self.zeroCount(words.span, from: (row - 1) * rowWordCount, through: column)
    }

    /// 1 where the value is one more than in the column before, otherwise 0.
    func rise(_ row: Int, _ column: Int) -> Int {
        guard row > 0, column > 0 else { return 0 }
        let word = words[(row - 1) * rowWordCount + (column - 1) / 64]
        return word >> UInt64((column - 1) % 64) & 1 == 0 ? 1 : 0
    }

    private static func zeroCount(
        _ words: Span<UInt64>, from first: Int, through column: Int
    ) -> Int {
        var count = 0
        for word in 0..<column / 64 { count += (~words[first + word]).nonzeroBitCount }
        let rest = UInt64(column % 64)
        if rest > 0 { count += (~words[first + column / 64] & (1 << rest - 1)).nonzeroBitCount }
        return count
    }
}
