import Primitives

/// What the network between hosts is like: how long packets take, and which of them arrive.
///
/// Every pair of hosts has two paths, one each way, that can be cut and restored by themselves.
package struct Paths: Sendable {
    private let hostCount: Int
    /// How many cuts lie on the path from one host to another.
    private var cuts: [Int16]
    /// What the network is like when nothing is wrong, and now.
    package var weather: Weather
    private var generator: SeededGenerator

    package init(hostCount: Int, weather: Weather, seed: UInt64) {
        self.hostCount = hostCount
        cuts = Array(repeating: 0, count: hostCount * hostCount)
        self.weather = weather
        generator = SeededGenerator(seed: seed)
    }

    package func isOpen(from: Int, to: Int) -> Bool { cuts[from * hostCount + to] == 0 }

    /// Cuts the path from one host to another; cuts add up.
    package mutating func cut(from: Int, to: Int) { cuts[from * hostCount + to] += 1 }

    /// Takes one cut away.
    package mutating func restore(from: Int, to: Int) {
        precondition(cuts[from * hostCount + to] > 0, "the path \(from)→\(to) is not cut")
        cuts[from * hostCount + to] -= 1
    }

    /// Takes every cut away.
    package mutating func restoreAll() {
        for path in cuts.indices { cuts[path] = 0 }
    }

    /// How long each copy of a datagram takes; none when it is lost. Later ones may arrive earlier.
    package mutating func datagramDelays(from: Int, to: Int) -> [UInt64] {
        guard isOpen(from: from, to: to) else { return [] }
        var delays: [UInt64] = []
        let copies = generator.chance(percent: weather.duplicationPercent) ? 2 : 1
        for _ in 0..<copies where !generator.chance(percent: weather.lossPercent) {
            delays.append(delay())
        }
        return delays
    }

    /// How long a segment of a stream takes: lost ones are sent again, each time later.
    package mutating func streamDelay(byteCount: Int) -> UInt64 {
        var time = delay() + UInt64(byteCount) * weather.nanosecondsPerByte
        var timeout = UInt64.milliseconds(200)
        while generator.chance(percent: weather.lossPercent), timeout < .seconds(4) {
            time += timeout
            timeout *= 2
        }
        return time
    }

    private mutating func delay() -> UInt64 {
        weather.minimumDelay + generator.exponentialTime(mean: weather.meanExtraDelay)
    }
}

/// How the network treats what it carries.
package struct Weather: Equatable, Sendable {
    package var lossPercent = 0
    package var duplicationPercent = 0
    /// In nanoseconds, one way.
    package var minimumDelay: UInt64 = .microseconds(40)
    /// The mean of what comes on top, in nanoseconds; what makes datagrams overtake each other.
    package var meanExtraDelay: UInt64 = .microseconds(60)
    package var nanosecondsPerByte: UInt64 = 1

    package init() {}
}
