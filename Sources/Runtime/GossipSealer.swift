import Gossip

/// Seals gossip packets (docs/decisions/0003-gossip-sealing.md).
///
/// ```
/// | salt of the sending process, 16 | packet count, 8 | AES-256-GCM ciphertext | tag, 16 |
/// ```
package struct GossipSealer: PacketSealing {
    static let saltByteCount = 16
    private static let headerByteCount = saltByteCount + 8
    /// A new salt is drawn after so many packets.
    static let packetLimit: UInt64 = 1 << 32
    /// Keys of other processes that are kept at hand.
    static let cacheLimit = 64

    private let secret: ClusterSecret
    private let drawSalt: @Sendable () -> [UInt8]
    private var own: SaltedKey
    private var packetCount: UInt64
    /// Only keys that have opened a packet, the latest last.
    private var known: [SaltedKey] = []

    private struct SaltedKey {
        let salt: [UInt8]
        let key: [UInt8]
    }

    /// `drawSalt` gives 16 random bytes, unlike those of any other process or time.
    package init(secret: ClusterSecret, drawSalt: @escaping @Sendable () -> [UInt8]) {
        self.init(secret: secret, packetCount: 0, drawSalt: drawSalt)
    }

    init(
        secret: ClusterSecret, packetCount: UInt64, drawSalt: @escaping @Sendable () -> [UInt8]
    ) {
        self.secret = secret
        self.drawSalt = drawSalt
        self.packetCount = packetCount
        let salt = drawSalt()
        own = SaltedKey(salt: salt, key: secret.gossipKey(salt: salt))
    }

    package mutating func seal(_ plain: [UInt8], context: [UInt8]) -> [UInt8] {
        if packetCount == Self.packetLimit {
            let salt = drawSalt()
            own = SaltedKey(salt: salt, key: secret.gossipKey(salt: salt))
            packetCount = 0
        }
        var packet = own.salt
        packet.append(littleEndian: packetCount)
        packet += Crypto.seal(
            plain, key: own.key, nonce: Self.nonce(packetCount), context: context)
        packetCount += 1
        return packet
    }

    package mutating func open(_ sealed: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard sealed.count >= Self.headerByteCount + Crypto.tagByteCount else { return nil }
        let salt = Array(sealed[..<Self.saltByteCount])
        var count: UInt64 = 0
        for byte in sealed[Self.saltByteCount..<Self.headerByteCount].reversed() {
            count = count << 8 | UInt64(byte)
        }
        let place = known.lastIndex { $0.salt == salt }
        let key = place.map { known[$0].key } ?? secret.gossipKey(salt: salt)
        let plain = Crypto.open(
            Array(sealed[Self.headerByteCount...]), key: key, nonce: Self.nonce(count),
            context: context)
        guard let plain else { return nil }
        remember(SaltedKey(salt: salt, key: key), at: place)
        return plain
    }

    private mutating func remember(_ key: SaltedKey, at place: Int?) {
        if let place {
            guard place != known.count - 1 else { return }
            known.remove(at: place)
        } else if known.count == Self.cacheLimit {
            known.removeFirst()
        }
        known.append(key)
    }

    private static func nonce(_ packetCount: UInt64) -> [UInt8] {
        var nonce: [UInt8] = [0, 0, 0, 0]
        nonce.append(littleEndian: packetCount)
        return nonce
    }
}
