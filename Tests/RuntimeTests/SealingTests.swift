import EventLoop
import Primitives
import Testing

@testable import Runtime

@Suite struct SealingTests {
    private static let secret = ClusterSecret(Array("a secret".utf8))

    private static func sealer(
        salt: UInt8, secret: ClusterSecret = secret, packetCount: UInt64 = 0
    ) -> GossipSealer {
        GossipSealer(secret: secret, packetCount: packetCount) {
            [UInt8](repeating: salt, count: GossipSealer.saltByteCount)
        }
    }

    @Test("what one node seals, another opens", arguments: [0, 1, 15, 16, 1350])
    func roundTrip(byteCount: Int) {
        var sender = Self.sealer(salt: 1)
        var receiver = Self.sealer(salt: 2)
        let plain = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) }
        for _ in 0..<3 {
            let packet = sender.seal(plain, context: [5])
            #expect(packet.count == byteCount + 40)
            #expect(receiver.open(packet, context: [5]) == plain)
        }
    }

    @Test("no packet opens with another secret or context")
    func wrongKey() {
        var sender = Self.sealer(salt: 1)
        var stranger = Self.sealer(salt: 2, secret: ClusterSecret(Array("another".utf8)))
        var receiver = Self.sealer(salt: 2)
        let packet = sender.seal([1, 2, 3], context: [5])
        #expect(stranger.open(packet, context: [5]) == nil)
        #expect(receiver.open(packet, context: [6]) == nil)
        #expect(receiver.open(packet, context: []) == nil)
    }

    @Test("a byte changed or cut off anywhere is noticed")
    func damage() {
        var sender = Self.sealer(salt: 1)
        var receiver = Self.sealer(salt: 2)
        let packet = sender.seal([1, 2, 3], context: [5])
        for place in packet.indices {
            var damaged = packet
            damaged[place] ^= 1
            #expect(receiver.open(damaged, context: [5]) == nil)
            #expect(receiver.open(Array(packet[..<place]), context: [5]) == nil)
        }
        #expect(receiver.open(packet, context: [5]) == [1, 2, 3])
    }

    @Test("equal packets look different each time, and in each life of a process")
    func restart() {
        var first = GossipSealer(secret: Self.secret) { SystemRandom.bytes(16) }
        var second = GossipSealer(secret: Self.secret) { SystemRandom.bytes(16) }
        let packets = [
            first.seal([1, 2, 3, 4], context: []), first.seal([1, 2, 3, 4], context: []),
            second.seal([1, 2, 3, 4], context: []),
        ]
        // Salt, count and ciphertext; the first of each life has count 0, so the keys differ.
        #expect(packets[0][16..<24] == packets[2][16..<24])
        #expect(packets[0][..<16] != packets[2][..<16])
        #expect(packets[0][24...] != packets[2][24...])
        #expect(packets[0][24...] != packets[1][24...])
    }

    @Test("a salt is given up before its counts are used up")
    func rollover() {
        var generator = SeededGenerator(seed: 1)
        let salts = (0..<2).map { _ in (0..<16).map { _ in UInt8(generator.below(256)) } }
        let drawn = Drawn(salts)
        var sender = GossipSealer(
            secret: Self.secret, packetCount: GossipSealer.packetLimit - 1,
            drawSalt: { drawn.next() })
        var receiver = Self.sealer(salt: 9)
        let last = sender.seal([1], context: [])
        let next = sender.seal([1], context: [])
        #expect(Array(last[..<16]) == salts[0])
        #expect(Array(next[..<24]) == salts[1] + [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(receiver.open(last, context: []) == [1])
        #expect(receiver.open(next, context: []) == [1])
    }

    @Test("opens packets of more senders than it keeps keys of")
    func manySenders() {
        var receiver = Self.sealer(salt: 0)
        for _ in 0..<2 {
            for salt in 1...UInt8(GossipSealer.cacheLimit + 10) {
                var sender = Self.sealer(salt: salt)
                #expect(receiver.open(sender.seal([salt], context: []), context: []) == [salt])
            }
        }
    }

    /// Sendable: its state is only touched under the lock.
    private final class Drawn: @unchecked Sendable {
        private let lock = Lock()
        private var salts: [[UInt8]]
        init(_ salts: [[UInt8]]) { self.salts = salts }
        func next() -> [UInt8] { lock.withLock { salts.removeFirst() } }
    }
}

@Suite struct CryptoTests {
    private func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal.utf8).map { UInt8($0 > 57 ? $0 - 87 : $0 - 48) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    @Test("HMAC-SHA256 gives RFC 4231's test case 2")
    func hmac() {
        let digest = Crypto.authenticate(
            Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(
            digest
                == bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
    }

    @Test("HKDF-SHA256 gives the first block of RFC 5869's test case 1")
    func hkdf() {
        let purpose = "any purpose"
        let secret = [UInt8](repeating: 0x0B, count: 22)
        let salt = (0..<13).map { UInt8($0) }
        let extracted = Crypto.authenticate(secret, key: salt)
        #expect(
            extracted
                == bytes("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"))
        let expanded = Crypto.authenticate(
            (0xF0..<0xFA).map { UInt8($0) } + [1], key: extracted)
        #expect(
            expanded
                == bytes("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"))
        #expect(
            Crypto.deriveKey(secret: secret, salt: salt, purpose: purpose)
                == Crypto.authenticate(Array(purpose.utf8) + [1], key: extracted))
    }

    @Test("AES-256-GCM gives test case 14 of its specification")
    func gcm() {
        let sealed = Crypto.seal(
            [UInt8](repeating: 0, count: 16), key: [UInt8](repeating: 0, count: 32),
            nonce: [UInt8](repeating: 0, count: 12), context: [])
        #expect(
            sealed
                == bytes("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"))
    }
}
