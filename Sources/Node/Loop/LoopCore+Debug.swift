import Commands
import Keyspace
package import Primitives
import RESP

/// `DEBUG`: planting faults, to see what becomes of them. Refused unless the settings allow it.
extension LoopCore {
    /// - `DEBUG POISON key`: an entry of the key's shard that ends each process that applies it.
    /// - `DEBUG SPOIL key`: sets the key in the state of this node's replica alone.
    mutating func debug(
        _ request: borrowing Request, from index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        guard settings.allowsDebug else {
            return reply(
                to: index, relayed: sequence,
                CommandError("ERR DEBUG command not allowed. Set security.debug-commands to use it")
            )
        }
        let action = text(request[1]).uppercased()
        guard action == "POISON" || action == "SPOIL", request.count == 3 else {
            return reply(
                to: index, relayed: sequence,
                CommandError("ERR DEBUG takes POISON key or SPOIL key"))
        }
        let slot = SlotID(key: request[2])
        let place = DatabaseSlot(sharded: slot)
        let shardIndex = Int(shardOfSlot[Int(slot.rawValue)])
        guard shardIndex >= 0 else {
            return sendElsewhere(
                request, place: place, from: index, relayed: sequence, now: now)
        }
        guard action == "POISON" else {
            spoil(request.copy(2), of: shards[shardIndex].group)
            let direct = beginReply(to: index)
            writer.ok()
            endReply(to: index, direct: direct, relayed: sequence)
            return .next
        }
        guard shards[shardIndex].isLeader else {
            return redirect(
                slot: slot, group: shards[shardIndex].group, of: index, relayed: sequence, now: now)
        }
        append(
            request.bytes, place: place, flags: .poison, to: shardIndex,
            operation: PendingOperation(
                session: reference(to: index),
                sequence: reserveReply(of: index, relayed: sequence),
                version: sessions[index].version, place: place, read: 0..<0))
        return .next
    }

    /// Sets a key in the state of this replica alone, as a fault of memory would.
    package mutating func spoil(_ key: [UInt8], of group: GroupID) {
        guard let index = shardIndexes[group] else { return }
        let machine = shards[index].machine
        var place = machine.keyspace.locate(key.span, now: .min)
        let value = Array("spoilt".utf8)
        machine.keyspace.setString(
            value.span, of: key.span, at: &place, deadline: Keyspace.noDeadline)
    }
}
