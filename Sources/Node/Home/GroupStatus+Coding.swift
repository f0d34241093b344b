import Consensus
import Primitives

extension GroupStatus {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: group.rawValue)
        bytes.append(littleEndian: replica.rawValue)
        bytes.append(littleEndian: term.rawValue)
        bytes.append(littleEndian: leader?.replica.rawValue ?? 0)
        bytes.append(littleEndian: leader?.node.rawValue ?? 0)
        bytes.append(isLeader ? 1 : 0)
        bytes.append(littleEndian: commitIndex.rawValue)
        bytes.append(littleEndian: appliedIndex.rawValue)
        bytes.append(littleEndian: lastIndex.rawValue)
        bytes.append(littleEndian: UInt64(keyCount))
        configuration.encode(into: &bytes)
        bytes.append(isSettled ? 1 : 0)
        bytes.append(hindrance.rawValue)
        bytes.append(littleEndian: UInt16(followers.count))
        for follower in followers {
            bytes.append(littleEndian: follower.member.replica.rawValue)
            bytes.append(littleEndian: follower.member.node.rawValue)
            bytes.append(littleEndian: follower.matchIndex.rawValue)
            bytes.append(
                littleEndian: UInt32(clamping: max(0, follower.lastHeardMilliseconds)))
            bytes.append(follower.hindrance.rawValue)
        }
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        group = GroupID(try reader.read(UInt32.self, "group"))
        replica = ReplicaID(try reader.read(UInt64.self, "replica"))
        term = try reader.readTerm("term")
        let leader = try Self.readMember(&reader, "leader")
        self.leader = leader.node.rawValue == 0 ? nil : leader
        isLeader = try reader.read(UInt8.self, "leading") != 0
        commitIndex = try reader.readIndex("commit index")
        appliedIndex = try reader.readIndex("applied index")
        lastIndex = try reader.readIndex("last index")
        keyCount = Int(clamping: try reader.read(UInt64.self, "key count"))
        configuration = try Configuration(reading: &reader)
        isSettled = try reader.read(UInt8.self, "settled") != 0
        hindrance = try Hindrance(reading: &reader)
        followers = []
        for _ in 0..<(try reader.read(UInt16.self, "followers")) {
            let member = try Self.readMember(&reader, "follower")
            let match = try reader.readIndex("match index")
            let silence = Int(try reader.read(UInt32.self, "silence"))
            followers.append(
                FollowerStatus(
                    member: member, matchIndex: match, lastHeardMilliseconds: silence,
                    hindrance: try Hindrance(reading: &reader)))
        }
    }

    private static func readMember(
        _ reader: inout ByteReader, _ what: String
    ) throws(DecodingFailure) -> Member {
        let replica = ReplicaID(try reader.read(UInt64.self, what))
        return Member(replica: replica, node: NodeID(try reader.read(UInt64.self, what)))
    }
}
