import Commands
import Primitives
import RESP

/// What a loop has to do for a command over all shards, and can't do yet.
struct UnfinishedPart: Sendable {
    var task: Task
    var since: Instant

    enum Task: Sendable {
        /// Count keys for a gather.
        case keyCount(UInt64)
        /// Wait for followers for a gather.
        case replicas(UInt64, ReplicaWait)
        case scan(ScanWalk)
    }

    /// Whose command it is, where that matters once the connection is gone.
    var connection: ProxyKey? {
        switch task {
        case .keyCount: nil
        case .replicas(_, let wait): wait.wish.connection
        case .scan(let walk): walk.connection
        }
    }
}

/// Whether a shard's applied state is what a read that has come by now may see.
enum Readability {
    case now
    /// Once the lease is confirmed, or what a new leader must apply is applied.
    case later
    /// This node does not lead the shard.
    case elsewhere
}

extension LoopCore {
    /// Runs a command that concerns all of the node's shards. It follows what the connection asked
    /// for before, and what the connection asks for next follows it.
    mutating func runOverShards(
        _ command: SessionCommand, _ request: borrowing Request, from index: Int, now: Moment
    ) -> Disposition {
        guard sessions[index].owesNothing else { return .wait(.replies) }
        do throws(CommandError) {
            switch command {
            case .wait:
                gather(.replicas(try replicaWish(request, of: index)), for: index, now: now)
            case .flushall, .flushdb:
                try DatabaseCommands.checkFlushMode(request)
                gather(.flush, for: index, now: now)
            case .info:
                let wish = InfoWish(request, isPlain: sessions[index].isPlain, now: now)
                gather(.report(wish), for: index, now: now)
            case .scan: begin(try ScanRequest(parsing: request), from: index, now: now)
            case .keys: begin(.keys, of: request.copy(1), from: index, now: now)
            case .randomkey:
                begin(
                    .randomKey(SeededGenerator(seed: generator.next()), drawnFrom: 0), of: nil,
                    from: index, now: now)
            default: gather(.keyCount, for: index, now: now)
            }
        } catch {
            return reply(to: index, relayed: nil, error)
        }
        return sessions[index].owesNothing ? .next : .nextThenWait(.replies)
    }

    // MARK: Parts that may have to wait

    /// Does a part now, or as soon as it can be done.
    mutating func begin(_ task: UnfinishedPart.Task, now: Moment) {
        go(on: UnfinishedPart(task: task, since: now.boot), now: now)
    }

    /// Tries again what could not be done before.
    mutating func continueParts(now: Moment) {
        guard !unfinishedParts.isEmpty else { return }
        var parts: [UnfinishedPart] = []
        swap(&parts, &unfinishedParts)
        for part in parts { go(on: part, now: now) }
    }

    private mutating func go(on part: UnfinishedPart, now: Moment) {
        let waited = now.boot.milliseconds(since: part.since)
        let isOverdue = waited >= settings.parkMilliseconds
        switch part.task {
        case .keyCount(let number):
            if let count = keyCount(now: now) {
                finishPart(of: number, .count(Int64(count)))
            } else if isOverdue {
                statistics.refusals += 1
                failPart(of: number, CommandError.clusterDown.text, mayBeDone: false)
            } else {
                unfinishedParts.append(part)
            }
        case .replicas(let number, let wait):
            switch outcome(of: wait, waited: waited) {
            case .reached(let count): finishPart(of: number, .least(count))
            case .hopeless: failPart(of: number, CommandError.unblocked.text, mayBeDone: false)
            case nil: unfinishedParts.append(part)
            }
        case .scan(var walk):
            switch advance(&walk, now: now) {
            case .end: answer(walk, nil)
            case .elsewhere(let loop):
                effects.append(.post(.relayed(.scan(walk)), to: .loop(loop)))
            case .blocked where isOverdue:
                statistics.refusals += 1
                answer(walk, .clusterDown)
            case .blocked:
                unfinishedParts.append(UnfinishedPart(task: .scan(walk), since: part.since))
            }
        }
    }

    /// Forgets what was to be done for a connection that is gone.
    mutating func dropParts(of connection: ProxyKey) {
        guard !unfinishedParts.isEmpty else { return }
        var parts: [UnfinishedPart] = []
        swap(&parts, &unfinishedParts)
        for part in parts {
            if part.connection != connection {
                unfinishedParts.append(part)
            } else if case .replicas(let number, _) = part.task {
                finishPart(of: number, .done)
            }
        }
    }

    /// Names the connection whose requests a session carries.
    func key(of index: Int) -> ProxyKey {
        switch sessions[index].origin {
        case .client: ProxyKey(loop: settings.loopIndex, connection: id(of: index))
        case .proxy(let loop, let connection): ProxyKey(loop: loop, connection: connection)
        case .stream, .split:
            preconditionFailure("a connection without a socket asks for what concerns it")
        }
    }

    /// The session that carries a connection's requests on this loop, if it has sent any here.
    func session(_ key: ProxyKey) -> Int? {
        key.loop == settings.loopIndex ? session(key.connection) : proxies[key]
    }

    /// Whether a read that has come may see a shard's applied state.
    func readability(of index: Int, now: Moment) -> Readability {
        guard shards[index].isLeader else { return .elsewhere }
        let isReadable =
            shards[index].machine.isReady
            && shards[index].appliedIndex >= shards[index].raft.readFloor
            && shards[index].raft.hasLease(now: now)
        return isReadable ? .now : .later
    }

    /// The keys of the shards that this loop leads; `nil` while one of them can't be read.
    private func keyCount(now: Moment) -> Int? {
        var count = 0
        for index in shards.indices where shards[index].machine.kind == .shard {
            switch readability(of: index, now: now) {
            case .now: count += shards[index].machine.keyspace.keyCount
            case .later: return nil
            case .elsewhere: break
            }
        }
        return count
    }
}
