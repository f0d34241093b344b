import Keyspace
import Primitives
import RESP

/// Keys are asked for in three steps, each of which needs what the one before has brought: where the slot's
/// table is, the key's bucket in it, and the entry. Only the last one changes what a look-up costs; the
/// others are there so that nothing waits for them.
extension LoopCore {
    /// Parses the first requests in `bytes` and asks memory for their keys, so that serving them need not
    /// wait for each in turn, and works out their slots. The first argument is taken for the key, as it
    /// nearly always is.
    mutating func lookAhead(
        in bytes: Span<UInt8>, of index: Int, by parser: RequestParser, database: DatabaseID
    ) {
        var frame = RequestFrame()
        var keys = KeysAhead()
        var used = 0
        // What the connection selects meanwhile, slots of a whole database are no hints.
        requestsAhead.begin(of: index, areHints: database.isSharded)
        while !requestsAhead.isFull, used < bytes.count {
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
            requestsAhead.append(frame.arguments, byteCount: byteCount, slot: slot)
        }
        prefetch(keys)
    }

    /// Asks memory for the key of a write that came from elsewhere one by one, long before it is applied.
    mutating func prefetchKey(of request: borrowing Request, at place: DatabaseSlot) {
        guard requestsAhead.isEmpty, request.count > 1 else { return }
        awaitKey(request[1], at: place)
    }

    /// Asks memory for the key of a request that came outside a pipeline, each step when another one has
    /// come or the turn ends.
    mutating func awaitKey(_ name: Span<UInt8>, at place: DatabaseSlot) {
        prefetchAwaitedKeys()
        awaitedTable = KeyHint(place: place, hash: prefetchTable(of: name, at: place).hash)
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
        var keys = KeysAhead()
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

    private func prefetch(_ keys: borrowing KeysAhead) {
        for index in 0..<keys.count { keys[index].prefetchBucket() }
        for index in 0..<keys.count { keys[index].prefetchEntry() }
    }

    private func prefetchTable(of name: Span<UInt8>, at place: DatabaseSlot) -> KeyAhead {
        guard let shard = readyShard(of: place.slot) else { return KeyAhead() }
        return shards[shard].machine.prefetchTable(of: name, at: place)
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

/// A key that memory has been asked for and that is looked for anew in each step, since anything may happen
/// in between.
struct KeyHint: Sendable {
    var place: DatabaseSlot
    var hash: UInt64
}

/// As many keys as are worth asking for together.
private struct KeysAhead: ~Copyable {
    private let addressOnly = AddressOnly()
    private var keys = InlineArray<16, KeyAhead>(repeating: KeyAhead())
    private(set) var count = 0

    var isFull: Bool { count == keys.count }

    subscript(index: Int) -> KeyAhead { keys[index] }

    mutating func append(_ key: KeyAhead) {
        keys[count] = key
        count += 1
    }
}

/// The requests that come next in a pipeline, as far as they were looked at.
struct RequestsAhead: ~Copyable, Sendable {
    /// What is known of one.
    struct Known: Sendable {
        /// Of its first argument; `nil` where it isn't known.
        var slot: SlotID?
        /// How long it is; 0 when it was not kept, and is to be parsed again.
        var byteCount: Int
    }

    private struct Item: Sendable {
        var slot = SlotID(0)
        var byteCount: UInt32 = 0
        var firstArgument: UInt16 = 0
        var argumentCount: UInt16 = 0
    }

    private let addressOnly = AddressOnly()
    private var items = InlineArray<16, Item>(repeating: Item())
    /// Those of all requests whose arguments have room here.
    private var arguments = InlineArray<64, Argument>(
        repeating: Argument(offset: 0, byteCount: 0))
    private var argumentCount = 0
    private var count = 0
    private var used = 0
    private var areHints = false
    /// Whose they are: a command may be done in parts, the requests of another session.
    private var session = -1

    /// Forgets all for those of another session.
    mutating func begin(of session: Int, areHints: Bool) {
        count = 0
        used = 0
        argumentCount = 0
        self.session = session
        self.areHints = areHints
    }

    /// The same for one request, whose key is on its way from memory.
    mutating func replace(by slot: SlotID?, of session: Int) {
        begin(of: session, areHints: slot != nil)
        items[0] = Item(slot: slot ?? SlotID(0))
        count = 1
    }

    mutating func removeAll() { begin(of: -1, areHints: false) }

    mutating func append(_ known: Span<Argument>, byteCount: Int, slot: SlotID) {
        var item = Item(slot: slot)
        if argumentCount + known.count <= arguments.count {
            item.byteCount = UInt32(clamping: byteCount)
            item.firstArgument = UInt16(argumentCount)
            item.argumentCount = UInt16(known.count)
            for index in known.indices { arguments[argumentCount + index] = known[index] }
            argumentCount += known.count
        }
        items[count] = item
        count += 1
    }

    var isEmpty: Bool { count == 0 }

    /// Whether there is no place for another one.
    var isFull: Bool { count == items.count }

    /// Whether ``next(of:into:)`` has told of all.
    var isUsedUp: Bool { used == count }

    /// What is known of the session's next request, with its arguments in `frame` if it was kept.
    mutating func next(of session: Int, into frame: inout RequestFrame) -> Known {
        guard used < count, session == self.session else { return Known(slot: nil, byteCount: 0) }
        let item = items[used]
        used += 1
        if item.byteCount > 0 {
            // Not by their span, which would be that of a copy of them all.
            frame.removeAll()
            for offset in 0..<Int(item.argumentCount) {
                frame.append(arguments[Int(item.firstArgument) + offset])
            }
        }
        return Known(slot: areHints ? item.slot : nil, byteCount: Int(item.byteCount))
    }
}
