package import Primitives
package import Topology

/// What the homes of two nodes tell each other: the body of a frame.
package enum HomeMessage: Equatable, Sendable {
    /// A piece of gossip's push-pull.
    case gossip([UInt8])
    /// To the leader of group 0: the node wants to be in the directory with these addresses.
    case register(NodeID, AdvertisedAddresses)
    /// To the leader of a group: hand it over.
    case transferLeadership(GroupID, to: NodeID)
    /// What the sender leads.
    case reports([GroupStatus])
    /// To the leader of group 0: the sender must not use these replicas any more.
    case quarantined([QuarantinedReplica])
    /// From the leader of group 0: the receiver's replica of the group, and the membership that the
    /// group's log begins with.
    case currentReplica(GroupID, ReplicaID, Configuration)
    /// To the leader of group 0: an operator's wish.
    case propose(DirectoryCommand)
    /// The receiver is no member of the cluster any more.
    case removed

    /// The numbers travel between nodes: append only.
    private enum Kind: UInt8 {
        case gossip = 1
        case register = 2
        case transferLeadership = 3
        case reports = 4
        case quarantined = 5
        case currentReplica = 6
        case propose = 7
        case removed = 8
    }

    package func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .gossip(let packet):
            bytes.append(Kind.gossip.rawValue)
            bytes += packet
        case .register(let node, let addresses):
            bytes.append(Kind.register.rawValue)
            bytes.append(littleEndian: node.rawValue)
            addresses.encode(into: &bytes)
        case .transferLeadership(let group, let node):
            bytes.append(Kind.transferLeadership.rawValue)
            bytes.append(littleEndian: group.rawValue)
            bytes.append(littleEndian: node.rawValue)
        case .reports(let reports):
            bytes.append(Kind.reports.rawValue)
            bytes.append(littleEndian: UInt32(reports.count))
            for report in reports { report.encode(into: &bytes) }
        case .quarantined(let replicas):
            bytes.append(Kind.quarantined.rawValue)
            bytes.append(littleEndian: UInt32(replicas.count))
            for replica in replicas { replica.encode(into: &bytes) }
        case .currentReplica(let group, let replica, let configuration):
            bytes.append(Kind.currentReplica.rawValue)
            bytes.append(littleEndian: group.rawValue)
            bytes.append(littleEndian: replica.rawValue)
            configuration.encode(into: &bytes)
        case .propose(let command):
            bytes.append(Kind.propose.rawValue)
            bytes += command.encode()
        case .removed: bytes.append(Kind.removed.rawValue)
        }
        return bytes
    }

    package init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(bytes)
        guard let kind = Kind(rawValue: try reader.read(UInt8.self, "home message")) else {
            throw DecodingFailure(what: "home message", offset: 0)
        }
        switch kind {
        case .gossip:
            let packet = try reader.readBytes(reader.remainingByteCount, "gossip")
            self = .gossip(packet)
        case .register:
            let node = NodeID(try reader.read(UInt64.self, "node"))
            self = .register(node, try AdvertisedAddresses(reading: &reader))
        case .transferLeadership:
            let group = GroupID(try reader.read(UInt32.self, "group"))
            self = .transferLeadership(
                group, to: NodeID(try reader.read(UInt64.self, "new leader")))
        case .reports:
            var reports: [GroupStatus] = []
            for _ in 0..<(try reader.read(UInt32.self, "reports")) {
                reports.append(try GroupStatus(reading: &reader))
            }
            self = .reports(reports)
        case .quarantined:
            var replicas: [QuarantinedReplica] = []
            for _ in 0..<(try reader.read(UInt32.self, "quarantined replicas")) {
                replicas.append(try QuarantinedReplica(reading: &reader))
            }
            self = .quarantined(replicas)
        case .currentReplica:
            let group = GroupID(try reader.read(UInt32.self, "group"))
            let replica = ReplicaID(try reader.read(UInt64.self, "replica"))
            self = .currentReplica(group, replica, try Configuration(reading: &reader))
        case .propose:
            let payload = try reader.readBytes(reader.remainingByteCount, "directory command")
            self = .propose(try DirectoryCommand(decoding: payload))
        case .removed: self = .removed
        }
        try reader.expectEnd("end of home message")
    }
}
