package import Primitives

/// What a command may know besides its arguments and the keyspace, and what it reports back.
package struct ExecutionContext: Sendable {
    /// The time that decides expiry, in milliseconds since the epoch: a write's stamp; for a read
    /// the stamp of the last applied entry.
    package var now: Int64
    /// The leader's clock at present; equal to ``now`` for a write.
    package var present: Int64
    /// The entry's seed, for commands that draw at random.
    package var seed: UInt64
    /// The shard's apply level: within one, what a write does never changes.
    package var level: UInt16
    /// The database of the request's keys.
    package var database: DatabaseID
    /// The slot of the request's keys, if the caller has worked it out; saves doing it again.
    package var slot: SlotID?
    /// Set when the command met a deadline after ``now`` that has passed at ``present``: a read's
    /// reply may only leave once an entry has been applied that is stamped later.
    package var sawUncertainDeadline = false
    /// Keys that were looked up and found, and those that were not.
    package var hits = 0
    package var misses = 0
    /// What the entry's writes have made so far beside what their requests bring, in bytes; see
    /// ``willMake(_:)``.
    package private(set) var madeByteCount = 0
    /// What the command had to do beside writing its reply and what ``willMake(_:)`` counts, in bytes worked
    /// on: one that does much ends its loop's turn. Of a write it may differ from replica to replica.
    package var work = 0
    /// A bug for the simulator to find; `nil` outside it.
    package var fault: KeyspaceFault?

    package init(
        now: Int64, present: Int64? = nil, seed: UInt64 = 0, level: UInt16 = 1,
        database: DatabaseID = .sharded, slot: SlotID? = nil, fault: KeyspaceFault? = nil
    ) {
        self.now = now
        self.present = present ?? now
        self.seed = seed
        self.level = level
        self.database = database
        self.slot = slot
        self.fault = fault
    }

    /// The most that the writes of an entry may make: a string has no more.
    package static let madeByteLimit = 512 << 20

    /// Counts bytes that a write is about to make and that are not in its request, as a copy's are: a few
    /// bytes of log must not be able to keep all replicas busy, or fill their memory, at once.
    ///
    /// - Throws: When it is too much, alone or with what the entry made before. The same on all
    ///   replicas, since it depends on the entry and the state before it alone.
    package mutating func willMake(_ byteCount: Int) throws(CommandError) {
        guard byteCount <= Self.madeByteLimit else { throw .makesTooMuch }
        guard madeByteCount + byteCount <= Self.madeByteLimit else { throw .makesTooMuchAtOnce }
        madeByteCount += byteCount
    }
}

extension CommandError {
    static let makesTooMuch = CommandError(
        "ERR the value is too large to be copied: more than 512 MiB, with 512 bytes for each field")
    static let makesTooMuchAtOnce = CommandError(
        "TRYAGAIN too much is being copied at the same time; nothing was done")
}

/// A bug that the simulator plants to prove that its checkers see it.
package enum KeyspaceFault: UInt8, Sendable {
    /// Reads judge expiry by the leader's present clock instead of the last applied stamp.
    case expiryByPresentClock = 1
}
