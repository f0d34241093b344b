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

    @Test("says how much room its table needs") func room() {
        #expect(LongestCommonSubsequence.tableByteCount(0, 0) == 4)
        #expect(LongestCommonSubsequence.tableByteCount(999, 99) == 400_000)
        #expect(LongestCommonSubsequence.tableByteCount(.max / 2, 2) == nil)
    }
}
