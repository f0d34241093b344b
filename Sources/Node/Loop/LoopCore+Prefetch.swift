import Keyspace
import Primitives
import RESP

extension LoopCore {
    /// Asks memory for the keys of the first requests in `bytes`, so that serving them need not
    /// wait for each in turn, and works out their slots. The first argument is taken for the key, as it
    /// nearly always is.
    mutating func prefetchKeys(of bytes: Span<UInt8>, in database: DatabaseID) {
        var frame = RequestFrame()
        var hashes = InlineArray<16, UInt64>(repeating: 0)
        var used = 0
        let parser = RequestParser()
        // What the connection selects meanwhile, slots of a whole database are no hints.
        slotsAhead = SlotsAhead(areHints: database.isSharded)
        while !slotsAhead.isFull, used < bytes.count {
            let rest = bytes.extracting(used..<bytes.count)
            guard case .complete(let byteCount)? = try? parser.parse(rest, into: &frame),
                frame.count > 1
            else { break }
            used += byteCount
            let key = frame.arguments[1]
            let start = Int(key.offset)
            let name = rest.extracting(start..<start + Int(key.byteCount))
            let slot = database.slot ?? SlotID(key: name)
            hashes[slotsAhead.count] = prefetchBucket(of: name, slot, database)
            slotsAhead.append(slot)
        }
        for index in 0..<slotsAhead.count {
            prefetchEntry(slotsAhead[index], database, hash: hashes[index])
        }
    }

    /// Asks memory for the key of a write that came outside a pipeline: for its bucket now, for its entry
    /// when the next write has come or the turn ends, both long before it is applied.
    mutating func prefetchKey(of request: borrowing Request, at place: DatabaseSlot) {
        guard slotsAhead.count == 0, request.count > 1 else { return }
        prefetchAwaitedEntry()
        awaitedKey = (place, prefetchBucket(of: request[1], place.slot, place.database))
    }

    mutating func prefetchAwaitedEntry() {
        guard let key = awaitedKey else { return }
        prefetchEntry(key.place.slot, key.place.database, hash: key.hash)
        awaitedKey = nil
    }

    private func prefetchBucket(
        of name: Span<UInt8>, _ slot: SlotID, _ database: DatabaseID
    ) -> UInt64 {
        let shard = Int(shardOfSlot[Int(slot.rawValue)])
        guard shard >= 0, shards[shard].machine.isReady else { return 0 }
        guard let number = database.number else {
            return shards[shard].machine.keyspace.prefetchBucket(of: name, slot: slot)
        }
        return shards[shard].machine.wholeDatabases[number].keyspace.prefetchBucket(
            of: name, slot: slot)
    }

    private func prefetchEntry(_ slot: SlotID, _ database: DatabaseID, hash: UInt64) {
        let shard = Int(shardOfSlot[Int(slot.rawValue)])
        guard shard >= 0, shards[shard].machine.isReady else { return }
        guard let number = database.number else {
            return shards[shard].machine.keyspace.prefetchEntry(slot: slot, hash: hash)
        }
        shards[shard].machine.wholeDatabases[number].keyspace.prefetchEntry(
            slot: slot, hash: hash)
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

/// The slots of the first arguments of the requests that come next in a pipeline.
struct SlotsAhead: Sendable {
    private var slots = InlineArray<16, SlotID>(repeating: SlotID(0))
    private(set) var count = 0
    private var used = 0
    private let areHints: Bool

    init(areHints: Bool = false) { self.areHints = areHints }

    subscript(index: Int) -> SlotID { slots[index] }

    mutating func append(_ slot: SlotID) {
        slots[count] = slot
        count += 1
    }

    /// Whether there is no place for another one.
    var isFull: Bool { count == slots.count }

    /// Whether ``next()`` has told of all.
    var isUsedUp: Bool { used == count }

    /// That of the next request; `nil` where it isn't known.
    mutating func next() -> SlotID? {
        guard used < count else { return nil }
        used += 1
        return areHints ? slots[used - 1] : nil
    }
}
