import Primitives
import Testing

@testable import Commands

@Suite("The longest common subsequence") struct LongestCommonSubsequenceTests {
    /// Tries all of the first string's 2^n subsequences.
    private func longest(_ one: [UInt8], _ other: [UInt8]) -> Int {
        (0..<1 << one.count).reduce(0) { longest, chosen in
            let bytes = one.indices.filter { chosen & 1 << $0 != 0 }.map { one[$0] }
            return isSubsequence(bytes, of: other) ? max(longest, bytes.count) : longest
        }
    }

    private func isSubsequence(_ bytes: [UInt8], of whole: [UInt8]) -> Bool {
        var left = bytes[...]
        for byte in whole where byte == left.first { left.removeFirst() }
        return left.isEmpty
    }

    @Test(
        "is as long as the longest that there is, and its matches are all of it", arguments: 0..<8)
    func exhaustive(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let strings = [9, 14].map { limit in
                (0..<generator.below(limit)).map { _ in UInt8(generator.below(3)) }
            }
            let (one, other) = (strings[0], strings[1])
            let found = LongestCommonSubsequence(of: one.span, and: other.span, tracesBack: true)
            #expect(found.byteCount == longest(one, other))
            let length = LongestCommonSubsequence(of: one.span, and: other.span, tracesBack: false)
            #expect(length.byteCount == found.byteCount && length.bytes.isEmpty)
            #expect(found.bytes.count == found.byteCount)
            #expect(isSubsequence(found.bytes, of: one) && isSubsequence(found.bytes, of: other))
            let matches = found.matches.reversed()
            #expect(matches.flatMap { one[$0.first] } == found.bytes)
            #expect(matches.flatMap { other[$0.second] } == found.bytes)
        }
    }

    /// The table as plain numbers, gone through as Redis does.
    private func tabled(
        _ one: [UInt8], _ other: [UInt8]
    ) -> (bytes: [UInt8], matches: [LongestCommonSubsequence.Match]) {
        var table = Array(
            repeating: Array(repeating: 0, count: other.count + 1), count: one.count + 1)
        for row in one.indices {
            for column in other.indices {
                table[row + 1][column + 1] =
                    one[row] == other[column]
                    ? table[row][column] + 1
                    : max(table[row][column + 1], table[row + 1][column])
            }
        }
        var pairs: [(Int, Int)] = []
        var (row, column) = (one.count, other.count)
        while row > 0, column > 0 {
            if one[row - 1] == other[column - 1] {
                row -= 1
                column -= 1
                pairs.append((row, column))
            } else if table[row - 1][column] > table[row][column - 1] {
                row -= 1
            } else {
                column -= 1
            }
        }
        var matches: [LongestCommonSubsequence.Match] = []
        for (first, second) in pairs {
            if let last = matches.last, last.first.lowerBound == first + 1,
                last.second.lowerBound == second + 1
            {
                matches[matches.count - 1].first = first...last.first.upperBound
                matches[matches.count - 1].second = second...last.second.upperBound
            } else {
                matches.append(.init(first: first...first, second: second...second))
            }
        }
        return (pairs.reversed().map { one[$0.0] }, matches)
    }

    @Test("is what the plain table tells, whichever string is longer", arguments: 0..<6)
    func table(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let lengths = [0, 1, 63, 64, 65, 127, 128, 129, 200]
        for _ in 0..<40 {
            let letters = 1 + generator.below(5)
            let strings = [0, 1].map { _ in
                (0..<lengths[generator.below(lengths.count)]).map { _ in
                    UInt8(generator.below(letters))
                }
            }
            let (one, other) = (strings[0], strings[1])
            let found = LongestCommonSubsequence(of: one.span, and: other.span, tracesBack: true)
            let expected = tabled(one, other)
            #expect(found.bytes == expected.bytes && found.matches == expected.matches)
        }
    }

    @Test("says how much room its table needs") func room() {
        #expect(LongestCommonSubsequence.tableByteCount(0, 0) == 4)
        #expect(LongestCommonSubsequence.tableByteCount(999, 99) == 400_000)
        #expect(LongestCommonSubsequence.tableByteCount(.max / 2, 2) == nil)
    }
}
