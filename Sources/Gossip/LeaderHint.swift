package import Primitives

/// Who was seen to lead a group. Only ever a hint: it may be late or wrong, and costs a detour then.
package struct LeaderHint: Equatable, Sendable {
    package var group: GroupID
    package var term: Term
    package var leader: NodeID

    package init(group: GroupID, term: Term, leader: NodeID) {
        self.group = group
        self.term = term
        self.leader = leader
    }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: group.rawValue)
        bytes.append(littleEndian: term.rawValue)
        bytes.append(littleEndian: leader.rawValue)
    }

    package init(reading reader: inout ByteReader) throws(DecodingFailure) {
        group = GroupID(try reader.read(UInt32.self, "hint group"))
        term = try reader.readTerm("hint term")
        leader = NodeID(try reader.read(UInt64.self, "hint leader"))
    }
}
