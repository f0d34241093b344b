package import Primitives

/// What is agreed on once a handshake is over.
package struct LinkAgreement: Equatable, Sendable {
    package var peer: LinkIdentity
    /// The highest that both ends speak.
    package var protocolVersion: UInt16
    /// The highest that both ends can run.
    package var applyLevel: UInt16
}

/// The handshake of a peer link: bytes in, bytes out.
///
/// ```
/// initiator                                             acceptor
///     hello: identity, challenge            →
///                                           ←           hello: identity, challenge
///     proof: HMAC(key, "initiator" + hellos) →
///                                           ←           proof: HMAC(key, "acceptor" + hellos)
/// ```
/// A message is a byte count (u16), a type (u8) and a body. Each proof covers both hellos whole, so
/// both challenges and all that was said; the word for the role keeps one end's proof from being
/// sent back as the other's. The initiator proves first: who only listens learns nothing that
/// could be tried against secrets. What follows on the connection is not authenticated further.
package struct LinkHandshake: Sendable {
    package enum Role: UInt8, Sendable {
        case initiator = 1
        case acceptor = 2
    }

    private enum MessageType: UInt8 {
        case hello = 1
        case proof = 2
        case refusal = 3
    }

    private enum Phase {
        case awaitingHello
        case awaitingProof(peer: LinkIdentity, peerHello: [UInt8])
        case over
    }

    static let challengeByteCount = 32
    /// Far above what a hello has, with room for later versions' additions.
    static let bodyLimit = 1024
    private static let magic: UInt32 = 0x4B4C_544D

    private let role: Role
    private var identity: LinkIdentity
    private let expectedNode: NodeID?
    private let key: [UInt8]
    private let challenge: [UInt8]
    private var ownHello: [UInt8] = []
    private var phase = Phase.awaitingHello
    private var input: [UInt8] = []

    /// `challenge`: 32 random bytes, drawn for this handshake. An acceptor takes on the link kind
    /// that the initiator names.
    package init(
        role: Role, identity: LinkIdentity, expectedNode: NodeID?, key: [UInt8],
        challenge: [UInt8]
    ) {
        precondition(challenge.count == Self.challengeByteCount, "\(challenge.count) bytes")
        self.role = role
        self.identity = identity
        self.expectedNode = expectedNode
        self.key = key
        self.challenge = challenge
    }

    /// The initiator's first words; an acceptor has none.
    package mutating func start(into output: inout [UInt8]) {
        guard role == .initiator else { return }
        sendHello(into: &output)
    }

    /// Takes what has come and appends what must be sent, also when it fails.
    ///
    /// - Parameters:
    ///   - bytes: Any part of what the other end sends.
    ///   - output: Appended to.
    /// - Returns: What was agreed on, once it is over; ``remainder`` is what came after it.
    /// - Throws: ``HandshakeFailure``: the connection must be closed once `output` was sent.
    package mutating func receive(_ bytes: Span<UInt8>, into output: inout [UInt8])
        throws(HandshakeFailure) -> LinkAgreement?
    {
        input.append(copying: bytes)
        do {
            while case let (type, body)? = try nextMessage() {
                if let agreement = try handle(type, body, into: &output) { return agreement }
            }
            return nil
        } catch {
            phase = .over
            if case .refused = error {} else { send(.refusal, [error.code], into: &output) }
            throw error
        }
    }

    /// What came behind the handshake's last message: the first bytes of the frames.
    package var remainder: [UInt8] { input }

    private mutating func nextMessage() throws(HandshakeFailure) -> (MessageType, [UInt8])? {
        guard input.count >= 3 else { return nil }
        let byteCount = Int(input[0]) | Int(input[1]) << 8
        guard byteCount <= Self.bodyLimit, let type = MessageType(rawValue: input[2]) else {
            throw .malformed("a message of type \(input[2]) and \(byteCount) bytes")
        }
        guard input.count >= 3 + byteCount else { return nil }
        let body = Array(input[3..<3 + byteCount])
        input.removeFirst(3 + byteCount)
        return (type, body)
    }

    private mutating func handle(
        _ type: MessageType, _ body: [UInt8], into output: inout [UInt8]
    ) throws(HandshakeFailure) -> LinkAgreement? {
        switch (phase, type) {
        case (.awaitingHello, .hello):
            let peer = try checkedIdentity(hello: body)
            phase = .awaitingProof(peer: peer, peerHello: body)
            if role == .acceptor {
                identity.kind = peer.kind
                sendHello(into: &output)
            } else {
                send(.proof, proof(by: .initiator, peerHello: body), into: &output)
            }
            return nil
        case (.awaitingProof(let peer, let peerHello), .proof):
            let prover: Role = role == .initiator ? .acceptor : .initiator
            guard Crypto.areEqual(body, proof(by: prover, peerHello: peerHello)) else {
                throw .wrongSecret
            }
            if role == .acceptor {
                send(.proof, proof(by: .acceptor, peerHello: peerHello), into: &output)
            }
            phase = .over
            return LinkAgreement(
                peer: peer,
                protocolVersion: min(identity.protocols.upperBound, peer.protocols.upperBound),
                applyLevel: min(identity.applyLevels.upperBound, peer.applyLevels.upperBound))
        case (.awaitingHello, .refusal), (.awaitingProof, .refusal):
            throw .refused(body.first ?? 0)
        case (.awaitingHello, .proof), (.awaitingProof, .hello), (.over, _):
            throw .malformed("a message out of turn")
        }
    }

    private func checkedIdentity(hello: [UInt8]) throws(HandshakeFailure) -> LinkIdentity {
        let peer: LinkIdentity
        do throws(DecodingFailure) {
            var reader = ByteReader(hello)
            let magic = try reader.read(UInt32.self, "magic number")
            let role = try reader.read(UInt8.self, "role")
            guard magic == Self.magic, role != self.role.rawValue else {
                throw DecodingFailure(what: "magic number and role", offset: 0)
            }
            peer = try LinkIdentity(reading: &reader)
            _ = try reader.skip(Self.challengeByteCount, "challenge")
        } catch {
            throw .malformed(error.what)
        }
        guard identity.protocols.overlaps(peer.protocols) else {
            throw .noCommonProtocol(ours: identity.protocols, theirs: peer.protocols)
        }
        guard identity.applyLevels.overlaps(peer.applyLevels) else {
            throw .noCommonApplyLevel(ours: identity.applyLevels, theirs: peer.applyLevels)
        }
        guard peer.node != identity.node else { throw .ourselves }
        if let expectedNode, peer.node != expectedNode {
            throw .otherNode(expected: expectedNode, found: peer.node)
        }
        if let ours = identity.cluster, let theirs = peer.cluster, ours != theirs {
            throw .otherCluster(ours: ours, theirs: theirs)
        }
        return peer
    }

    private mutating func sendHello(into output: inout [UInt8]) {
        ownHello = []
        ownHello.append(littleEndian: Self.magic)
        ownHello.append(role.rawValue)
        identity.encode(into: &ownHello)
        ownHello += challenge
        send(.hello, ownHello, into: &output)
    }

    private func proof(by prover: Role, peerHello: [UInt8]) -> [UInt8] {
        let hellos = role == .initiator ? [ownHello, peerHello] : [peerHello, ownHello]
        var transcript: [UInt8] = []
        transcript.append(sized: prover == .initiator ? "initiator" : "acceptor")
        for hello in hellos { transcript.append(sized: hello) }
        return Crypto.authenticate(transcript, key: key)
    }

    private func send(_ type: MessageType, _ body: [UInt8], into output: inout [UInt8]) {
        output.append(littleEndian: UInt16(body.count))
        output.append(type.rawValue)
        output += body
    }
}
