package import Primitives

/// The keys that a shard has of one database, with their values and deadlines.
///
/// Of the cluster's sharded keyspace a shard has some slots, each with a table of its own; a whole
/// database is one table.
///
/// It is a function of the changes made to it and of `hashSecret`, which only decides what goes first of
/// keys that end in the same millisecond: what a replica can observe of order (a hash's fields, the
/// order of expiry) does not depend on the tables. Time comes with each call, in milliseconds since
/// the epoch.
package struct Keyspace: ~Copyable {
    package static let noDeadline = Entry.noDeadline

    private let addressOnly = AddressOnly()
    private(set) var hashSecret: UInt64
    var tables: SlotTables
    var expiries = ExpiryHeap()
    /// Raised by every change, so that a ``Place`` can't outlive what it points at.
    var generation: UInt64 = 0
    /// Keys in all slots, expired ones that have not been removed yet included.
    package internal(set) var keyCount = 0
    /// Bytes of the blocks that hold keys and short values; hashes that are not compact count their
    /// fields' bytes besides. It depends on ``compactLimits``.
    package internal(set) var byteCount = 0
    /// Hashes are kept compact up to these; one that exceeds them when it is changed is spread out
    /// then, and stays so.
    package var compactLimits = CompactLimits()

    /// The era of every entry that the snapshot under way need not write (any more). Without one it is
    /// that of all entries.
    var era: UInt32 = 0
    var walk = SnapshotWalk()
    /// The tables of a flush under a snapshot that has yet to walk them, by slot; else empty.
    var detached: [EntryTable] = []
    private var graveyard = Graveyard()

    /// An empty keyspace.
    ///
    /// - Parameters:
    ///   - hashSecret: The same on all replicas of a cluster, so that cursors of `SCAN` survive a
    ///     failover.
    ///   - isWhole: Whether it is a whole database, whose keys all have the slot of the database.
    package init(hashSecret: UInt64, isWhole: Bool = false) {
        self.hashSecret = hashSecret
        tables = SlotTables(count: isWhole ? 1 : SlotID.count)
    }

    deinit {
        var rest = graveyard
        for value in walk.values where !value.entry.isHeld { Self.bury(value.entry, in: &rest) }
        rest.bury(detached)
        rest.freeAll()
        for index in 0..<tables.count { tables[index].forEach(Self.free) }
    }

    package func keyCount(in slot: SlotID) -> Int { tables[table(of: slot)].count }

    /// Whether all keys are in one table.
    var isWhole: Bool { tables.count == 1 }

    /// Removes every key. Their memory is freed by ``freeSome(limit:)``.
    package mutating func removeAll() {
        let removed = tables.takeAll()
        if walk.isActive, detached.isEmpty {
            detached = removed
        } else {
            graveyard.bury(removed)
        }
        expiries.removeAll()
        keyCount = 0
        byteCount = 0
        generation += 1
    }

    // MARK: Hot path

    /// Looks `key` up.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - slot: The key's slot, if it is known already.
    ///   - now: A key or field whose deadline is not later counts as absent.
    /// - Returns: What was found; good until the next change.
    package func locate(_ key: Span<UInt8>, slot: SlotID? = nil, now: Int64) -> Place {
        let hash = Entry.hash(of: key, secret: hashSecret)
        let table = isWhole ? 0 : Int((slot ?? SlotID(key: key)).rawValue)
        let entry = tables[table].find(key, hash: hash)
        let end = entry?.end ?? Self.noDeadline
        return Place(
            hash: hash, table: table, now: now, entry: entry, generation: generation,
            type: end > now ? entry?.type : nil, deadline: entry?.deadline ?? Self.noDeadline,
            end: end)
    }

    func table(of slot: SlotID) -> Int { isWhole ? 0 : Int(slot.rawValue) }

    /// Removes what is at `place`; returns whether there was a key that had not expired.
    @discardableResult
    package mutating func remove(_ place: inout Place) -> Bool {
        check(place)
        let wasPresent = place.isPresent
        if let entry = place.entry {
            unlink(entry, table: place.table, hash: place.hash)
            refresh(&place, entry: nil)
        }
        return wasPresent
    }

    /// Sets or, with ``noDeadline``, takes away the deadline of a key that is present.
    package mutating func setDeadline(_ deadline: Int64, at place: inout Place) {
        let entry = presentEntry(place)
        willChange(entry)
        entry.deadline = deadline
        expiries.update(entry, hash: place.hash)
        refresh(&place, entry: entry)
    }

    // MARK: Expiry

    /// No deadline of a key or field is earlier; `nil` when there is none.
    package var earliestDeadlineBound: Int64? { expiries.earliestDeadline }

    /// Removes up to `limit` keys and fields whose deadline is not later than `now`, the earliest
    /// first.
    ///
    /// Which go is the same on every replica with the same keys.
    ///
    /// - Returns: How many were removed.
    @discardableResult
    package mutating func expireStep(now: Int64, limit: Int) -> Int {
        var removed = 0
        while removed < limit, let entry = expiries.firstExpired(now: now) {
            // Of a hash a field goes, unless the whole of it ends first.
            if entry.deadline == entry.due || removeEarliestField(of: entry) {
                unlink(
                    entry, table: isWhole ? 0 : Int(SlotID(key: entry.key).rawValue),
                    hash: entry.hash(secret: hashSecret))
            }
            removed += 1
        }
        if removed > 0 { generation += 1 }
        return removed
    }

    // MARK: Entries

    func check(_ place: borrowing Place) {
        precondition(
            place.generation == generation,
            "a place of generation \(place.generation) used in \(generation)")
    }

    func presentEntry(_ place: borrowing Place) -> Entry {
        check(place)
        guard let entry = place.entry, place.isPresent else {
            preconditionFailure("the value of a key that is absent")
        }
        return entry
    }

    mutating func refresh(_ place: inout Place, entry: Entry?) {
        generation += 1
        place.generation = generation
        place.entry = entry
        place.deadline = entry?.deadline ?? Self.noDeadline
        place.end = entry?.end ?? Self.noDeadline
        place.type = place.end > place.now ? entry?.type : nil
    }

    mutating func link(_ entry: Entry, at place: inout Place) {
        tables[place.table].insert(entry, hash: place.hash, secret: hashSecret)
        keyCount += 1
        byteCount += Self.accountedByteCount(entry)
        refresh(&place, entry: entry)
    }

    mutating func unlink(_ entry: Entry, table: Int, hash: UInt64) {
        willChange(entry)
        tables[table].remove(entry, hash: hash, secret: hashSecret)
        expiries.remove(entry)
        keyCount -= 1
        byteCount -= Self.accountedByteCount(entry)
        release(entry)
    }

    static func accountedByteCount(_ entry: Entry) -> Int {
        let own = entry.granules * 16 + 16
        return entry.hasFieldMap ? own + fieldByteCount(of: entry) : own
    }

    // MARK: Freeing

    /// Whether ``freeSome(limit:)`` has something to do.
    package var hasGarbage: Bool { !graveyard.isEmpty }

    /// Frees what was removed and was too much to be freed at once.
    ///
    /// - Parameter limit: About how many keys and fields to free.
    package mutating func freeSome(limit: Int) { graveyard.free(limit: limit) }

    /// Takes over what `other` holds, and its secret. What was here goes the way of ``removeAll()``, and
    /// a snapshot under way ends.
    package mutating func replaceContents(with other: inout Keyspace) {
        precondition(!other.walk.isActive, "a keyspace under a snapshot is taken over")
        for value in walk.values where !value.entry.isHeld {
            Self.bury(value.entry, in: &graveyard)
        }
        buryDetached()
        walk = SnapshotWalk()
        swap(&tables, &other.tables)
        swap(&expiries, &other.expiries)
        hashSecret = other.hashSecret
        era = other.era
        keyCount = other.keyCount
        byteCount = other.byteCount
        generation += 1
        bury(&other)
    }

    /// Takes everything from `other`, only to free it.
    package mutating func bury(_ other: inout Keyspace) {
        graveyard.bury(other.tables.takeAll())
        other.removeAll()
    }

    mutating func buryDetached() {
        graveyard.bury(detached)
        detached = []
    }

    /// Lets go of an entry that is in no table any more.
    mutating func release(_ entry: Entry) {
        if entry.isHeld {
            // The snapshot frees it.
            entry.isHeld = false
        } else {
            Self.bury(entry, in: &graveyard)
        }
    }

    private static func bury(_ entry: Entry, in graveyard: inout Graveyard) {
        if entry.hasFieldMap, isLarge(entry) {
            graveyard.bury(entry)
        } else {
            free(entry)
        }
    }

    /// Frees an entry and what belongs to it.
    static func free(_ entry: Entry) {
        if entry.hasFieldMap {
            _ = freeFields(of: entry, limit: .max)
        } else {
            entry.deallocate(hasLinks: false)
        }
    }
}
