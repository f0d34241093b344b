/// xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64: the same seed gives the same
/// numbers on every machine. Not for secrets.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    package init(seed: UInt64) {
        var mixer = SplitMix64(state: seed)
        state = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
    }

    package mutating func next() -> UInt64 {
        let scrambled = rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, by: 45)
        return scrambled
    }

    /// A number below `bound`, which must not be 0.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "no number is below \(bound)")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Whether an event of probability `percent`/100 happens.
    package mutating func chance(percent: Int) -> Bool { below(100) < percent }

    /// A generator for another purpose, whose numbers don't depend on how many this one gives later.
    package mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }

    private func rotate(_ value: UInt64, by count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
package struct SplitMix64: Sendable {
    private var state: UInt64

    package init(state: UInt64) { self.state = state }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// The finaliser alone: a good hash of one integer.
    package static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
