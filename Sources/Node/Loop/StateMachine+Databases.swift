import Keyspace
import Primitives

/// What concerns all databases of a shard.
extension StateMachine {
    var keyCount: Int {
        wholeDatabases.reduce(keyspace.keyCount) { $0 + $1.keyspace.keyCount }
    }

    var keyspaceByteCount: Int {
        wholeDatabases.reduce(keyspace.byteCount) { $0 + $1.keyspace.byteCount }
    }

    /// No key's deadline is earlier; `nil` when no key has one.
    var earliestDeadlineBound: Int64? {
        var earliest = keyspace.earliestDeadlineBound
        for database in wholeDatabases {
            guard let bound = database.keyspace.earliestDeadlineBound else { continue }
            earliest = min(earliest ?? bound, bound)
        }
        return earliest
    }

    /// Removes up to `limit` keys and fields whose deadline is not later than `now`, database by
    /// database.
    ///
    /// - Returns: How many were removed.
    @discardableResult
    func expireStep(now: Int64, limit: Int) -> Int {
        var left = limit - keyspace.expireStep(now: now, limit: limit)
        for database in wholeDatabases where left > 0 {
            left -= database.keyspace.expireStep(now: now, limit: left)
        }
        return limit - left
    }

    /// Removes all keys of a database.
    func flush(_ database: DatabaseID) {
        if let number = database.number {
            wholeDatabases[number].keyspace.removeAll()
        } else {
            keyspace.removeAll()
        }
    }

    var hasGarbage: Bool {
        keyspace.hasGarbage || wholeDatabases.contains { $0.keyspace.hasGarbage }
    }

    /// See ``Keyspace/freeSome(limit:)``.
    func freeSome(limit: Int) {
        if keyspace.hasGarbage { return keyspace.freeSome(limit: limit) }
        wholeDatabases.first { $0.keyspace.hasGarbage }?.keyspace.freeSome(limit: limit)
    }

    // MARK: Snapshots

    /// Begins a snapshot of the present state.
    ///
    /// - Returns: The bytes of its first block.
    func beginSnapshot(missesChangedKeys: Bool) -> [UInt8] {
        switch kind {
        case .directory: return directory.encode()
        case .shard:
            changeCountAtSnapshot = changeCount
            beginWalk(missesChangedKeys: missesChangedKeys)
            var bytes: [UInt8] = []
            slots.encode(into: &bytes)
            return bytes
        }
    }

    /// Begins a walk through all databases that have keys, and the sharded one.
    func beginWalk(missesChangedKeys: Bool = false) {
        keyspace.beginSnapshot(missesChangedKeys: missesChangedKeys)
        for database in wholeDatabases where database.keyspace.keyCount > 0 {
            database.keyspace.beginSnapshot(missesChangedKeys: missesChangedKeys)
        }
    }

    var isSnapshotUnderWay: Bool {
        keyspace.isSnapshotUnderWay
            || wholeDatabases.contains { $0.keyspace.isSnapshotUnderWay }
    }

    /// Writes some more of the snapshot.
    ///
    /// - Returns: Whether all of it is written.
    func continueSnapshot(byteBudget: Int) -> Bool {
        if keyspace.isSnapshotUnderWay {
            _ = keyspace.continueSnapshot(byteBudget: byteBudget)
        } else {
            let current = wholeDatabases.first { $0.keyspace.isSnapshotUnderWay }
            _ = current?.keyspace.continueSnapshot(byteBudget: byteBudget)
        }
        return !isSnapshotUnderWay
    }

    var snapshotOutputByteCount: Int {
        wholeDatabases.reduce(keyspace.snapshotOutputByteCount) {
            $0 + $1.keyspace.snapshotOutputByteCount
        }
    }

    /// Hands out what was written since the last call: blocks, each of one database's records behind its
    /// raw value.
    func takeSnapshotBlocks() -> [[UInt8]] {
        var blocks: [[UInt8]] = []
        if keyspace.snapshotOutputByteCount > 0 {
            blocks.append([DatabaseID.sharded.rawValue] + keyspace.takeSnapshotOutput())
        }
        for (number, database) in wholeDatabases.enumerated()
        where database.keyspace.snapshotOutputByteCount > 0 {
            blocks.append(
                [DatabaseID.whole(number).rawValue] + database.keyspace.takeSnapshotOutput())
        }
        return blocks
    }
}
