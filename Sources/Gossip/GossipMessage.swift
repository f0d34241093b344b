package import Primitives

/// One message of a packet.
///
/// On the wire: kind (`UInt8`), byte count of the body (`UInt16`), body. A receiver passes over kinds
/// it doesn't know and bytes at the end of a body that it doesn't know, so that later versions can add
/// both.
package enum GossipMessage: Equatable, Sendable {
    /// Asks `target` for an ``ack(sequence:)``; `nil` asks whoever is reached.
    case ping(sequence: UInt64, target: NodeID?)
    case ack(sequence: UInt64)
    /// The sender was asked to probe a node and got no answer so far (Lifeguard §IV-A).
    case nack(sequence: UInt64)
    /// Asks the receiver to probe `target`, reached at `address`.
    case pingRequest(sequence: UInt64, target: NodeID, address: Address)
    /// News about a node. `accuser` is who suspects it, where it is suspect.
    case update(MemberRecord, accuser: NodeID?)
    case hint(LeaderHint)
    /// Asks for the member list.
    case join
    /// The packet holds the sender's whole state; the receiver answers with its own unless `isReply`.
    case pushPull(isReply: Bool)

    /// The numbers travel between nodes: append only.
    private enum Kind: UInt8 {
        case ping = 1
        case ack = 2
        case nack = 3
        case pingRequest = 4
        case update = 5
        case hint = 6
        case join = 7
        case pushPull = 8
    }

    private var kind: Kind {
        switch self {
        case .ping: .ping
        case .ack: .ack
        case .nack: .nack
        case .pingRequest: .pingRequest
        case .update: .update
        case .hint: .hint
        case .join: .join
        case .pushPull: .pushPull
        }
    }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(kind.rawValue)
        let start = bytes.count
        bytes.append(littleEndian: UInt16(0))
        switch self {
        case .ping(let sequence, let target):
            bytes.append(littleEndian: sequence)
            bytes.append(littleEndian: target?.rawValue ?? 0)
        case .ack(let sequence), .nack(let sequence):
            bytes.append(littleEndian: sequence)
        case .pingRequest(let sequence, let target, let address):
            bytes.append(littleEndian: sequence)
            bytes.append(littleEndian: target.rawValue)
            bytes.append(address)
        case .update(let record, let accuser):
            record.encode(into: &bytes)
            bytes.append(littleEndian: accuser?.rawValue ?? 0)
        case .hint(let hint):
            hint.encode(into: &bytes)
        case .join:
            break
        case .pushPull(let isReply):
            bytes.append(isReply ? 1 : 0)
        }
        let byteCount = bytes.count - start - 2
        precondition(byteCount <= UInt16.max, "a \(kind) message of \(byteCount) bytes")
        bytes.store(littleEndian: UInt16(byteCount), at: start)
    }

    /// Reads the next message; `nil` when it is of a later version's kind and was passed over.
    static func read(from reader: inout ByteReader, of bytes: [UInt8]) throws(DecodingFailure)
        -> GossipMessage?
    {
        let rawKind = try reader.read(UInt8.self, "message kind")
        let byteCount = Int(try reader.read(UInt16.self, "message byte count"))
        let range = try reader.skip(byteCount, "message body")
        guard let kind = Kind(rawValue: rawKind) else { return nil }
        var body = ByteReader(bytes, in: range)
        switch kind {
        case .ping:
            let sequence = try body.read(UInt64.self, "ping sequence")
            return .ping(sequence: sequence, target: try body.readNode("ping target"))
        case .ack:
            return .ack(sequence: try body.read(UInt64.self, "ack sequence"))
        case .nack:
            return .nack(sequence: try body.read(UInt64.self, "nack sequence"))
        case .pingRequest:
            let sequence = try body.read(UInt64.self, "ping request sequence")
            guard let target = try body.readNode("ping request target") else {
                throw DecodingFailure(what: "ping request target", offset: body.offset)
            }
            return .pingRequest(
                sequence: sequence, target: target,
                address: try body.readAddress("ping request address"))
        case .update:
            let record = try MemberRecord(reading: &body)
            return .update(record, accuser: try body.readNode("accuser"))
        case .hint:
            return .hint(try LeaderHint(reading: &body))
        case .join:
            return .join
        case .pushPull:
            return .pushPull(isReply: try body.read(UInt8.self, "push-pull direction") != 0)
        }
    }
}

extension ByteReader {
    /// A node's id; `nil` where it is 0.
    fileprivate mutating func readNode(_ what: String) throws(DecodingFailure) -> NodeID? {
        let raw = try read(UInt64.self, what)
        return raw == 0 ? nil : NodeID(raw)
    }
}
