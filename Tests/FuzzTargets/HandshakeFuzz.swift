import Node
import Primitives
import Runtime

/// Input: choices, cuts, then what a stranger says, or how what two nodes say is altered on its way.
enum HandshakeFuzz {
    private static let key = [UInt8](repeating: 0x5A, count: 32)

    static func run(_ input: inout FuzzInput) throws(Finding) {
        let choices = input.byte()
        var cuts = Cuts(seed: input.byte())
        if choices & 1 == 0 {
            try meetStranger(
                choices & 2 == 0 ? .initiator : .acceptor, says: input.rest(), cuts: &cuts)
        } else {
            try alter(&input)
        }
    }

    // MARK: A stranger

    /// Whoever doesn't know the key is let in by no words, however they are cut.
    private static func meetStranger(
        _ role: LinkHandshake.Role, says words: [UInt8], cuts: inout Cuts
    ) throws(Finding) {
        let whole = try answer(role, to: [words])
        let split = try answer(role, to: cuts.ranges(of: words.count).map { Array(words[$0]) })
        try expectEqual(whole.output, split.output, "the answers, whole and in pieces")
        try expectEqual(whole.failure, split.failure, "the end, whole and in pieces")
    }

    private static func answer(
        _ role: LinkHandshake.Role, to pieces: [[UInt8]]
    ) throws(Finding) -> (output: [UInt8], failure: HandshakeFailure?) {
        var handshake = end(role, challenge: 0xEE)
        var output: [UInt8] = []
        handshake.start(into: &output)
        for piece in pieces {
            let agreement: LinkAgreement?
            do throws(HandshakeFailure) {
                agreement = try handshake.receive(piece.span, into: &output)
            } catch {
                return (output, error)
            }
            try expect(agreement == nil, "a stranger was let in")
        }
        return (output, nil)
    }

    // MARK: Two nodes

    /// Two nodes agree on who they are, or not at all, whatever is done to what they say.
    private static func alter(_ input: inout FuzzInput) throws(Finding) {
        var ends = [end(.initiator), end(.acceptor)]
        var inFlight: [[UInt8]] = [[], []]
        ends[0].start(into: &inFlight[0])
        var agreements: [LinkAgreement?] = [nil, nil]
        for turn in 0..<6 {
            let speaker = turn & 1
            var words = inFlight[speaker]
            inFlight[speaker] = []
            let isAltered = alter(&words, by: input.piece())
            guard agreements[1 - speaker] == nil else { break }
            var output: [UInt8] = []
            do throws(HandshakeFailure) {
                agreements[1 - speaker] = try ends[1 - speaker].receive(words.span, into: &output)
            } catch {
                try expect(isAltered || turn > 1, "nodes that say the truth part: \(error)")
                return
            }
            try check(agreements[1 - speaker], of: 1 - speaker)
            inFlight[1 - speaker] += output
        }
    }

    private static func check(_ agreement: LinkAgreement?, of end: Int) throws(Finding) {
        guard let agreement else { return }
        let other = end == 0 ? identity(.acceptor) : identity(.initiator)
        try expectEqual(agreement.peer.node, other.node, "the node agreed on")
        try expectEqual(agreement.peer.process, other.process, "the process agreed on")
        try expectEqual(agreement.applyLevel, 2, "the apply level agreed on")
    }

    /// Alters bytes by pairs of a place and what is added to the byte there.
    private static func alter(_ words: inout [UInt8], by changes: [UInt8]) -> Bool {
        let before = words
        for place in stride(from: 0, to: changes.count - 1, by: 2) where !words.isEmpty {
            words[Int(changes[place]) % words.count] &+= changes[place + 1]
        }
        return words != before
    }

    /// `challenge`: each byte of it; one that no seed has heard, so that none can be said again.
    private static func end(
        _ role: LinkHandshake.Role, challenge: UInt8? = nil
    ) -> LinkHandshake {
        LinkHandshake(
            role: role, identity: identity(role), expectedNode: nil, key: key,
            challenge: [UInt8](repeating: challenge ?? role.rawValue, count: 32))
    }

    private static func identity(_ role: LinkHandshake.Role) -> LinkIdentity {
        LinkIdentity(
            protocols: 1...2, applyLevels: role == .initiator ? 1...3 : 2...2,
            cluster: ClusterID(9),
            node: role == .initiator ? FuzzSeeds.node : FuzzSeeds.peer,
            process: UInt64(role.rawValue), loop: 0, kind: .bulk)
    }

    static var seeds: [[UInt8]] {
        var ends = [end(.initiator), end(.acceptor)]
        var said: [[UInt8]] = [[], []]
        ends[0].start(into: &said[0])
        var heard = [0, 0]
        for turn in 0..<4 {
            let speaker = turn & 1
            let words = Array(said[speaker][heard[1 - speaker]...])
            heard[1 - speaker] += words.count
            _ = try? ends[1 - speaker].receive(words.span, into: &said[1 - speaker])
        }
        var altered: [UInt8] = [1, 0]
        for change in [[], [], [UInt8(9), 1], []] { altered.append(piece: change) }
        return [
            [1, 0], altered, [0, 3] + said[1], [2, 3] + said[0], [2, 0] + said[0] + [1, 2],
        ]
    }
}
