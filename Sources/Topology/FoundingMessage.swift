package import Primitives

/// What nodes ask one another before they have a cluster, by datagrams that may be lost, repeated or
/// reordered.
package enum FoundingMessage: Equatable, Sendable {
    /// "Who are you?"
    case question(Question)
    case answer(Answer)

    package struct Question: Equatable, Sendable {
        /// Comes back in the answer, which thereby counts for the address that was asked.
        package var nonce: UInt64
        package var sender: NodeID
        package var name: String
        /// The cluster that the sender wants to be registered with.
        package var joining: ClusterID?
        package var addresses: AdvertisedAddresses

        package init(
            nonce: UInt64, sender: NodeID, name: String, joining: ClusterID?,
            addresses: AdvertisedAddresses
        ) {
            self.nonce = nonce
            self.sender = sender
            self.name = name
            self.joining = joining
            self.addresses = addresses
        }
    }

    package struct Answer: Equatable, Sendable {
        package var nonce: UInt64
        package var sender: NodeID
        package var name: String
        /// Digest of the set that the sender would promise itself to.
        package var seen: UInt64?
        /// Digest of the set that the sender has durably promised itself to.
        package var promise: UInt64?
        /// The sender's cluster.
        package var clusterID: ClusterID?
        /// Its founders; empty without a cluster.
        package var founders: [Member]
        /// The asker's replica of group 0, once the asker is registered.
        package var replica: ReplicaID?

        package init(
            nonce: UInt64, sender: NodeID, name: String, seen: UInt64?, promise: UInt64?,
            clusterID: ClusterID?, founders: [Member], replica: ReplicaID?
        ) {
            self.nonce = nonce
            self.sender = sender
            self.name = name
            self.seen = seen
            self.promise = promise
            self.clusterID = clusterID
            self.founders = founders
            self.replica = replica
        }
    }

    private static let version: UInt8 = 1

    /// The numbers travel between nodes: append only.
    private enum Kind: UInt8 {
        case question = 1
        case answer = 2
    }

    package func encode() -> [UInt8] {
        var bytes = [Self.version]
        switch self {
        case .question(let question):
            bytes.append(Kind.question.rawValue)
            bytes.append(littleEndian: question.nonce)
            bytes.append(littleEndian: question.sender.rawValue)
            bytes.append(sized: question.name)
            bytes.append(littleEndian: question.joining?.rawValue ?? 0)
            question.addresses.encode(into: &bytes)
        case .answer(let answer):
            bytes.append(Kind.answer.rawValue)
            bytes.append(littleEndian: answer.nonce)
            bytes.append(littleEndian: answer.sender.rawValue)
            bytes.append(sized: answer.name)
            bytes.append(littleEndian: answer.seen ?? 0)
            bytes.append(littleEndian: answer.promise ?? 0)
            bytes.append(littleEndian: answer.clusterID?.rawValue ?? 0)
            Configuration(voters: answer.founders).encode(into: &bytes)
            bytes.append(littleEndian: answer.replica?.rawValue ?? 0)
        }
        return bytes
    }

    package init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(bytes)
        guard try reader.read(UInt8.self, "founding version") == Self.version else {
            throw DecodingFailure(what: "founding version", offset: 0)
        }
        guard let kind = Kind(rawValue: try reader.read(UInt8.self, "founding message")) else {
            throw DecodingFailure(what: "founding message", offset: 1)
        }
        let nonce = try reader.read(UInt64.self, "nonce")
        guard let sender = try reader.readOptional("sender") else {
            throw DecodingFailure(what: "sender", offset: reader.offset)
        }
        let name = try reader.readText("cluster name")
        switch kind {
        case .question:
            let joining = try reader.readOptional("cluster to join").map { ClusterID($0) }
            self = .question(
                Question(
                    nonce: nonce, sender: NodeID(sender), name: name, joining: joining,
                    addresses: try AdvertisedAddresses(reading: &reader)))
        case .answer:
            let seen = try reader.readOptional("seen set")
            let promise = try reader.readOptional("promise")
            let clusterID = try reader.readOptional("cluster").map { ClusterID($0) }
            let founders = try Configuration(reading: &reader).voters
            let replica = try reader.readOptional("replica").map { ReplicaID($0) }
            self = .answer(
                Answer(
                    nonce: nonce, sender: NodeID(sender), name: name, seen: seen,
                    promise: promise, clusterID: clusterID, founders: founders, replica: replica))
        }
        try reader.expectEnd("end of founding message")
    }
}

extension ByteReader {
    /// `nil` where it is 0.
    fileprivate mutating func readOptional(_ what: String) throws(DecodingFailure) -> UInt64? {
        let raw = try read(UInt64.self, what)
        return raw == 0 ? nil : raw
    }
}
