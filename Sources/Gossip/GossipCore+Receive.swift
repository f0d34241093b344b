package import Primitives

extension GossipCore {
    /// A datagram, opened, that came from `source`.
    package mutating func receive(
        datagram bytes: [UInt8], from source: Address, now: Instant,
        into effects: inout [GossipEffect]
    ) {
        guard let packet = admitted(bytes) else { return }
        if packet.sender.id == me.id {
            receiveFromOwnIdentity(packet, source: source, now: now, into: &effects)
        } else {
            receive(packet, by: .address(source), now: now, into: &effects)
        }
    }

    /// What `node` sent over its peer link.
    package mutating func receive(
        stream bytes: [UInt8], from node: NodeID, now: Instant, into effects: inout [GossipEffect]
    ) {
        guard let packet = admitted(bytes) else { return }
        guard packet.sender.id == node, node != me.id else {
            malformedCount += 1
            return
        }
        receive(packet, by: .link(node), now: now, into: &effects)
    }

    private mutating func admitted(_ bytes: [UInt8]) -> GossipPacket? {
        guard let packet = try? GossipPacket(decoding: bytes) else {
            malformedCount += 1
            return nil
        }
        guard admits(packet.sender.clusterID) else {
            foreignCount += 1
            return nil
        }
        return packet
    }

    private mutating func receive(
        _ packet: GossipPacket, by route: Route, now: Instant, into effects: inout [GossipEffect]
    ) {
        let sender = packet.sender
        mergeSender(sender, now: now, into: &effects)
        let isWholeState = packet.messages.contains {
            if case .pushPull = $0 { true } else { false }
        }
        var answer: [GossipMessage] = []
        var hasRefuted = false
        var isJoin = false
        for message in packet.messages {
            switch message {
            case .ping(let sequence, let target):
                if (target ?? me.id) == me.id { answer.append(.ack(sequence: sequence)) }
            case .ack(let sequence):
                acknowledge(sequence, by: sender.id, now: now, into: &effects)
            case .nack(let sequence): countNack(sequence)
            case .pingRequest(let sequence, let target, let address):
                guard case .address(let source) = route else { break }
                relay(
                    sequence, target: target, address: address, for: source, now: now,
                    into: &effects)
            case .update(let record, let accuser):
                if record.id == me.id {
                    if refute(record, now: now, into: &effects) { hasRefuted = true }
                } else if isWholeState {
                    mergeDoubtfully(record, from: sender.id, now: now, into: &effects)
                } else {
                    merge(record, accuser: accuser ?? sender.id, now: now, into: &effects)
                }
            case .hint(let hint):
                if adopt(hint) { effects.append(.hintChanged(hint)) }
            case .join: isJoin = true
            case .pushPull(let isReply):
                if !isReply { effects.append(.stream(to: sender.id, wholeState(isReply: true))) }
            }
        }
        // The sender says less of itself than is believed of it: it must hear that, to refute it.
        if let peer = peers[sender.id], peer.record.supersedes(sender) {
            answer.append(news(of: peer))
        }
        if isJoin {
            sendMembers(after: answer, to: sender.id, by: route, into: &effects)
        } else if !answer.isEmpty || hasRefuted {
            send(answer, to: route, into: &effects)
        }
    }

    /// Takes in a piece of another's whole state. What it holds dead may be alive here, behind a
    /// partition that just ended: it is only suspected, and has time to refute that.
    private mutating func mergeDoubtfully(
        _ record: MemberRecord, from sender: NodeID, now: Instant,
        into effects: inout [GossipEffect]
    ) {
        var record = record
        if record.status == .dead, peers[record.id]?.isReachable == true {
            record.status = .suspect
        }
        merge(record, accuser: sender, now: now, into: &effects)
    }
}
