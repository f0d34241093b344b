package import Primitives

/// A running suspicion (Lifeguard §IV-B): it starts long, and shrinks with the logarithm of the number
/// of members that came to it independently.
package struct Suspicion: Sendable {
    private(set) var start: Instant
    private let shortestMilliseconds: Int
    private let longestMilliseconds: Int
    /// How many confirmations bring it down to the shortest time.
    private let neededConfirmations: Int
    /// The first is who began it.
    private(set) var accusers: [NodeID]

    /// - Parameters:
    ///   - accuser: Who began it.
    ///   - memberCount: Nodes that are alive or suspect, this one included.
    ///   - settings: Multipliers and the probe interval.
    ///   - now: When it begins.
    package init(accuser: NodeID, memberCount: Int, settings: GossipSettings, now: Instant) {
        start = now
        accusers = [accuser]
        let scale = max(1024, logarithm(of: max(1, memberCount)) * 1024 / logarithm(of: 10))
        shortestMilliseconds =
            settings.suspicionMultiplier * settings.probeMilliseconds * scale / 1024
        // With too few members to confirm it, waiting for confirmation would only delay.
        let wanted = max(0, settings.suspicionMultiplier - 2)
        neededConfirmations = memberCount - 2 < wanted ? 0 : wanted
        longestMilliseconds =
            neededConfirmations == 0
            ? shortestMilliseconds : shortestMilliseconds * settings.suspicionMaxMultiplier
    }

    /// When the member is taken for dead.
    package var deadline: Instant {
        guard neededConfirmations > 0 else {
            return start.advanced(milliseconds: shortestMilliseconds)
        }
        let shrunk =
            (longestMilliseconds - shortestMilliseconds) * logarithm(of: accusers.count)
            / logarithm(of: neededConfirmations + 1)
        return start.advanced(
            milliseconds: max(shortestMilliseconds, longestMilliseconds - shrunk))
    }

    /// Counts `accuser`; `false` when it is counted already, or no more are needed.
    package mutating func confirm(by accuser: NodeID) -> Bool {
        guard accusers.count <= neededConfirmations, !accusers.contains(accuser) else {
            return false
        }
        accusers.append(accuser)
        return true
    }

    mutating func postpone(nanoseconds: UInt64) {
        start = start.advanced(nanoseconds: nanoseconds)
    }
}

/// 1024 · log₂ `value`, rounded down; in integers, so that it is the same on every machine.
package func logarithm(of value: Int) -> Int {
    precondition(value > 0, "no logarithm of \(value)")
    let whole = Int.bitWidth - 1 - value.leadingZeroBitCount
    var fraction = 0
    // The value scaled into 1..<2 with 30 fractional bits; each squaring gives one more binary digit.
    var scaled =
        whole <= 30 ? UInt64(value) << UInt64(30 - whole) : UInt64(value) >> UInt64(whole - 30)
    for _ in 0..<10 {
        scaled = (scaled * scaled) >> 30
        fraction <<= 1
        if scaled >= 2 << 30 {
            scaled >>= 1
            fraction |= 1
        }
    }
    return whole << 10 | fraction
}
