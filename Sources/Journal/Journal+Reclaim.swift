package import Primitives

extension Journal {
    /// Groups that should be snapshotted soon: their entries keep the oldest segment from being reused
    /// while there is no room for another one; or while the segments hold far more than what is live,
    /// and they are too many to copy.
    package var groupsToSnapshot: [GroupID] {
        guard let oldest = older.first?.sequence else { return [] }
        guard isFull || isOverBudget else { return [] }
        return groups.compactMap { group, live in
            let isInTheWay =
                isFull ? live.log.hasEntries(in: oldest) : live.log.isPinning(oldest)
            return isInTheWay ? group : nil
        }
    }

    /// How many segment files there are, the spare included.
    package var segmentCount: Int {
        older.count + (active == nil ? 0 : 1) + (spare == nil && making == nil ? 0 : 1)
    }

    /// Whether the segments take more room than live entries account for.
    private var isOverBudget: Bool { older.count > allowedOlderCount }

    private var allowedOlderCount: Int {
        let live = groups.reduce(0) { $0 + $1.1.log.byteCount }
        return JournalLimits.slackSegmentCount
            + live * JournalLimits.liveFactor / settings.segmentByteCount
    }

    /// At most how many bytes ``carriedEntries(to:)`` takes once the present segment is an older one.
    var carriedByteCountLimit: Int {
        older.count + (active == nil ? 0 : 1) > allowedOlderCount ? settings.carriedByteCount : 0
    }

    /// Live entries of the oldest segments, to be written into the next one, so that those get free.
    ///
    /// Called when a segment is begun.
    mutating func carriedEntries(to target: UInt64) -> [StoredRecord] {
        guard isOverBudget else { return [] }
        var records: [StoredRecord] = []
        var budget = settings.carriedByteCount
        for file in older {
            for place in groups.keys.indices {
                let entries = groups[valueAt: place].log.carry(
                    from: file.sequence, to: target, budget: &budget)
                records += entries.map { .carried(groups.keys[place], $0) }
            }
            guard !hasEntries(in: file.sequence) else { break }
        }
        return records
    }

    /// Lets go of what durable records have made useless. Everything emitted must be durable.
    mutating func reclaim(into requests: inout [DiskRequest]) {
        mayReclaim = false
        for file in takeSupersededFiles() { request(.remove(file), into: &requests) }
        for file in leftoverSegments { retire(file, into: &requests) }
        leftoverSegments.removeAll()
        while let oldest = older.first, !hasEntries(in: oldest.sequence) {
            older.removeFirst()
            retire(oldest, into: &requests)
        }
    }

    private func hasEntries(in segment: UInt64) -> Bool {
        groups.values.contains { $0.log.hasEntries(in: segment) }
    }

    /// Keeps a segment's file as the spare if there is none and the file is sound, and removes it
    /// otherwise.
    private mutating func retire(_ file: SegmentFile, into requests: inout [DiskRequest]) {
        guard spare == nil, file.byteCount == settings.segmentByteCount, !file.isDamaged,
            cancelMaking() || lacksSegment
        else {
            request(.remove(.segment(file.sequence)), into: &requests)
            return
        }
        recycle(file, into: &requests)
        awaitsFile = false
        lacksSegment = false
    }

    /// Gives a file that is not needed the next sequence number; it becomes the spare.
    mutating func recycle(_ file: SegmentFile, into requests: inout [DiskRequest]) {
        let next = SegmentFile(sequence: takeSequence(), byteCount: file.byteCount)
        request(.recycleSegment(from: file.sequence, to: next.sequence), into: &requests)
        spare = next
    }

    /// At the start, uses a file that recovery found to hold nothing that counts.
    mutating func takeLeftoverAsSpare(into requests: inout [DiskRequest]) {
        guard
            let index = leftoverSegments.lastIndex(where: {
                $0.byteCount == settings.segmentByteCount && !$0.isDamaged
            })
        else { return }
        recycle(leftoverSegments.remove(at: index), into: &requests)
    }
}
