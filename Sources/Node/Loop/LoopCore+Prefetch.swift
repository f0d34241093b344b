import Keyspace
import Primitives
import RESP

/// Keys are asked for in three steps, each of which needs what the one before has brought: where the slot's
/// table is, the key's bucket in it, and the entry. Only the last one changes what a look-up costs; the
/// others are there so that nothing waits for them.
extension LoopCore {
    /// Asks memory for the keys of the first requests in `bytes`, so that serving them need not
    /// wait for each in turn, and works out their slots. The first argument is taken for the key, as it
    /// nearly always is.
    mutating func prefetchKeys(of bytes: Span<UInt8>, in database: DatabaseID) {
        var frame = RequestFrame()
        var keys = KeyHints()
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
            keys.append(prefetchTable(of: name, at: DatabaseSlot(slot: slot, database: database)))
            slotsAhead.append(slot)
        }
        prefetch(keys)
    }

    /// Asks memory for the key of a write that came from elsewhere one by one, long before it is applied.
    mutating func prefetchKey(of request: borrowing Request, at place: DatabaseSlot) {
        guard slotsAhead.count == 0, request.count > 1 else { return }
        awaitKey(request[1], at: place)
    }

    /// Asks memory for the key of a request that came outside a pipeline, each step when another one has
    /// come or the turn ends.
    mutating func awaitKey(_ name: Span<UInt8>, at place: DatabaseSlot) {
        prefetchAwaitedKeys()
        awaitedTable = prefetchTable(of: name, at: place)
    }

    /// Takes the next step for keys of requests that came one by one.
    mutating func prefetchAwaitedKeys() {
        if let key = awaitedBucket { prefetchEntry(of: key) }
        if let key = awaitedTable { prefetchBucket(of: key) }
        awaitedBucket = awaitedTable
        awaitedTable = nil
    }

    /// Asks memory for the keys of the next commands of an entry.
    ///
    /// - Parameters:
    ///   - payload: The entry's.
    ///   - offset: Where the commands begin.
    ///   - count: How many there are.
    /// - Returns: How many of them it looked at.
    func prefetchCommands(of payload: Span<UInt8>, from offset: Int, count: Int) -> Int {
        var keys = KeyHints()
        var seen = 0
        var offset = offset
        var frame = RequestFrame()
        let parser = RequestParser(limits: .unlimited)
        while seen < count, !keys.isFull,
            let command = try? EntryPayload.command(of: payload, at: &offset)
        {
            seen += 1
            let bytes = payload.extracting(command.request)
            guard case .complete? = try? parser.parse(bytes, into: &frame), frame.count > 1
            else { continue }
            let request = Request(bytes: bytes, frame: frame)
            keys.append(prefetchTable(of: request[1], at: command.place))
        }
        prefetch(keys)
        return seen
    }

    private func prefetch(_ keys: borrowing KeyHints) {
        for index in 0..<keys.count { prefetchBucket(of: keys[index]) }
        for index in 0..<keys.count { prefetchEntry(of: keys[index]) }
    }

    private func prefetchTable(of name: Span<UInt8>, at place: DatabaseSlot) -> KeyHint {
        guard let shard = readyShard(of: place.slot) else { return KeyHint(place: place, hash: 0) }
        return KeyHint(
            place: place, hash: shards[shard].machine.prefetchTable(of: name, at: place))
    }

    private func prefetchBucket(of key: KeyHint) {
        guard let shard = readyShard(of: key.place.slot) else { return }
        shards[shard].machine.prefetchBucket(of: key)
    }

    private func prefetchEntry(of key: KeyHint) {
        guard let shard = readyShard(of: key.place.slot) else { return }
        shards[shard].machine.prefetchEntry(of: key)
    }

    private func readyShard(of slot: SlotID) -> Int? {
        let shard = Int(shardOfSlot[Int(slot.rawValue)])
        return shard >= 0 && shards[shard].machine.isReady ? shard : nil
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

/// A key that memory has been asked for.
struct KeyHint: Sendable {
    var place: DatabaseSlot
    var hash: UInt64
}

/// As many keys as are worth asking for together.
struct KeyHints: ~Copyable {
    private let addressOnly = AddressOnly()
    private var keys = InlineArray<16, KeyHint>(repeating: KeyHint(place: .none, hash: 0))
    private(set) var count = 0

    var isFull: Bool { count == keys.count }

    subscript(index: Int) -> KeyHint { keys[index] }

    mutating func append(_ key: KeyHint) {
        keys[count] = key
        count += 1
    }
}

/// The slots of the first arguments of the requests that come next in a pipeline.
struct SlotsAhead: Sendable {
    private var slots = InlineArray<16, SlotID>(repeating: SlotID(0))
    private(set) var count = 0
    private var used = 0
    private let areHints: Bool

    init(areHints: Bool = false) { self.areHints = areHints }

    /// Of one request, whose key is on its way from memory.
    init(of slot: SlotID?) {
        areHints = slot != nil
        append(slot ?? SlotID(0))
    }

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
