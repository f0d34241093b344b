package import Primitives

/// What is to become of a node that leaves the cluster for good.
package struct NodeDeparture: Equatable, Sendable {
    /// Who takes its place in every group; `nil` for a node that has no shards and is only forgotten.
    package var successor: NodeID?

    package init(successor: NodeID?) { self.successor = successor }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: successor?.rawValue ?? 0)
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        let node = NodeID(try reader.read(UInt64.self, "successor"))
        successor = node.rawValue == 0 ? nil : node
    }
}
