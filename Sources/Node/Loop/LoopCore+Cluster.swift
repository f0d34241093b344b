import Commands
import Keyspace
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
        case ("MYSHARDID", 2): writer.bulk(settings.nodeID.clusterName)
        case ("LINKS", 2): writeLinks()
        case ("REPLICAS", 3), ("SLAVES", 3): try writeReplicas(text(request[2]))
        case ("HELP", 2):
            CommandReplies.help(request, from: CommandTable.standard, into: &writer)
        case ("KEYSLOT", 3): writer.integer(Int(SlotID(key: request[2]).rawValue))
        default:
            throw UnknownCommand.subcommandError(for: request, container: "cluster")
        }
    }

    // MARK: Keys of a slot

    func isAboutKeysInSlot(_ request: borrowing Request) -> Bool {
        ["COUNTKEYSINSLOT", "GETKEYSINSLOT"].contains(text(request[1]).uppercased())
    }

    /// What this node's replica of the slot's shard holds; nothing where it has none.
    mutating func keysInSlot(
        _ request: borrowing Request, from index: Int, now: Moment
    ) -> Disposition {
        guard let number = integer(request[2]) else {
            return reply(to: index, relayed: nil, .notInteger)
        }
        let slot = UInt16(exactly: number).flatMap { $0 < SlotID.count ? SlotID($0) : nil }
        guard request.count == 4 else {
            guard let slot else {
                return reply(to: index, relayed: nil, CommandError("ERR Invalid slot"))
            }
            return run(.keyCount(slot), for: index, now: now)
        }
        guard let count = integer(request[3]) else {
            return reply(to: index, relayed: nil, .notInteger)
        }
        guard let slot, count >= 0 else {
            return reply(
                to: index, relayed: nil, CommandError("ERR Invalid slot or number of keys"))
        }
        return run(.keys(slot, count: Int(count)), for: index, now: now)
    }

    func keyCount(in slot: SlotID) -> Int {
        let index = Int(shardOfSlot[Int(slot.rawValue)])
        return index < 0 ? 0 : shards[index].machine.keyspace.keyCount(in: slot)
    }

    func keys(in slot: SlotID, count: Int) -> [[UInt8]] {
        let index = Int(shardOfSlot[Int(slot.rawValue)])
        guard index >= 0 else { return [] }
        var rest = count
        var keys: [[UInt8]] = []
        _ = shards[index].machine.keyspace.scan(
            from: ScanCursor(slot: slot), in: slot...slot, count: &rest, filter: ScanFilter(),
            now: .min, into: &keys)
        return Array(keys.prefix(count))
    }

    // MARK: Links

    /// The links that this loop has made to other nodes, those for consensus before the others.
    private mutating func writeLinks() {
        let links = Array(consensusNodes) + Array(linkedNodes)
        writer.array(links.count)
        for (node, since) in links {
            writer.map(6)
            writer.bulk("direction")
            writer.bulk("to")
            writer.bulk("node")
            writer.bulk(node.clusterName)
            writer.bulk("create-time")
            writer.integer(since.wallMilliseconds)
            writer.bulk("events")
            writer.bulk("rw")
            writer.bulk("send-buffer-allocated")
            writer.integer(0)
            writer.bulk("send-buffer-used")
            writer.integer(0)
        }
    }

    // MARK: Topology

    /// Every node shows as a master, as it leads some shards, and followers are not listed.
    private mutating func writeReplicas(_ name: String) throws(CommandError) {
        guard directory.nodes.keys.contains(where: { $0.clusterName == name }) else {
            throw CommandError("ERR Unknown node \(name)")
        }
        writer.array(0)
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
