package import Node
package import Primitives

/// What one end of a link says of itself when it is made.
package struct LinkIdentity: Equatable, Sendable {
    /// The versions of the frames' format that it speaks.
    package var protocols: ClosedRange<UInt16>
    /// The apply levels that it can run.
    package var applyLevels: ClosedRange<UInt16>
    /// `nil` before it has joined a cluster.
    package var cluster: ClusterID?
    package var node: NodeID
    /// Drawn at random at each start.
    package var process: UInt64
    package var loop: UInt16
    package var kind: LinkKind

    package init(
        protocols: ClosedRange<UInt16>, applyLevels: ClosedRange<UInt16>, cluster: ClusterID?,
        node: NodeID, process: UInt64, loop: UInt16, kind: LinkKind
    ) {
        self.protocols = protocols
        self.applyLevels = applyLevels
        self.cluster = cluster
        self.node = node
        self.process = process
        self.loop = loop
        self.kind = kind
    }

    func encode(into bytes: inout [UInt8]) {
        for number in [protocols.lowerBound, protocols.upperBound] {
            bytes.append(littleEndian: number)
        }
        for number in [applyLevels.lowerBound, applyLevels.upperBound] {
            bytes.append(littleEndian: number)
        }
        bytes.append(littleEndian: cluster?.rawValue ?? 0)
        bytes.append(littleEndian: node.rawValue)
        bytes.append(littleEndian: process)
        bytes.append(littleEndian: loop)
        bytes.append(kind.rawValue)
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        protocols = try Self.readRange(&reader, "protocol versions")
        applyLevels = try Self.readRange(&reader, "apply levels")
        let cluster = try reader.read(UInt64.self, "cluster id")
        self.cluster = cluster == 0 ? nil : ClusterID(cluster)
        node = NodeID(try reader.read(UInt64.self, "node id"))
        process = try reader.read(UInt64.self, "process id")
        loop = try reader.read(UInt16.self, "loop")
        let offset = reader.offset
        guard let kind = LinkKind(rawValue: try reader.read(UInt8.self, "link kind")) else {
            throw DecodingFailure(what: "link kind", offset: offset)
        }
        self.kind = kind
    }

    private static func readRange(_ reader: inout ByteReader, _ what: String)
        throws(DecodingFailure) -> ClosedRange<UInt16>
    {
        let offset = reader.offset
        let lower = try reader.read(UInt16.self, what)
        let upper = try reader.read(UInt16.self, what)
        guard lower <= upper else { throw DecodingFailure(what: what, offset: offset) }
        return lower...upper
    }
}
