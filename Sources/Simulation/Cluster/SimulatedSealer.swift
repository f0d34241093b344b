import Gossip

/// Seals packets in a way that a simulation can afford: the bytes in clear, and a checksum keyed
/// with the secret. It keeps out what a wrong secret or a damaged packet would bring, and no more.
struct SimulatedSealer: PacketSealing {
    let secret: UInt64

    mutating func seal(_ plain: [UInt8], context: [UInt8]) -> [UInt8] {
        plain + tag(plain, context)
    }

    mutating func open(_ sealed: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard sealed.count >= 8 else { return nil }
        let plain = Array(sealed.dropLast(8))
        return tag(plain, context) == Array(sealed.suffix(8)) ? plain : nil
    }

    private func tag(_ plain: [UInt8], _ context: [UInt8]) -> [UInt8] {
        var hash = StableHash()
        hash.combine(secret)
        hash.combine(context)
        hash.combine(plain)
        var bytes: [UInt8] = []
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: hash.value >> shift))
        }
        return bytes
    }
}
