package import Primitives

/// What travels in one datagram, or in one piece over a peer link: who sends it, and messages.
///
/// On the wire: version (`UInt8`), byte count of the sender's record (`UInt16`), the record, then
/// messages to the end.
package struct GossipPacket: Equatable, Sendable {
    package static let version: UInt8 = 1

    /// The sender about itself, as of when the packet left.
    package var sender: MemberRecord
    package var messages: [GossipMessage]

    package init(sender: MemberRecord, messages: [GossipMessage]) {
        self.sender = sender
        self.messages = messages
    }

    package func encode() -> [UInt8] {
        var bytes = Self.header(of: sender)
        for message in messages { message.encode(into: &bytes) }
        return bytes
    }

    static func header(of sender: MemberRecord) -> [UInt8] {
        var bytes = [version, 0, 0]
        sender.encode(into: &bytes)
        bytes.store(littleEndian: UInt16(bytes.count - 3), at: 1)
        return bytes
    }

    /// Throws when the bytes end early, are of another version, or hold what no node sends.
    package init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(bytes)
        let version = try reader.read(UInt8.self, "packet version")
        guard version == Self.version else {
            throw DecodingFailure(what: "packet version \(version)", offset: 0)
        }
        let byteCount = Int(try reader.read(UInt16.self, "sender byte count"))
        var header = ByteReader(bytes, in: try reader.skip(byteCount, "sender"))
        sender = try MemberRecord(reading: &header)
        messages = []
        while !reader.isAtEnd {
            if let message = try GossipMessage.read(from: &reader, of: bytes) {
                messages.append(message)
            }
        }
    }
}
