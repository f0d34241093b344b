import Commands
import Keyspace
import Primitives
import RESP

extension LoopCore {
    /// `SCAN`: walks the slots of the shards that this node leads, in the order of the slots.
    mutating func scan(
        _ request: borrowing Request, from index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        guard sequence != nil || sessions[index].owesNothing else { return .wait(.replies) }
        let scan: ScanRequest
        do throws(CommandError) {
            scan = try ScanRequest(parsing: request)
        } catch {
            return reply(to: index, relayed: sequence, error)
        }
        guard let group = ledGroup(from: scan.cursor.slot) else {
            return finishScan(index, sequence, cursor: nil, keys: [])
        }
        guard shardIndexes[group] != nil else {
            let loop = self.loop(of: group)
            guard sequence == nil, loop != settings.loopIndex else {
                // The connection's own loop goes on from there.
                return finishScan(
                    index, sequence, cursor: firstPlace(of: group, from: scan.cursor), keys: [])
            }
            forward(request, from: index, to: loop)
            return .next
        }
        var keys: [[UInt8]] = []
        var count = max(scan.count, 1)
        var next: ScanCursor? = scan.cursor
        while count > 0, let start = next, let group = ledGroup(from: start.slot),
            let shardIndex = shardIndexes[group]
        {
            if isBehindOwnWrite(index, shardIndex) { return .wait(.replies) }
            guard shards[shardIndex].machine.isReady, shards[shardIndex].raft.hasCommittedOwnTerm,
                shards[shardIndex].raft.hasLease(now: now)
            else { return waitForLeader(group, of: index, relayed: sequence, now: now) }
            next = walk(shardIndex, from: firstPlace(of: group, from: start), scan, &count, &keys)
        }
        return finishScan(index, sequence, cursor: next, keys: keys)
    }

    /// Walks one range of a shard's slots.
    ///
    /// - Returns: Where to go on; `nil` when this node leads no slot further on.
    private func walk(
        _ shardIndex: Int, from start: ScanCursor, _ scan: ScanRequest, _ count: inout Int,
        _ keys: inout [[UInt8]]
    ) -> ScanCursor? {
        let ranges = directory.slots(of: shards[shardIndex].group)
        guard let range = ranges.first(where: { SlotID($0.upperBound) >= start.slot }) else {
            return nil
        }
        let cursor = shards[shardIndex].machine.keyspace.scan(
            from: start, in: SlotID(range.lowerBound)...SlotID(range.upperBound), count: &count,
            filter: scan.filter, now: shards[shardIndex].appliedStamp, into: &keys)
        return cursor ?? after(range.upperBound)
    }

    /// The cursor of the first slot after `slot` that this node leads.
    private func after(_ slot: UInt16) -> ScanCursor? {
        guard Int(slot) + 1 < SlotID.count else { return nil }
        let next = SlotID(slot + 1)
        guard ledGroup(from: next) != nil else { return nil }
        return ScanCursor(slot: next)
    }

    /// Where the walk comes to `group`.
    private func firstPlace(of group: GroupID, from cursor: ScanCursor) -> ScanCursor {
        let ranges = directory.slots(of: group)
        guard let range = ranges.first(where: { SlotID($0.upperBound) >= cursor.slot }),
            range.lowerBound > cursor.slot.rawValue
        else { return cursor }
        return ScanCursor(slot: SlotID(range.lowerBound))
    }

    /// The group of the first slot, from `slot` on, whose shard this node leads.
    private func ledGroup(from slot: SlotID) -> GroupID? {
        var slot = Int(slot.rawValue)
        while slot < SlotID.count {
            guard let group = directory.shard(of: SlotID(UInt16(slot))) else {
                slot += 1
                continue
            }
            if leaders[group]?.leader == settings.nodeID { return group }
            let range = directory.slots(of: group).first { Int($0.upperBound) >= slot }
            slot = range.map { Int($0.upperBound) + 1 } ?? SlotID.count
        }
        return nil
    }

    private mutating func finishScan(
        _ index: Int, _ sequence: UInt64?, cursor: ScanCursor?, keys: [[UInt8]]
    ) -> Disposition {
        let direct = beginReply(to: index)
        ScanRequest.answer(next: cursor, keys: keys, into: &writer)
        endReply(to: index, direct: direct, relayed: sequence)
        return .next
    }
}
