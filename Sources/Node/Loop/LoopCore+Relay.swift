package import Primitives
package import RESP

/// What one loop hands to another of the same node.
package enum RelayedWork: Sendable {
    /// A frame whose groups live on the other loop.
    case frame(from: NodeID, PeerFrame)
    /// A request whose shard lives on the other loop.
    case request(ConnectionID, sequence: UInt64, version: RESPVersion, bytes: [UInt8])
    case reply(ConnectionID, sequence: UInt64, bytes: [UInt8])
    /// The connection is gone.
    case closed(ConnectionID)
    /// The connection must not wait any longer in a command that it sent.
    case unblocked(ConnectionID)
    /// A part of something that concerns every shard of the node.
    case gather(UInt64, GatherKind)
    /// Its result; why it was not done, and whether some of it may have been.
    case gathered(UInt64, GatherResult, failure: String?, mayBeDone: Bool)
    /// A walk over keys that has come to a shard of the other loop.
    case scan(ScanWalk)
}

/// Names another loop's connection.
struct ProxyKey: Comparable, Sendable {
    var loop: Int
    var connection: ConnectionID

    static func < (left: Self, right: Self) -> Bool {
        left.loop == right.loop ? left.connection < right.connection : left.loop < right.loop
    }
}

extension LoopCore {
    /// Sends a request on to the loop that hosts its shard; its reply keeps its place.
    mutating func forward(_ request: borrowing Request, from index: Int, to loop: Int) {
        if sessions[index].owesNothing { sessions[index].forwardedByteCount = 0 }
        sessions[index].forwardedByteCount += request.bytes.count
        let sequence = sessions[index].replies.append()
        effects.append(
            .post(
                .relayed(
                    .request(
                        id(of: index), sequence: sequence, version: sessions[index].version,
                        bytes: [UInt8](copying: request.bytes))), to: .loop(loop)))
    }

    /// Sends a proxy's reply back to the connection's own loop.
    mutating func relay(_ reply: [UInt8], sequence: UInt64, to index: Int) {
        guard case .proxy(let loop, let connection) = sessions[index].origin else {
            return answerStream(index, reply, sequence: sequence)
        }
        effects.append(
            .post(
                .relayed(.reply(connection, sequence: sequence, bytes: reply)), to: .loop(loop)))
    }

    mutating func receive(_ work: RelayedWork, from sender: CoreID, now: Moment) {
        guard case .loop(let loop) = sender else { return }
        switch work {
        case .frame(let node, let frame): take(frame, from: node, isRelayed: true, now: now)
        case .request(let connection, let sequence, let version, let bytes):
            let index = proxy(for: connection, of: loop, now: now)
            sessions[index].relayed.append(
                RelayedRequest(sequence: sequence, version: version, bytes: bytes))
            if sessions[index].obstacle == nil { useRelayed(of: index, now: now) }
        case .reply(let connection, let sequence, let bytes):
            guard let index = session(connection) else { return }
            let place = SessionReference(index: index, generation: connection.generation)
            let reserved = beginReserved(place, sequence: sequence, version: .two)
            writer.raw(bytes)
            endReserved(reserved)
        case .closed(let connection):
            let key = ProxyKey(loop: loop, connection: connection)
            dropParts(of: key)
            if let index = proxies[key] {
                proxies[key] = nil
                closeSession(index)
            }
        case .unblocked(let connection):
            endWaits(of: ProxyKey(loop: loop, connection: connection))
        case .gather(let number, let kind):
            startPart(of: number, kind, for: .loop(loop), now: now)
        case .gathered(let number, let value, let failure, let mayBeDone):
            if let failure {
                failPart(of: number, failure, mayBeDone: mayBeDone)
            } else if mayBeDone {
                finishShard(of: number)
            } else {
                finishPart(of: number, value)
            }
        case .scan(let walk): goOn(walk, now: now)
        }
    }

    private mutating func proxy(
        for connection: ConnectionID, of loop: Int, now: Moment
    ) -> Int {
        let key = ProxyKey(loop: loop, connection: connection)
        if let index = proxies[key] { return index }
        let index = openSession(.proxy(loop: loop, connection: connection), now: now)
        proxies[key] = index
        return index
    }

    /// Uses a proxy's requests up to one that has to wait.
    mutating func useRelayed(of index: Int, now: Moment) {
        calls.pause()
        var used = 0
        var frame = RequestFrame()
        while used < sessions[index].relayed.count, sessions[index].obstacle == nil {
            if isTurnSpent {
                obstruct(index, by: .turn, now: now)
                break
            }
            let relayed = sessions[index].relayed[used]
            let bytes = relayed.bytes.span
            sessions[index].version = relayed.version
            guard
                case .complete? = try? RequestParser(limits: .unlimited).parse(
                    bytes, into: &frame)
            else { preconditionFailure("a relayed request can't be parsed") }
            let disposition = dispatch(
                Request(bytes: bytes, frame: frame), from: index, relayed: relayed.sequence,
                now: now)
            switch disposition {
            case .wait(let obstacle): obstruct(index, by: obstacle, now: now)
            case .next, .nextThenWait, .close:
                used += 1
            }
        }
        sessions[index].relayed.removeFirst(used)
    }
}
