import Commands
import Primitives
import RESP

/// What a gather asks of each loop, for the shards that this node leads.
package enum GatherKind: Sendable {
    /// Count their keys.
    case keyCount
    /// Remove every key.
    case flush
    /// Wait for followers to have what the connection wrote.
    case replicas(ReplicaWish)
    /// Say how they are, and their clients.
    case report(InfoWish)
    /// Do something that concerns no shard.
    case task(NodeTask)
}

/// What a part of a gather comes to.
package enum GatherResult: Sendable {
    case done
    /// To be added up.
    case count(Int64)
    /// Of which the least is asked for.
    case least(Int64)
    case report(LoopReport)
    case task(NodeTaskResult)

    /// The result of two parts of one gather.
    mutating func add(_ other: Self) {
        switch (self, other) {
        case (.done, _): self = other
        case (_, .done): break
        case (.count(let left), .count(let right)): self = .count(left + right)
        case (.least(let left), .least(let right)): self = .least(min(left, right))
        case (.report(var sum), .report(let part)):
            sum.add(part)
            self = .report(sum)
        case (.task(var sum), .task(let part)):
            sum.add(part)
            self = .task(sum)
        case (.count, _), (.least, _), (.report, _), (.task, _):
            preconditionFailure("parts of one gather: \(self) and \(other)")
        }
    }
}

/// Something that concerns every shard of the node and is answered once all have done their part.
struct Gather: Sendable {
    var kind: GatherKind
    var outstanding: Int
    var result = GatherResult.done
    /// Why a part could not be done.
    var failure: String?
    /// Whether something was done, or may have been.
    var mayBeDone = false
    /// A client of this loop, or another loop that gathers for one of its own.
    var requester: Requester

    enum Requester: Sendable {
        case session(SessionReference, sequence: UInt64, version: RESPVersion)
        case loop(Int, number: UInt64)
    }

    init(_ kind: GatherKind, outstanding: Int, for requester: Requester) {
        self.kind = kind
        self.outstanding = outstanding
        self.requester = requester
    }
}

extension LoopCore {
    /// Begins a gather for a client.
    mutating func gather(_ kind: GatherKind, for index: Int, now: Moment) {
        lastGather += 1
        let number = lastGather
        gathers[number] = Gather(
            kind, outstanding: settings.loopCount,
            for: .session(
                reference(to: index), sequence: sessions[index].replies.append(),
                version: sessions[index].version))
        for loop in 0..<settings.loopCount where loop != settings.loopIndex {
            effects.append(.post(.relayed(.gather(number, kind)), to: .loop(loop)))
        }
        gatherHere(number, kind, now: now)
    }

    mutating func startPart(
        of number: UInt64, _ kind: GatherKind, for sender: CoreID, now: Moment
    ) {
        guard case .loop(let loop) = sender else { return }
        lastGather += 1
        gathers[lastGather] = Gather(
            kind, outstanding: 1, for: .loop(loop, number: number))
        gatherHere(lastGather, kind, now: now)
    }

    /// Does this loop's part of a gather.
    private mutating func gatherHere(_ number: UInt64, _ kind: GatherKind, now: Moment) {
        switch kind {
        case .keyCount: begin(.keyCount(number), now: now)
        case .report(let wish):
            finishPart(of: number, .report(report(withCalls: wish.takesCalls)))
        case .task(let task): finishPart(of: number, .task(perform(task, now: now)))
        case .replicas(let wish): begin(.replicas(number, wait(for: wish)), now: now)
        case .flush:
            for index in shards.indices
            where shards[index].isLeader && shards[index].machine.kind == .shard {
                if let part = gathers.index(of: number) { gathers[valueAt: part].outstanding += 1 }
                if shards[index].isHalted {
                    failPart(of: number, haltError(of: index).text, mayBeDone: false)
                } else if shards[index].raft.lacksRoom(now: now) {
                    failPart(of: number, noRoomError, mayBeDone: false)
                } else {
                    proposeFlush(of: index, for: number)
                }
            }
            finishPart(of: number, .done)
        }
    }

    private mutating func proposeFlush(of index: Int, for number: UInt64) {
        appendCommand(Span<UInt8>(), place: .none, flags: .flushDatabase, to: index)
        _ = shards[index].append(.gatherPart(number))
    }

    /// A shard has done its part.
    mutating func finishShard(of number: UInt64) {
        if let place = gathers.index(of: number) { gathers[valueAt: place].mayBeDone = true }
        finishPart(of: number, .done)
    }

    /// One part was not done, or may not have been.
    mutating func failPart(of number: UInt64, _ text: String, mayBeDone: Bool) {
        if let place = gathers.index(of: number) {
            gathers[valueAt: place].failure = text
            if mayBeDone { gathers[valueAt: place].mayBeDone = true }
        }
        finishPart(of: number, .done)
    }

    /// One part is done.
    mutating func finishPart(of number: UInt64, _ result: GatherResult) {
        guard var gather = gathers[number] else { return }
        gather.outstanding -= 1
        gather.result.add(result)
        gathers[number] = gather
        guard gather.outstanding == 0 else { return }
        gathers[number] = nil
        switch gather.requester {
        case .loop(let loop, let original):
            effects.append(
                .post(
                    .relayed(
                        .gathered(
                            original, gather.result, failure: gather.failure,
                            mayBeDone: gather.mayBeDone)), to: .loop(loop)))
        case .session(let session, let sequence, let version):
            let reserved = beginReserved(session, sequence: sequence, version: version)
            switch (gather.failure, gather.kind) {
            case (_?, _) where gather.mayBeDone: writer.error(CommandError.partlyDone.text)
            case (let failure?, _): writer.error(failure)
            case (nil, .report(let wish)):
                if case .report(let report) = gather.result {
                    writer.verbatim(info(wish, report))
                }
            case (nil, .task(let task)):
                if case .task(let result) = gather.result { answer(task, result) }
            case (nil, _): write(gather.result)
            }
            endReserved(reserved)
        }
    }

    private mutating func write(_ result: GatherResult) {
        switch result {
        case .done: writer.ok()
        case .count(let count): writer.integer(count)
        case .least(let least): writer.integer(least == .max ? 0 : least)
        case .report, .task: break
        }
    }
}
