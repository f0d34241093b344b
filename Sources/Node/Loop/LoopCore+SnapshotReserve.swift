import Primitives

/// The room on the disk that is kept for snapshots, so that a log can be cut when there is no other.
struct SnapshotReserve: Sendable {
    /// What was last asked for.
    var wantedByteCount = 0
    /// What is kept; -1 when that is not known: snapshots on a full disk take from it.
    var byteCount = -1
    var isBeingChanged = false
    /// When it is asked for again what there was no room for, or what snapshots may have taken.
    var nextCheckAt = Instant.zero
}

extension LoopCore {
    /// Keeps as much room as the next snapshot of every replica may take, one after the other: the
    /// file of the one before is gone when the next is begun.
    mutating func keepSnapshotReserve(now: Moment) {
        guard journal.isOpen, !isStopping, !reserve.isBeingChanged, taking == nil,
            transfers.incoming.isEmpty, now.boot >= reserve.nextCheckAt
        else { return }
        reserve.nextCheckAt = now.boot.advanced(milliseconds: checkMilliseconds)
        let needed = neededReserveByteCount + journal.settings.reserveByteCount
        if needed > reserve.wantedByteCount || needed < reserve.wantedByteCount / 4 {
            // With a share more, so that it is not changed every time.
            let wanted = needed + needed / 4
            reserve.wantedByteCount = (wanted + reserveStep - 1) / reserveStep * reserveStep
        }
        guard reserve.byteCount != reserve.wantedByteCount else { return }
        reserve.isBeingChanged = true
        request(.reserve(byteCount: reserve.wantedByteCount), .reserve)
    }

    private var neededReserveByteCount: Int {
        var largest = 0
        var growth = 0
        for shard in shards where !shard.isRetired {
            let stored = shard.storedSnapshot?.byteCount ?? 0
            largest = max(largest, stored)
            guard shard.machine.isReady else { continue }
            growth += max(0, shard.machine.keyspaceByteCount + framingByteCount - stored)
        }
        return largest + growth
    }

    mutating func reserveKept(_ byteCount: Int, now: Moment) {
        reserve.isBeingChanged = false
        reserve.byteCount = byteCount
        let isShort = byteCount < reserve.wantedByteCount
        reserve.nextCheckAt = now.boot.advanced(
            milliseconds: isShort ? shortageMilliseconds : checkMilliseconds)
    }

    /// Gives of what is kept so much that a file of the log has room: with it snapshots get on record, and
    /// older files free.
    mutating func giveReserve(byteCount: Int) {
        guard reserve.byteCount != 0, !reserve.isBeingChanged else { return }
        reserve.isBeingChanged = true
        request(.giveReserve(byteCount: byteCount), .reserve)
    }

    /// A snapshot has been written, and may have taken from what is kept.
    mutating func doubtReserve() { reserve.byteCount = -1 }
}

private let checkMilliseconds = 1000
private let shortageMilliseconds = 10_000
private let reserveStep = 1 << 20
/// What a snapshot has besides keys and values, and a directory's has at all.
private let framingByteCount = 16 << 10
