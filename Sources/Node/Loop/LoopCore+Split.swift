import Commands
import Keyspace
import Primitives
import RESP

/// Commands of plain connections that concern several shards.
extension LoopCore {
    // MARK: Commands without keys

    /// Does a command without keys that concerns the whole database, or all databases, and of which each
    /// shard does its part.
    mutating func runOverCluster(
        _ command: SessionCommand, _ request: borrowing Request, from index: Int, now: Moment
    ) -> Disposition {
        guard sessions[index].owesNothing else { return .wait(.replies) }
        var words: [[UInt8]] = []
        for position in 0..<request.count { words.append(request.copy(position)) }
        var places: [DatabaseSlot] = []
        let rule: Split.Rule
        do throws(CommandError) {
            switch command {
            case .flushall:
                try DatabaseCommands.checkFlushMode(request)
                places = wholePlaces
                if settings.plainDatabaseZero.isSharded { places += shardedPlaces }
                words[0] = Array("FLUSHDB".utf8)
                rule = .allOK
            case .flushdb:
                try DatabaseCommands.checkFlushMode(request)
                places = shardedPlaces
                rule = .allOK
            case .scan:
                let slot = try ScanRequest(parsing: request).cursor.slot
                places = [DatabaseSlot(slot: slot, database: .sharded)]
                rule = .page(range(of: slot))
            case .keys:
                places = shardedPlaces
                rule = .concatenation
            case .randomkey:
                places = shardedPlaces
                rule = .oneOf(SeededGenerator(seed: generator.next()))
            default:
                places = shardedPlaces
                rule = .sum
            }
        } catch {
            return reply(to: index, relayed: nil, error)
        }
        // Until the shards are known there is nobody to ask.
        guard !places.isEmpty else {
            return waitForLeader(.directory, of: index, relayed: nil, now: now)
        }
        let parts = places.flatMap { place in
            let part = SplitPart(place: place, words: words)
            guard case .oneOf = rule else { return [part] }
            return [SplitPart(place: place, words: [Array("DBSIZE".utf8)]), part]
        }
        split(parts, rule, for: index, now: now)
        return sessions[index].owesNothing ? .next : .nextThenWait(.replies)
    }

    /// Where each whole database is.
    private var wholePlaces: [DatabaseSlot] {
        (0..<DatabaseID.wholeCount).compactMap { number in
            DatabaseID.whole(number).slot.map {
                DatabaseSlot(slot: $0, database: .whole(number))
            }
        }
    }

    /// A slot of each shard of the sharded keyspace.
    private var shardedPlaces: [DatabaseSlot] {
        directory.shards.keys.compactMap { group in
            directory.slots(of: group).first.map {
                DatabaseSlot(slot: SlotID($0.lowerBound), database: .sharded)
            }
        }
    }

    /// The slots next to `slot` that its shard has too.
    private func range(of slot: SlotID) -> ClosedRange<SlotID> {
        guard let group = directory.shard(of: slot),
            let range = directory.slots(of: group).first(where: { $0.contains(slot.rawValue) })
        else { return slot...slot }
        return SlotID(range.lowerBound)...SlotID(range.upperBound)
    }

    // MARK: Commands with keys

    /// Does a command whose keys lie in several slots, where proxies of Redis do that.
    mutating func splitBySlot(
        _ found: Int, _ request: borrowing Request, from index: Int, now: Moment
    ) -> Disposition {
        let row = dispatchTable.rows[found]
        guard let manner = row.splitting, let keys = row.keys.indices(in: request) else {
            return reply(to: index, relayed: nil, .crossSlotInShardedDatabase)
        }
        guard (request.count - 1) % row.keys.step == 0 else {
            return reply(to: index, relayed: nil, wrongArgumentCount(of: found))
        }
        guard sessions[index].owesNothing else { return .wait(.replies) }
        var order: [(slot: SlotID, key: Int)] = []
        for (number, position) in keys.enumerated() {
            order.append((SlotID(key: request[position]), number))
        }
        order.sort { ($0.slot, $0.key) < ($1.slot, $1.key) }
        var parts: [SplitPart] = []
        var places: [[Int]] = []
        for (slot, key) in order {
            if parts.last?.place.slot != slot {
                let place = DatabaseSlot(slot: slot, database: .sharded)
                parts.append(SplitPart(place: place, words: [request.copy(0)]))
                places.append([])
            }
            for offset in 0..<row.keys.step {
                parts[parts.count - 1].words.append(request.copy(keys[key] + offset))
            }
            places[places.count - 1].append(key)
        }
        let rule: Split.Rule =
            switch manner {
            case .values: .values(places)
            case .sum: row.kind.isWrite ? .changes : .sum
            case .allOK: .allOK
            }
        split(parts, rule, for: index, now: now)
        return sessions[index].owesNothing ? .next : .nextThenWait(.replies)
    }

    // MARK: Parts

    /// Has `parts` done as one command of a client's, which is owed nothing.
    private mutating func split(
        _ parts: [SplitPart], _ rule: Split.Rule, for client: Int, now: Moment
    ) {
        let sequence = sessions[client].replies.append()
        let version = sessions[client].version
        let index = openSession(.split, now: now)
        sessions[index].version = version
        for part in parts { sessions[index].input.append(request: part.words) }
        sessions[index].partPlaces = parts.map(\.place)
        splits.append(
            Split(
                parts: reference(to: index), client: reference(to: client), sequence: sequence,
                version: version, rule: rule, row: callInHand))
        let call = callInHand
        useInput(of: index, now: now)
        // It counts once all its parts are done.
        (callInHand, isCallDone) = (call, false)
    }

    /// Answers the commands whose parts are all done.
    ///
    /// - Returns: Whether there were some.
    mutating func finishSplits() -> Bool {
        guard !splits.isEmpty else { return false }
        var hasFinished = false
        var waiting: [Split] = []
        swap(&waiting, &splits)
        for split in waiting {
            guard let index = session(split.parts) else { continue }
            guard sessions[index].owesNothing, sessions[index].input.isEmpty else {
                splits.append(split)
                continue
            }
            hasFinished = true
            calls.pause()
            calls.begin()
            let replies = PartReplies(sessions[index].output)
            let nanoseconds = sessions[index].partNanoseconds
            closeStreams(of: index)
            closeSession(index)
            let reserved = beginReserved(
                split.client, sequence: split.sequence, version: split.version)
            let errorCount = writer.errorCount
            write(replies, by: split.rule)
            calls.executed(
                split.row, failed: writer.errorCount != errorCount,
                inParts: nanoseconds &+ calls.executedPart())
            endReserved(reserved)
        }
        return hasFinished
    }

    private mutating func write(_ replies: PartReplies, by rule: Split.Rule) {
        if let error = replies.error(isWrite: rule.isWrite) { return writer.error(error) }
        switch rule {
        case .allOK: writer.ok()
        case .changes, .sum: writer.integer(replies.sum)
        case .concatenation:
            let elements = replies.elements
            writer.array(elements.count)
            writer.raw(elements.bytes)
        case .values(let order):
            writer.array(order.reduce(0) { $0 + $1.count })
            writer.raw(replies.elements(inOrder: order))
        case .oneOf(var generator):
            guard let drawn = replies.draw(from: &generator) else { return writer.null() }
            writer.raw(drawn)
        case .page(let slots):
            let page = replies.page
            var next = page.cursor
            if next == 0 || ScanCursor(rawValue: next).slot > slots.upperBound {
                let slot = Int(slots.upperBound.rawValue) + 1
                next = slot < SlotID.count ? ScanCursor(slot: SlotID(UInt16(slot))).rawValue : 0
            }
            writer.array(2)
            writer.bulk(String(next))
            writer.raw(page.keys)
        }
    }
}
