import Primitives

/// A hash that is the same in every process: of traces, of histories and in the checkers' tables.
package struct StableHash: Equatable, Sendable {
    package private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

    package init() {}

    package mutating func combine(_ word: UInt64) {
        value = SplitMix64.mix(value &* 0x0000_0100_0000_01B3 ^ word)
    }

    package mutating func combine(_ number: Int) { combine(UInt64(bitPattern: Int64(number))) }

    package mutating func combine(_ bytes: [UInt8]) {
        combine(UInt64(bytes.count) << 32 | UInt64(crc32c(bytes.span)))
    }
}
