import Node
import Primitives
import Testing

@testable import Runtime

@Suite struct LinkHandshakeTests {
    private static let secret = ClusterSecret(Array("a secret".utf8))

    private static func identity(
        node: UInt64, cluster: UInt64? = 77, protocols: ClosedRange<UInt16> = 1...1,
        applyLevels: ClosedRange<UInt16> = 1...1, kind: LinkKind = .consensus
    ) -> LinkIdentity {
        LinkIdentity(
            protocols: protocols, applyLevels: applyLevels,
            cluster: cluster.map { ClusterID($0) }, node: NodeID(node), process: node * 1000,
            loop: 3, kind: kind)
    }

    private static func initiator(
        _ identity: LinkIdentity = identity(node: 1), expecting node: UInt64 = 2,
        secret: ClusterSecret = secret, challenge: UInt8 = 0x11
    ) -> LinkHandshake {
        LinkHandshake(
            role: .initiator, identity: identity, expectedNode: NodeID(node), key: secret.linkKey,
            challenge: [UInt8](repeating: challenge, count: 32))
    }

    private static func acceptor(
        _ identity: LinkIdentity = identity(node: 2), secret: ClusterSecret = secret,
        challenge: UInt8 = 0x22
    ) -> LinkHandshake {
        LinkHandshake(
            role: .acceptor, identity: identity, expectedNode: nil, key: secret.linkKey,
            challenge: [UInt8](repeating: challenge, count: 32))
    }

    private struct Outcome {
        var initiator: Result<LinkAgreement, HandshakeFailure>?
        var acceptor: Result<LinkAgreement, HandshakeFailure>?
        /// All that each of them sent.
        var sentByInitiator: [UInt8] = []
        var sentByAcceptor: [UInt8] = []
    }

    private static func receive(
        _ bytes: [UInt8], by end: inout LinkHandshake, chunk: Int, into output: inout [UInt8]
    ) -> Result<LinkAgreement, HandshakeFailure>? {
        var offset = 0
        while offset < bytes.count {
            let part = Array(bytes[offset..<min(offset + chunk, bytes.count)])
            offset += part.count
            do throws(HandshakeFailure) {
                if let agreement = try end.receive(part.span, into: &output) {
                    return .success(agreement)
                }
            } catch {
                return .failure(error)
            }
        }
        return nil
    }

    /// Passes bytes to and fro, `chunk` at a time, until neither has any left or both are done.
    private static func run(
        _ initiator: LinkHandshake, _ acceptor: LinkHandshake, chunk: Int = .max / 2
    ) -> Outcome {
        var (initiator, acceptor) = (initiator, acceptor)
        var outcome = Outcome()
        var toAcceptor: [UInt8] = []
        initiator.start(into: &toAcceptor)
        while !toAcceptor.isEmpty {
            outcome.sentByInitiator += toAcceptor
            var toInitiator: [UInt8] = []
            if outcome.acceptor == nil {
                outcome.acceptor = receive(
                    toAcceptor, by: &acceptor, chunk: chunk, into: &toInitiator)
            }
            outcome.sentByAcceptor += toInitiator
            toAcceptor = []
            if outcome.initiator == nil {
                outcome.initiator = receive(
                    toInitiator, by: &initiator, chunk: chunk, into: &toAcceptor)
            }
        }
        return outcome
    }

    @Test("both ends learn who the other is", arguments: [1, 2, 7, 1000])
    func agreement(chunk: Int) throws {
        let outcome = Self.run(
            Self.initiator(Self.identity(node: 1, protocols: 1...4, kind: .bulk)),
            Self.acceptor(Self.identity(node: 2, cluster: nil, protocols: 2...3)), chunk: chunk)
        let seen = try #require(outcome.initiator).get()
        #expect(seen.peer.node == NodeID(2))
        #expect(seen.peer.cluster == nil)
        #expect(seen.peer.kind == .bulk)
        let accepted = try #require(outcome.acceptor).get()
        #expect(accepted.peer.node == NodeID(1))
        #expect(accepted.peer.cluster == ClusterID(77))
        #expect(accepted.peer.process == 1000)
        #expect(accepted.peer.loop == 3)
        #expect(accepted.peer.kind == .bulk)
        #expect(accepted.protocolVersion == 3 && seen.protocolVersion == 3)
    }

    @Test("what comes behind the handshake is kept for the frames")
    func remainder() throws {
        var initiator = Self.initiator()
        var acceptor = Self.acceptor()
        var toAcceptor: [UInt8] = []
        initiator.start(into: &toAcceptor)
        var toInitiator: [UInt8] = []
        #expect(try acceptor.receive(toAcceptor.span, into: &toInitiator) == nil)
        toAcceptor = []
        #expect(try initiator.receive(toInitiator.span, into: &toAcceptor) == nil)
        toAcceptor += [9, 8, 7]
        #expect(try acceptor.receive(toAcceptor.span, into: &toInitiator) != nil)
        #expect(acceptor.remainder == [9, 8, 7])
    }

    @Test("an end with another secret proves nothing, and is told")
    func wrongSecret() {
        let other = ClusterSecret(Array("another".utf8))
        let outcome = Self.run(Self.initiator(secret: other), Self.acceptor())
        #expect(outcome.acceptor == .failure(.wrongSecret))
        #expect(outcome.initiator == .failure(.refused(7)))
    }

    @Test("an acceptor that sends the initiator's own proof back proves nothing")
    func reflection() throws {
        var initiator = Self.initiator()
        var acceptor = Self.acceptor()
        var hello: [UInt8] = []
        initiator.start(into: &hello)
        var answer: [UInt8] = []
        _ = try acceptor.receive(hello.span, into: &answer)
        var proof: [UInt8] = []
        _ = try initiator.receive(answer.span, into: &proof)
        var output: [UInt8] = []
        #expect(throws: HandshakeFailure.wrongSecret) {
            try initiator.receive(proof.span, into: &output)
        }
    }

    @Test("a recorded handshake is refused when it is played again")
    func replay() throws {
        let recorded = Self.run(Self.initiator(), Self.acceptor())
        #expect(recorded.acceptor.map { (try? $0.get()) != nil } == true)
        var victim = Self.acceptor(challenge: 0x23)
        var output: [UInt8] = []
        #expect(throws: HandshakeFailure.wrongSecret) {
            try victim.receive(recorded.sentByInitiator.span, into: &output)
        }
        var other = Self.initiator(challenge: 0x12)
        other.start(into: &output)
        #expect(throws: HandshakeFailure.wrongSecret) {
            try other.receive(recorded.sentByAcceptor.span, into: &output)
        }
    }

    private static let mismatches: [(LinkIdentity, UInt8)] = [
        (identity(node: 2, cluster: 78), 4), (identity(node: 3), 5), (identity(node: 1), 6),
        (identity(node: 2, protocols: 2...9), 2), (identity(node: 2, applyLevels: 4...4), 3),
    ]

    @Test("mismatches end it on both sides, with their reason", arguments: mismatches)
    func mismatch(acceptor: LinkIdentity, code: UInt8) throws {
        let outcome = Self.run(Self.initiator(), Self.acceptor(acceptor))
        let failures = [outcome.initiator, outcome.acceptor].map { result in
            if case .failure(let failure)? = result { failure.code } else { 0 as UInt8 }
        }
        // The end that notices gives the code; the other one hears of it.
        #expect(failures.contains(code))
        #expect(failures.allSatisfy { $0 == code || $0 == 8 })
    }

    @Test("nothing is agreed on before the last byte has come")
    func truncated() throws {
        let whole = Self.run(Self.initiator(), Self.acceptor())
        for byteCount in 0..<whole.sentByInitiator.count {
            var acceptor = Self.acceptor()
            var output: [UInt8] = []
            let part = Array(whole.sentByInitiator.prefix(byteCount))
            #expect(try acceptor.receive(part.span, into: &output) == nil)
        }
    }

    @Test("garbage of any kind ends it, and never with an agreement")
    func garbage() {
        var generator = SeededGenerator(seed: 5)
        let whole = Self.run(Self.initiator(), Self.acceptor())
        for _ in 0..<2000 {
            var bytes = whole.sentByInitiator
            for _ in 0...generator.below(3) {
                bytes[generator.below(bytes.count)] ^= UInt8(1 + generator.below(255))
            }
            guard bytes != whole.sentByInitiator else { continue }
            var acceptor = Self.acceptor()
            var output: [UInt8] = []
            let agreement = try? acceptor.receive(bytes.span, into: &output)
            #expect(agreement == nil)
        }
        var acceptor = Self.acceptor()
        var output: [UInt8] = []
        #expect(throws: HandshakeFailure.self) {
            try acceptor.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8).span, into: &output)
        }
    }

    @Test("the hello's form is fixed")
    func golden() {
        var output: [UInt8] = []
        var initiator = Self.initiator()
        initiator.start(into: &output)
        let expected: [UInt8] =
            [72, 0, 1, 0x4D, 0x54, 0x4C, 0x4B, 1, 1, 0, 1, 0, 1, 0, 1, 0]
            + [77, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
            + [0xE8, 3, 0, 0, 0, 0, 0, 0, 3, 0, 1] + [UInt8](repeating: 0x11, count: 32)
        #expect(output == expected)
    }
}
