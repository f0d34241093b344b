import Commands
import Primitives
import RESP
import Topology

extension LoopCore {
    /// `CLUSTER` and its subcommands (Redis Cluster specification; redis.io command pages).
    ///
    /// Topology replies cover every slot and name each range's leader, or the last one while there is
    /// none. Followers are not listed: one process leads some shards and follows others.
    mutating func cluster(_ request: borrowing Request, now: Moment) throws(CommandError) {
        switch (text(request[1]).uppercased(), request.count) {
        case ("SLOTS", 2): writeSlots()
        case ("SHARDS", 2): writeShards()
        case ("NODES", 2): writer.verbatim(nodeLines(now: now))
        case ("INFO", 2): writer.verbatim(clusterInfo())
        case ("MYID", 2): writer.bulk(settings.nodeID.clusterName)
        case ("KEYSLOT", 3): writer.integer(Int(SlotID(key: request[2]).rawValue))
        default:
            throw UnknownCommand.subcommandError(for: request, container: "cluster")
        }
    }

    /// A range of slots and the node that clients are sent to for it.
    private struct ServedRange {
        var slots: ClosedRange<UInt16>
        var group: GroupID
        var node: NodeRecord
    }

    private var servedRanges: [ServedRange] {
        var ranges: [ServedRange] = []
        for (group, record) in directory.shards {
            let leader = leaders[group]?.leader ?? leaders[group]?.lastLeader
            guard let node = directory.nodes[leader ?? record.preferredLeader] else { continue }
            for slots in directory.slots(of: group) {
                ranges.append(ServedRange(slots: slots, group: group, node: node))
            }
        }
        return ranges.sorted { $0.slots.lowerBound < $1.slots.lowerBound }
    }

    private mutating func writeSlots() {
        let ranges = servedRanges
        writer.array(ranges.count)
        for range in ranges {
            writer.array(3)
            writer.integer(Int(range.slots.lowerBound))
            writer.integer(Int(range.slots.upperBound))
            writer.array(4)
            writer.bulk(range.node.cluster.host)
            writer.integer(Int(range.node.cluster.port))
            writer.bulk(range.node.id.clusterName)
            writer.map(0)
        }
    }

    private mutating func writeShards() {
        let ranges = servedRanges
        let groups = directory.shards.keys
        writer.array(groups.count)
        for group in groups {
            let own = ranges.filter { $0.group == group }
            writer.map(2)
            writer.bulk("slots")
            writer.array(own.count * 2)
            for range in own {
                writer.integer(Int(range.slots.lowerBound))
                writer.integer(Int(range.slots.upperBound))
            }
            writer.bulk("nodes")
            writer.array(own.isEmpty ? 0 : 1)
            if let node = own.first?.node { writeShardNode(node) }
        }
    }

    private mutating func writeShardNode(_ node: NodeRecord) {
        writer.map(7)
        writer.bulk("id")
        writer.bulk(node.id.clusterName)
        writer.bulk("port")
        writer.integer(Int(node.cluster.port))
        writer.bulk("ip")
        writer.bulk(node.cluster.host)
        writer.bulk("endpoint")
        writer.bulk(node.cluster.host)
        writer.bulk("role")
        writer.bulk("master")
        writer.bulk("replication-offset")
        writer.integer(0)
        writer.bulk("health")
        writer.bulk("online")
    }

    private func nodeLines(now: Moment) -> String {
        let ranges = servedRanges
        var lines = ""
        for (id, node) in directory.nodes {
            let isSelf = id == settings.nodeID
            var line =
                "\(id.clusterName) \(node.cluster.host):\(node.cluster.port)@\(node.peer.port) \(isSelf ? "myself,master" : "master") - 0 \(isSelf ? 0 : now.wallMilliseconds) \(directory.epoch) connected"
            for range in ranges where range.node.id == id {
                let slots = range.slots
                line +=
                    slots.count == 1
                    ? " \(slots.lowerBound)" : " \(slots.lowerBound)-\(slots.upperBound)"
            }
            lines += line + "\n"
        }
        return lines
    }

    private func clusterInfo() -> String {
        let ledCount = directory.shards.keys.count { leaders[$0]?.leader != nil }
        let isWhole = directory.isFormed && ledCount == directory.shards.count
        let served = servedRanges.reduce(0) { $0 + $1.slots.count }
        let okay = servedRanges.reduce(0) {
            $0 + (leaders[$1.group]?.leader == nil ? 0 : $1.slots.count)
        }
        var leading: [NodeID] = []
        for range in servedRanges where !leading.contains(range.node.id) {
            leading.append(range.node.id)
        }
        let lines = [
            "cluster_state:\(isWhole ? "ok" : "fail")", "cluster_slots_assigned:\(served)",
            "cluster_slots_ok:\(okay)", "cluster_slots_pfail:0",
            "cluster_slots_fail:\(served - okay)",
            "cluster_known_nodes:\(directory.nodes.count)", "cluster_size:\(leading.count)",
            "cluster_current_epoch:\(directory.epoch)", "cluster_my_epoch:\(directory.epoch)",
            "cluster_stats_messages_sent:0", "cluster_stats_messages_received:0",
            "total_cluster_links_buffer_limit_exceeded:0",
        ]
        return lines.joined(separator: "\r\n") + "\r\n"
    }
}
