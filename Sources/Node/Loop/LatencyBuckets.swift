/// Buckets for durations, four in each doubling: from a microsecond to some hours.
package enum LatencyBuckets {
    package static let count = 4 * 34 + 1
    private static let smallestExponent = 10

    /// The bucket of a duration.
    package static func index(nanoseconds: UInt64) -> Int {
        let exponent = 63 - max(nanoseconds, 1).leadingZeroBitCount
        guard exponent >= smallestExponent else { return 0 }
        let quarter = Int(nanoseconds >> UInt64(exponent - 2) & 3)
        return min((exponent - smallestExponent) * 4 + quarter + 1, count - 1)
    }

    /// Where a bucket ends, in nanoseconds.
    package static func end(of index: Int) -> UInt64 {
        guard index > 0 else { return 1 << smallestExponent }
        let (octave, quarter) = (index - 1).quotientAndRemainder(dividingBy: 4)
        return UInt64(5 + quarter) << UInt64(octave + smallestExponent - 2)
    }

    /// The buckets that end where a doubling does.
    package static let octaves = stride(from: 0, to: count, by: 4)

    /// The end of the bucket up to which so many percent of all counts are; 0 without any.
    package static func percentile(_ percent: Double, of counts: ArraySlice<UInt64>) -> UInt64 {
        let total = counts.reduce(0, +)
        guard total > 0 else { return 0 }
        let wanted = max(1, UInt64((Double(total) * percent / 100).rounded(.up)))
        var sum: UInt64 = 0
        for (place, count) in counts.enumerated() {
            sum += count
            if sum >= wanted { return end(of: place) }
        }
        return end(of: count - 1)
    }
}
