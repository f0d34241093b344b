/// How often durations fell into each of ``LatencyBuckets``.
package struct LatencyHistogram: Equatable, Sendable {
    package private(set) var counts = [UInt64](repeating: 0, count: LatencyBuckets.count)
    package private(set) var total: UInt64 = 0
    package private(set) var nanoseconds: UInt64 = 0

    package init() {}

    package mutating func add(nanoseconds duration: UInt64) {
        counts[LatencyBuckets.index(nanoseconds: duration)] += 1
        total += 1
        nanoseconds &+= duration
    }

    package mutating func add(_ other: Self) {
        for place in counts.indices { counts[place] += other.counts[place] }
        total += other.total
        nanoseconds &+= other.nanoseconds
    }
}
