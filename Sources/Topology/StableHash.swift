import Primitives

/// FNV-1a (Fowler, Noll and Vo) over `bytes`, finished by SplitMix64: the same on every machine, for
/// digests that are compared or stored. Not for secrets.
func stableHash(_ bytes: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return SplitMix64.mix(hash)
}
