import Keyspace
import Primitives
import RESP

extension LoopCore {
    /// Requests of one pipeline whose keys are asked for ahead.
    private static let prefetchCount = 16

    /// Asks memory for the keys of the first requests in `bytes`, so that serving them need not
    /// wait for each in turn. The second argument is taken for the key, as it nearly always is.
    func prefetchKeys(of bytes: Span<UInt8>) {
        var frame = RequestFrame()
        var places = InlineArray<16, Place>(
            repeating: Place(shard: 0, slot: SlotID(0), hash: 0))
        var count = 0
        var used = 0
        let parser = RequestParser()
        while count < Self.prefetchCount, used < bytes.count {
            let rest = bytes.extracting(used..<bytes.count)
            guard case .complete(let byteCount)? = try? parser.parse(rest, into: &frame),
                frame.count > 1
            else { break }
            used += byteCount
            let key = frame.arguments[1]
            let start = Int(key.offset)
            let name = rest.extracting(start..<start + Int(key.byteCount))
            let slot = SlotID(key: name)
            let shard = Int(shardOfSlot[Int(slot.rawValue)])
            guard shard >= 0, shards[shard].machine.isReady else { continue }
            let hash = shards[shard].machine.keyspace.prefetchBucket(of: name, slot: slot)
            places[count] = Place(shard: shard, slot: slot, hash: hash)
            count += 1
        }
        for index in 0..<count {
            let place = places[index]
            shards[place.shard].machine.keyspace.prefetchEntry(slot: place.slot, hash: place.hash)
        }
    }

    private struct Place {
        var shard: Int
        var slot: SlotID
        var hash: UInt64
    }

    /// Works out anew which shard of this loop serves which slot.
    mutating func indexSlots() {
        shardOfSlot = Array(repeating: -1, count: SlotID.count)
        for (group, index) in shardIndexes where group != .directory {
            for range in directory.slots(of: group) {
                for slot in range { shardOfSlot[Int(slot)] = Int16(index) }
            }
        }
    }
}
