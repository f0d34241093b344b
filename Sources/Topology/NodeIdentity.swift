package import Primitives

/// Who the node of a data folder is, and what it has promised: the identity file.
///
/// In the file, integers little-endian: `MARTLET!`, version (`UInt16`), node (`UInt64`), cluster name
/// (sized), phase (`UInt8`) and what belongs to it, CRC-32C of all before (`UInt32`).
package struct NodeIdentity: Equatable, Sendable {
    /// How far the node has come towards being a member of a cluster. It only ever goes forward.
    package enum Phase: Equatable, Sendable {
        case fresh
        /// The node takes part in founding this set and no other.
        case promised(FoundingSet)
        case member(Membership)
    }

    package let node: NodeID
    /// The cluster's, as configured when the folder was made.
    package let clusterName: String
    package var phase: Phase

    package init(node: NodeID, clusterName: String, phase: Phase = .fresh) {
        precondition(node.rawValue != 0, "a node's id is never 0")
        self.node = node
        self.clusterName = clusterName
        self.phase = phase
    }

    private static let magic = [UInt8]("MARTLET!".utf8)
    private static let version: UInt16 = 1

    /// The numbers are in the file: append only.
    private enum PhaseKind: UInt8 {
        case fresh = 1
        case promised = 2
        case member = 3
    }

    /// The contents of the identity file.
    package func encode() -> [UInt8] {
        var bytes = Self.magic
        bytes.append(littleEndian: Self.version)
        bytes.append(littleEndian: node.rawValue)
        bytes.append(sized: clusterName)
        switch phase {
        case .fresh: bytes.append(PhaseKind.fresh.rawValue)
        case .promised(let set):
            bytes.append(PhaseKind.promised.rawValue)
            set.encode(into: &bytes)
        case .member(let membership):
            bytes.append(PhaseKind.member.rawValue)
            bytes.append(littleEndian: membership.clusterID.rawValue)
            bytes.append(littleEndian: membership.replica.rawValue)
            membership.foundingConfiguration.encode(into: &bytes)
        }
        bytes.append(littleEndian: crc32c(bytes.span))
        return bytes
    }

    /// - Parameters:
    ///   - bytes: The contents of the identity file.
    ///   - clusterName: The name in the configuration; the file must hold the same.
    /// - Throws: Why the folder can't be used with this configuration.
    package init(decoding bytes: [UInt8], clusterName: String) throws(IdentityError) {
        let headByteCount = Self.magic.count + 2
        guard bytes.count >= headByteCount + 4, bytes.starts(with: Self.magic) else {
            throw .damaged("it does not begin as an identity file does")
        }
        let version = UInt16(bytes[headByteCount - 2]) | UInt16(bytes[headByteCount - 1]) << 8
        guard version <= Self.version else {
            throw .newerVersion(found: version, supported: Self.version)
        }
        let end = bytes.count - 4
        guard crc32c(bytes.span.extracting(0..<end)).littleEndianBytes == Array(bytes[end...])
        else {
            throw .damaged("its checksum does not match")
        }
        var reader = ByteReader(bytes, in: headByteCount..<end)
        let identity: NodeIdentity
        do throws(DecodingFailure) {
            identity = try NodeIdentity(reading: &reader)
        } catch {
            throw .damaged("it has no valid \(error.what) at byte \(error.offset)")
        }
        guard identity.clusterName == clusterName else {
            throw .otherCluster(found: identity.clusterName, configured: clusterName)
        }
        self = identity
    }

    private init(reading reader: inout ByteReader) throws(DecodingFailure) {
        node = NodeID(try reader.read(UInt64.self, "node"))
        guard node.rawValue != 0 else { throw DecodingFailure(what: "node", offset: reader.offset) }
        clusterName = try reader.readText("cluster name")
        let kind = PhaseKind(rawValue: try reader.read(UInt8.self, "phase"))
        switch kind {
        case .fresh: phase = .fresh
        case .promised:
            phase = .promised(try FoundingSet(name: clusterName, reading: &reader))
        case .member:
            let clusterID = ClusterID(try reader.read(UInt64.self, "cluster"))
            let replica = ReplicaID(try reader.read(UInt64.self, "replica"))
            let founders = try Configuration(reading: &reader).voters
            phase = .member(
                Membership(clusterID: clusterID, replica: replica, founders: founders))
        case nil: throw DecodingFailure(what: "phase", offset: reader.offset)
        }
        try reader.expectEnd("end")
    }
}

extension UInt32 {
    fileprivate var littleEndianBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: self)
        return bytes
    }
}
