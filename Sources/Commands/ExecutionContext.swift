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
}

/// A bug that the simulator plants to prove that its checkers see it.
package enum KeyspaceFault: UInt8, Sendable {
    /// Reads judge expiry by the leader's present clock instead of the last applied stamp.
    case expiryByPresentClock = 1
}
