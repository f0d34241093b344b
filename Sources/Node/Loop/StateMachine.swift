import Commands
import Keyspace
import Primitives
import RESP
import Topology

/// What a replica's log is applied to.
///
/// A class so that a loop can hold many in an array though a ``Keyspace`` can't be copied.
final class StateMachine {
    enum Kind: Sendable {
        case directory
        case shard
    }

    let kind: Kind
    var directory = DirectoryState()
    /// The shard's part of the sharded keyspace.
    var keyspace: Keyspace
    /// The whole databases, by number; those that other shards have are empty.
    let wholeDatabases: [WholeDatabase]
    /// The slots that this shard serves, with their epochs; part of the replicated state.
    var slots = ServedSlots()
    /// Writes applied since the last snapshot was begun that was taken, and what it was when one began.
    var changeCount = 0
    var changeCountAtSnapshot = 0
    /// Up to which size hashes are kept in one block, in every database.
    var compactLimits = CompactLimits() {
        didSet {
            keyspace.compactLimits = compactLimits
            for database in wholeDatabases { database.keyspace.compactLimits = compactLimits }
        }
    }
    /// Whether ``keyspace`` has its hash secret and the shard's snapshot, if there was one.
    var isReady: Bool
    /// The shard's snapshot as recovery found it, until ``keyspace`` is made of it.
    private var unread: UnreadSnapshot?

    /// A snapshot file that is made a state, part by part.
    private struct UnreadSnapshot {
        var index: LogIndex
        var bytes: [UInt8]
        var offset = 0
        /// Made when the hash secret is known.
        var reader: SnapshotFileReader?
    }

    init(kind: Kind) {
        self.kind = kind
        keyspace = Keyspace(hashSecret: 0)
        wholeDatabases = kind == .directory ? [] : WholeDatabase.all
        isReady = kind == .directory
    }

    // MARK: Starting

    /// Takes a snapshot file that is known to be whole.
    func recover(_ bytes: [UInt8], index: LogIndex) throws(DecodingFailure) {
        unread = UnreadSnapshot(index: index, bytes: bytes)
        guard kind == .directory else { return }
        unread?.reader = SnapshotFileReader(kind: kind, index: index, hashSecret: 0)
        while isLoading { try load(byteCount: bytes.count) }
    }

    /// Makes the shard's keyspace, now that the cluster's secret is known; from a snapshot by
    /// ``load(byteCount:)``.
    ///
    /// - Parameters:
    ///   - hashSecret: The directory's.
    ///   - slots: What the shard served when it was made; a snapshot knows better.
    func makeReady(hashSecret: UInt64, slots: ServedSlots) {
        if let unread {
            guard unread.reader == nil else { return }
            self.unread?.reader = SnapshotFileReader(
                kind: kind, index: unread.index, hashSecret: hashSecret,
                compactLimits: compactLimits)
        } else {
            keyspace = Keyspace(hashSecret: hashSecret)
            keyspace.compactLimits = compactLimits
            for database in wholeDatabases { database.empty(hashSecret: hashSecret) }
            self.slots = slots
            isReady = true
        }
    }

    /// Whether ``load(byteCount:)`` has something to do.
    var isLoading: Bool { unread?.reader != nil }

    /// Reads some more of the snapshot.
    ///
    /// - Throws: ``DecodingFailure`` when it can't be read.
    func load(byteCount: Int) throws(DecodingFailure) {
        guard let unread, let reader = unread.reader else { return }
        let end = min(unread.offset + byteCount, unread.bytes.count)
        try reader.read(unread.bytes[unread.offset..<end])
        self.unread?.offset = end
        guard end == unread.bytes.count else { return }
        guard reader.isComplete else {
            throw DecodingFailure(what: "end of a snapshot", offset: end)
        }
        install(reader)
    }

    /// Replaces the state by what `reader` has read.
    func install(_ reader: SnapshotFileReader) {
        reader.finish(into: self)
        unread = nil
        isReady = true
    }

    /// Lets go of the whole state, which is freed by and by.
    func retire() {
        unread = nil
        directory = DirectoryState()
        slots = ServedSlots()
        var nothing = Keyspace(hashSecret: 0)
        keyspace.replaceContents(with: &nothing)
        for database in wholeDatabases { database.empty(hashSecret: 0) }
        isReady = true
    }

    func stateHash() -> UInt64 {
        switch kind {
        case .directory: directory.stateHash()
        case .shard: stateHash(ofSharded: keyspace.stateHash())
        }
    }

    /// The same as if the sharded keyspace had no such key.
    func stateHash(without key: [UInt8]) -> UInt64 {
        stateHash(ofSharded: keyspace.stateHash(without: key))
    }

    private func stateHash(ofSharded hash: UInt64) -> UInt64 {
        var hash = hash ^ slots.stateHash()
        for (number, database) in wholeDatabases.enumerated()
        where database.keyspace.keyCount > 0 {
            hash ^= SplitMix64.mix(database.keyspace.stateHash() &+ UInt64(number))
        }
        return hash
    }

    // MARK: Hot path

    /// Runs a read on the database that the context names.
    ///
    /// Not one generic function with ``peek(_:_:_:_:)``: each call would allocate a closure.
    func read(
        _ body: ReadBody, _ request: borrowing Request, _ context: inout ExecutionContext,
        _ writer: inout ReplyWriter
    ) throws(CommandError) {
        guard let number = context.database.number else {
            return try body(keyspace, request, &context, &writer)
        }
        try body(wholeDatabases[number].keyspace, request, &context, &writer)
    }

    /// Tries a write as a read on the database that the context names.
    func peek(
        _ body: PeekBody, _ request: borrowing Request, _ context: inout ExecutionContext,
        _ writer: inout ReplyWriter
    ) throws(CommandError) -> Bool {
        guard let number = context.database.number else {
            return try body(keyspace, request, &context, &writer)
        }
        return try body(wholeDatabases[number].keyspace, request, &context, &writer)
    }

    /// Weighs a write on the database that the context names.
    func weigh(
        _ body: WeighBody, _ request: borrowing Request, _ context: inout ExecutionContext
    ) -> Int {
        guard let number = context.database.number else {
            return body(keyspace, request, &context)
        }
        return body(wholeDatabases[number].keyspace, request, &context)
    }

    /// Runs a write on the database that the context names.
    func write(
        _ body: WriteBody, _ request: borrowing Request, _ context: inout ExecutionContext,
        _ writer: inout ReplyWriter
    ) throws(CommandError) {
        guard let number = context.database.number else {
            return try body(&keyspace, request, &context, &writer)
        }
        try body(&wholeDatabases[number].keyspace, request, &context, &writer)
    }

    // What ``LoopCore/prefetchKeys(of:in:)`` asks of the database; see `Keyspace+Prefetch`.

    func prefetchTable(of key: Span<UInt8>, at place: DatabaseSlot) -> KeyAhead {
        guard let number = place.database.number else {
            return keyspace.prefetchTable(of: key, slot: place.slot)
        }
        return wholeDatabases[number].keyspace.prefetchTable(of: key, slot: place.slot)
    }

    func prefetchBucket(of key: KeyHint) {
        guard let number = key.place.database.number else {
            return keyspace.prefetchBucket(slot: key.place.slot, hash: key.hash)
        }
        wholeDatabases[number].keyspace.prefetchBucket(slot: key.place.slot, hash: key.hash)
    }

    func prefetchEntry(of key: KeyHint) {
        guard let number = key.place.database.number else {
            return keyspace.prefetchEntry(slot: key.place.slot, hash: key.hash)
        }
        wholeDatabases[number].keyspace.prefetchEntry(slot: key.place.slot, hash: key.hash)
    }
}
