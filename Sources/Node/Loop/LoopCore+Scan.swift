import Commands
import Keyspace
import Primitives
import RESP

/// One page of `SCAN` on its way over the loops of a node.
package struct ScanWalk: Sendable {
    /// Who asked, and the place that its reply has.
    let connection: ProxyKey
    let sequence: UInt64
    let version: RESPVersion
    let filter: ScanFilter
    var purpose = Purpose.scan
    /// About how many more keys to look at.
    var count: Int
    /// Where to go on; `nil` at the end.
    var cursor: ScanCursor?
    var keys: [[UInt8]] = []

    /// Which command walks.
    enum Purpose: Sendable {
        case scan
        /// `KEYS`: there is but one page.
        case keys
        /// `RANDOMKEY`: the key in hand was drawn from so many.
        case randomKey(SeededGenerator, drawnFrom: Int)
    }

    var wantsMore: Bool { count > 0 }

    enum Progress {
        /// The page is full, or nothing is left.
        case end
        /// The next shard belongs to another loop.
        case elsewhere(Int)
        /// The next shard can't be read yet.
        case blocked
    }
}

/// `SCAN`: walks the slots of the shards that this node leads, in the order of the slots. The page is
/// passed from loop to loop: each knows of its own shards for certain whether it leads them.
extension LoopCore {
    /// Begins a page for a client, which is owed nothing.
    mutating func begin(_ scan: ScanRequest, from index: Int, now: Moment) {
        let walk = ScanWalk(
            connection: key(of: index), sequence: sessions[index].replies.append(),
            version: sessions[index].version, filter: scan.filter, count: scan.count,
            cursor: scan.cursor)
        goOn(walk, now: now)
    }

    /// Begins a walk for `KEYS` or `RANDOMKEY`.
    mutating func begin(
        _ purpose: ScanWalk.Purpose, of pattern: [UInt8]?, from index: Int, now: Moment
    ) {
        let walk = ScanWalk(
            connection: key(of: index), sequence: sessions[index].replies.append(),
            version: sessions[index].version, filter: ScanFilter(pattern: pattern),
            purpose: purpose, count: .max, cursor: .beginning)
        goOn(walk, now: now)
    }

    mutating func goOn(_ walk: ScanWalk, now: Moment) { begin(.scan(walk), now: now) }

    /// Walks this loop's shards, as far as the next one is of this loop.
    func advance(_ walk: inout ScanWalk, now: Moment) -> ScanWalk.Progress {
        while walk.wantsMore, let cursor = walk.cursor {
            guard let (group, slots) = nextRange(from: cursor.slot) else {
                walk.cursor = nil
                break
            }
            let loop = self.loop(of: group)
            guard loop == settings.loopIndex else { return .elsewhere(loop) }
            let shard = shardIndexes[group]
            switch shard.map({ readability(of: $0, now: now) }) ?? .elsewhere {
            case .later: return .blocked
            case .elsewhere: walk.cursor = self.cursor(after: slots)
            case .now:
                guard let shard else { return .blocked }
                let start =
                    slots.contains(cursor.slot) ? cursor : ScanCursor(slot: slots.lowerBound)
                if case .randomKey(var generator, let total) = walk.purpose {
                    let drawn = shards[shard].machine.keyspace.randomKey(
                        in: slots, now: shards[shard].appliedStamp, from: &generator)
                    // Each key of all that were seen has the same chance to be the one in hand.
                    let sum = total + drawn.count
                    if let key = drawn.key, generator.below(sum) < drawn.count || walk.keys.isEmpty
                    {
                        walk.keys = [key]
                    }
                    walk.purpose = .randomKey(generator, drawnFrom: sum)
                    walk.cursor = self.cursor(after: slots)
                    continue
                }
                let next = shards[shard].machine.keyspace.scan(
                    from: start, in: slots, count: &walk.count, filter: walk.filter,
                    now: shards[shard].appliedStamp, into: &walk.keys)
                walk.cursor = next ?? self.cursor(after: slots)
            }
        }
        return .end
    }

    /// Writes the reply to its place.
    mutating func answer(_ walk: ScanWalk, _ error: CommandError?) {
        let connection = walk.connection.connection
        guard walk.connection.loop == settings.loopIndex else {
            writer.begin(version: walk.version)
            write(walk, error)
            if writer.isTooLong { replaceTooLongReply() }
            let reply = RelayedWork.reply(
                connection, sequence: walk.sequence, bytes: writer.bytes)
            effects.append(.post(.relayed(reply), to: .loop(walk.connection.loop)))
            return writer.bytes.removeAll(keepingCapacity: writer.bytes.count <= 1 << 16)
        }
        let place = SessionReference(
            index: Int(connection.index), generation: connection.generation)
        let reserved = beginReserved(place, sequence: walk.sequence, version: walk.version)
        write(walk, error)
        endReserved(reserved)
    }

    private mutating func write(_ walk: ScanWalk, _ error: CommandError?) {
        if let error { return writer.error(error.text) }
        switch (walk.purpose, walk.keys.first) {
        case (.scan, _): ScanRequest.answer(next: walk.cursor, keys: walk.keys, into: &writer)
        case (.keys, _): ScanRequest.answer(keys: walk.keys, into: &writer)
        case (.randomKey, let key?): writer.bulk(key)
        case (.randomKey, nil): writer.null()
        }
    }

    /// The slots that come next, from `slot` on, among those that are replicated on this node.
    private func nextRange(from slot: SlotID) -> (GroupID, ClosedRange<SlotID>)? {
        var slot = Int(slot.rawValue)
        while slot < SlotID.count {
            guard let group = directory.shard(of: SlotID(UInt16(slot))),
                let range = directory.slots(of: group).first(where: {
                    Int($0.upperBound) >= slot
                })
            else {
                slot += 1
                continue
            }
            if isReplicatedHere(group) {
                return (group, SlotID(range.lowerBound)...SlotID(range.upperBound))
            }
            slot = Int(range.upperBound) + 1
        }
        return nil
    }

    /// Where to go on once `slots` are done.
    private func cursor(after slots: ClosedRange<SlotID>) -> ScanCursor? {
        let next = Int(slots.upperBound.rawValue) + 1
        guard next < SlotID.count, let (_, range) = nextRange(from: SlotID(UInt16(next))) else {
            return nil
        }
        return ScanCursor(slot: max(SlotID(UInt16(next)), range.lowerBound))
    }
}
