import Gossip
import Primitives

/// Members, hints and packets in words, without what is random in them.
enum Transcript {
    static func describe(_ member: GossipMember) -> String {
        var text = "\(member.id.rawValue) \(member.status) incarnation \(member.incarnation)"
        if let clusterID = member.clusterID { text += " cluster \(clusterID.rawValue)" }
        if member.topologyEpoch > 0 { text += " epoch \(member.topologyEpoch)" }
        return text + " at \(member.addresses.peer.host)"
    }

    static func describe(_ hint: LeaderHint) -> String {
        "hint group \(hint.group) term \(hint.term) leader \(hint.leader.rawValue)"
    }

    static func describe(packet bytes: [UInt8]) -> String {
        do {
            let packet = try GossipPacket(decoding: bytes)
            let sender = "[\(packet.sender.id.rawValue) \(packet.sender.incarnation)]"
            return ([sender] + packet.messages.map(describe)).joined(separator: " ")
        } catch {
            return "malformed: \(error.what)"
        }
    }

    private static func describe(_ message: GossipMessage) -> String {
        switch message {
        case .ping(_, let target): "ping(\(target.map { "\($0.rawValue)" } ?? "any"))"
        case .ack: "ack"
        case .nack: "nack"
        case .pingRequest(_, let target, _): "pingRequest(\(target.rawValue))"
        case .update(let record, let accuser):
            "(\(record.id.rawValue) \(record.status) \(record.incarnation)"
                + (accuser.map { " by \($0.rawValue)" } ?? "") + ")"
        case .hint(let hint): "(\(describe(hint)))"
        case .join: "join"
        case .pushPull(let isReply): isReply ? "pulled" : "pushPull"
        }
    }
}
