package import Primitives

extension SeededGenerator {
    /// A number in `range`, each one as likely.
    package mutating func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    /// A time in `range`, each one as likely; in nanoseconds.
    package mutating func time(in range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + next() % (range.upperBound - range.lowerBound + 1)
    }

    /// A waiting time of the given mean, exponentially distributed and cut at sixteen times it.
    ///
    /// Made of integers alone, so that it is the same on every machine: the leading zeros of a
    /// random word give the whole part of its logarithm, the next bits the fraction.
    package mutating func exponentialTime(mean: UInt64) -> UInt64 {
        let word = next() | 1
        let zeros = UInt64(word.leadingZeroBitCount)
        let fraction = (word << (zeros + 1)) >> 48
        // -log2(u) lies between `zeros` and `zeros + 1`; the fraction falls as the bits rise.
        let log2 = min(zeros << 16 + (0xFFFF - fraction), 23 << 16)
        // ln 2 = 45426 / 65536.
        return (mean >> 8) * ((log2 * 45426) >> 16) >> 8
    }

    /// One of `choices`, which must not be empty.
    package mutating func choice<Element>(of choices: [Element]) -> Element {
        choices[below(choices.count)]
    }

    /// `elements` in a random order.
    package mutating func shuffle<Element>(_ elements: [Element]) -> [Element] {
        var shuffled = elements
        for index in shuffled.indices.dropFirst().reversed() {
            shuffled.swapAt(index, below(index + 1))
        }
        return shuffled
    }
}
