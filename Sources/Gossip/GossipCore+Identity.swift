import Primitives

/// Telling a copied directory, two live processes with one id, from a restart.
extension GossipCore {
    /// A packet with this node's own id as its sender.
    mutating func receiveFromOwnIdentity(
        _ packet: GossipPacket, source: Address, now: Instant, into effects: inout [GossipEffect]
    ) {
        let sender = packet.sender
        guard sender.process != me.process else { return recognizeOwnSeed(packet.messages) }
        guard sender.status != .left else { return }
        if duplicate?.process == sender.process { duplicate?.heardAt = now }
        var isProven = false
        for message in packet.messages {
            switch message {
            case .ping(let sequence, _):
                let ack = GossipPacket(sender: me, messages: [.ack(sequence: sequence)])
                effects.append(.datagram(to: source, ack.encode()))
            case .ack(let sequence):
                isProven =
                    isProven || identityChecks.contains { $0.sequence == sequence }
                    || seeds.contains { $0.sequence == sequence }
            case .nack, .pingRequest, .update, .hint, .join, .pushPull: break
            }
        }
        guard duplicate?.process != sender.process else { return }
        guard isProven else { return checkIdentity(at: source, now: now, into: &effects) }
        let isOursLater = (me.started, me.process) > (sender.started, sender.process)
        duplicate = DuplicateIdentity(
            process: sender.process, address: source, isOursLater: isOursLater, heardAt: now)
        effects.append(.identityConflict(isOursLater: isOursLater))
    }

    /// A ping to a seed came back to this very process.
    private mutating func recognizeOwnSeed(_ messages: [GossipMessage]) {
        for case .ping(let sequence, _) in messages {
            for index in seeds.indices where seeds[index].sequence == sequence {
                seeds[index].node = me.id
            }
        }
    }

    /// Asks at `address` whether another process with this id is there. A packet that was only delayed,
    /// or news of the process before a restart, gets no answer.
    mutating func checkIdentity(
        at address: Address, now: Instant, into effects: inout [GossipEffect]
    ) {
        let patienceMilliseconds = settings.identityCheckMilliseconds
        identityChecks.removeAll { now.milliseconds(since: $0.sentAt) >= patienceMilliseconds }
        guard identityChecks.count < 8, !identityChecks.contains(where: { $0.address == address })
        else { return }
        let sequence = generator.next()
        identityChecks.append(IdentityCheck(sequence: sequence, address: address, sentAt: now))
        let ping = GossipPacket(sender: me, messages: [.ping(sequence: sequence, target: me.id)])
        effects.append(.datagram(to: address, ping.encode()))
    }

    /// Goes on asking a duplicate, so that it too learns of this process even where packets are lost,
    /// until it has been silent long enough to be gone.
    mutating func followDuplicate(now: Instant, into effects: inout [GossipEffect]) {
        guard let found = duplicate else { return }
        if now.milliseconds(since: found.heardAt) >= settings.identityConflictMilliseconds {
            duplicate = nil
        } else {
            checkIdentity(at: found.address, now: now, into: &effects)
        }
    }
}
