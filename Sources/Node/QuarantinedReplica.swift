package import Primitives

/// A replica that must not vote, acknowledge or serve any more: its node may have lost, or spoilt, what
/// it promised. It is rebuilt from its peers under another id (design §7).
package struct QuarantinedReplica: Equatable, Sendable {
    package var group: GroupID
    package var replica: ReplicaID
    /// What is wrong, with the file and the place in it where there is one.
    package var reason: String

    package init(group: GroupID, replica: ReplicaID, reason: String) {
        self.group = group
        self.replica = replica
        self.reason = reason
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: group.rawValue)
        bytes.append(littleEndian: replica.rawValue)
        bytes.append(sized: reason)
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        group = GroupID(try reader.read(UInt32.self, "group"))
        replica = ReplicaID(try reader.read(UInt64.self, "replica"))
        reason = try reader.readText("reason")
    }
}
