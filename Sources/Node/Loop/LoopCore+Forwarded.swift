import Commands
import Primitives
import RESP

/// Streams: what plain connections of other loops and nodes ask of the shards that this loop leads.
///
/// An attempt is done in one term of the shard's leader, so that what is lost of it is always its end.
/// A request is done or refused here, never forwarded again.
extension LoopCore {
    /// Another loop or node has requests for this loop's shards; `isRelayed` says that they have come to the
    /// right loop already.
    mutating func receiveForwards(
        _ frame: PeerFrame, from node: NodeID, isRelayed: Bool, now: Moment
    ) {
        var elsewhere = SortedMap<Int, [UInt8]>()
        do throws(DecodingFailure) {
            var reader = try ForwardReader(frame.body)
            let origin = ForwardOrigin.Key(node: node, loop: reader.loop)
            let header = ForwardFrame.begin(loop: reader.loop, incarnation: reader.incarnation)
            meet(origin, incarnation: reader.incarnation)
            while let item = try reader.next() {
                switch item {
                case .request(
                    let key, let place, let target, let version, let isPart, let range):
                    let bytes = frame.body.span.extracting(range)
                    let loop = loop(of: key.group)
                    if loop == settings.loopIndex || isRelayed {
                        let request = ForwardedRequest(
                            number: place.number, target: target, version: version,
                            isPart: isPart, bytes: [UInt8](copying: bytes))
                        take(request, of: key, attempt: place.attempt, origin, now: now)
                    } else {
                        ForwardFrame.append(
                            request: bytes, at: target, version: version, of: key, place,
                            isPart: isPart, to: &elsewhere[loop, default: header])
                    }
                case .closed(let connection):
                    close(connection, of: origin)
                    for loop in 0..<settings.loopCount
                    where loop != settings.loopIndex && !isRelayed {
                        ForwardFrame.append(
                            closed: connection, to: &elsewhere[loop, default: header])
                    }
                case .reply, .refusal: statistics.badFrames += 1
                }
            }
        } catch {
            statistics.badFrames += 1
        }
        for (loop, body) in elsewhere {
            let work = RelayedWork.frame(from: node, PeerFrame(type: .forward, body: body))
            effects.append(.post(.relayed(work), to: .loop(loop)))
        }
    }

    /// Forgets the connections of an earlier process.
    private mutating func meet(_ origin: ForwardOrigin.Key, incarnation: UInt64) {
        if let known = forwardOrigins[origin] {
            guard known.incarnation != incarnation else { return }
            for index in known.allSessions { closeStream(index) }
        }
        forwardOrigins[origin] = ForwardOrigin(incarnation: incarnation)
    }

    private mutating func close(_ connection: ConnectionID, of origin: ForwardOrigin.Key) {
        for index in forwardOrigins[origin]?.sessions(of: connection) ?? []
        where sessions[index].incoming?.key.connection == connection {
            closeStream(index)
        }
    }

    private mutating func closeStream(_ index: Int) {
        guard let incoming = sessions[index].incoming else { return }
        let origin = ForwardOrigin.Key(node: incoming.node, loop: incoming.loop)
        if let place = forwardOrigins.index(of: origin) {
            forwardOrigins[valueAt: place].remove(index, of: incoming.key.connection)
        }
        closeSession(index)
    }

    /// Closes streams that were not used for a while: nothing of them is open any more. One that goes on
    /// later is refused, and begins anew.
    mutating func sweepStreams(now: Moment) {
        guard now.boot.milliseconds(since: lastStreamSweepAt) >= streamIdleMilliseconds / 4 else {
            return
        }
        lastStreamSweepAt = now.boot
        for index in sessions.indices where sessions[index].isOpen {
            guard let incoming = sessions[index].incoming, sessions[index].forwarded.isEmpty,
                now.boot.milliseconds(since: incoming.lastUsedAt) >= streamIdleMilliseconds
            else { continue }
            closeStream(index)
        }
    }

    // MARK: Requests

    private mutating func take(
        _ request: ForwardedRequest, of key: StreamKey, attempt: UInt32,
        _ origin: ForwardOrigin.Key, now: Moment
    ) {
        let index = stream(key, attempt: attempt, of: origin, now: now)
        sessions[index].isPart = request.isPart
        guard var incoming = sessions[index].incoming, attempt >= incoming.attempt else { return }
        incoming.lastUsedAt = now.boot
        if attempt > incoming.attempt {
            // What of the attempt before is not begun is not done: it was given up or refused.
            sessions[index].forwarded = []
            incoming.attempt = attempt
            incoming.next = 0
            incoming.refusedFrom = nil
            incoming.term = nil
        }
        let number = request.number
        defer { if sessions[index].obstacle == nil { useForwarded(of: index, now: now) } }
        guard incoming.refusedFrom == nil, number == incoming.next else {
            sessions[index].incoming = incoming
            if number < incoming.refusedFrom ?? .max {
                refuseStream(
                    index,
                    from: ForwardFrame.Place(
                        attempt: attempt, number: min(number, incoming.next)))
            }
            return
        }
        incoming.next += 1
        sessions[index].incoming = incoming
        sessions[index].forwarded.append(request)
    }

    /// The session of a stream, made when it has none.
    private mutating func stream(
        _ key: StreamKey, attempt: UInt32, of origin: ForwardOrigin.Key, now: Moment
    ) -> Int {
        for index in forwardOrigins[origin]?.sessions(of: key.connection) ?? [] {
            guard let known = sessions[index].incoming?.key else { continue }
            if known == key { return index }
            if known.connection != key.connection { closeStream(index) }
        }
        let index = openSession(.stream, now: now)
        sessions[index].incoming = IncomingStream(
            key: key, node: origin.node, loop: origin.loop, attempt: attempt,
            lastUsedAt: now.boot)
        if let place = forwardOrigins.index(of: origin) {
            forwardOrigins[valueAt: place].add(index, of: key.connection)
        }
        return index
    }

    /// Does what the stream has asked for, up to a request that has to wait or is refused.
    mutating func useForwarded(of index: Int, now: Moment) {
        guard !sessions[index].forwarded.isEmpty else { return }
        calls.pause()
        var requests: [ForwardedRequest] = []
        swap(&requests, &sessions[index].forwarded)
        var frame = RequestFrame()
        var used = 0
        while used < requests.count {
            if isTurnSpent {
                obstruct(index, by: .turn, now: now)
                sessions[index].forwarded = Array(requests[used...])
                return
            }
            let request = requests[used]
            guard let incoming = sessions[index].incoming else { return }
            if request.number >= incoming.refusedFrom ?? .max { return }
            let place = ForwardFrame.Place(attempt: incoming.attempt, number: request.number)
            guard mayDo(request, index, now: now) else { return refuseStream(index, from: place) }
            sessions[index].version = request.version
            sessions[index].database = request.target.database
            sessions[index].shardSlot = request.target.slot
            let bytes = request.bytes.span
            guard
                case .complete? = try? RequestParser(limits: .unlimited).parse(
                    bytes, into: &frame),
                concernsShard(Request(bytes: bytes, frame: frame))
            else {
                statistics.badFrames += 1
                return refuseStream(index, from: place)
            }
            let disposition = dispatch(
                Request(bytes: bytes, frame: frame), from: index, relayed: place.sequence,
                now: now)
            if case .wait(let obstacle) = disposition {
                obstruct(index, by: obstacle, now: now)
                sessions[index].forwarded = Array(requests[used...])
                return
            }
            used += 1
        }
        requests.removeAll(keepingCapacity: true)
        swap(&requests, &sessions[index].forwarded)
    }

    /// Whether this loop leads the request's shard, in the term of the stream's attempt.
    private mutating func mayDo(_ request: ForwardedRequest, _ index: Int, now: Moment) -> Bool {
        let shardIndex = Int(shardOfSlot[Int(request.target.slot.rawValue)])
        guard shardIndex >= 0, shards[shardIndex].group == sessions[index].incoming?.key.group
        else { return false }
        let view = view(of: shardIndex, now: now)
        guard view.isLeader else { return false }
        if let term = sessions[index].incoming?.term { return term == view.term }
        sessions[index].incoming?.term = view.term
        return true
    }

    /// Whether a request is for a command that a shard does, and not one for the connection's node.
    private func concernsShard(_ request: borrowing Request) -> Bool {
        guard let found = dispatchTable.find(request) else { return false }
        if case .session = dispatchTable.rows[found].kind(isWhole: true) { return false }
        return true
    }

    // MARK: Answers

    /// Sends a reply of a stream back to its connection's loop.
    mutating func answerStream(_ index: Int, _ reply: [UInt8], sequence: UInt64) {
        guard let incoming = sessions[index].incoming else { return }
        let place = ForwardFrame.Place(sequence: sequence)
        guard place.attempt == incoming.attempt else { return }
        let origin = beginAnswers(to: incoming)
        var reply = reply
        if reply.count > forwardedReplyByteCount {
            var writer = ReplyWriter()
            writer.error(
                "UNCERTAIN it was done, but the reply of \(reply.count) bytes is too large for another node than its key's leader (\(forwardedReplyByteCount) bytes at most)"
            )
            reply = writer.bytes
        }
        var start = 0
        repeat {
            let end = min(start + ForwardFrame.partByteCount, reply.count)
            ForwardFrame.append(
                part: start..<end, of: reply.span, place, incoming.key,
                to: &outgoingAnswers[origin, default: []])
            start = end
            if outgoingAnswers[origin, default: []].count >= frameByteCount {
                sendAnswers(to: origin)
                if start < reply.count { _ = beginAnswers(to: incoming) }
            }
        } while start < reply.count
    }

    /// Refuses all of a stream's attempt from `place` on.
    mutating func refuseStream(_ index: Int, from place: ForwardFrame.Place) {
        guard let incoming = sessions[index].incoming, place.attempt == incoming.attempt,
            place.number < incoming.refusedFrom ?? .max
        else { return }
        statistics.streamRefusals += 1
        sessions[index].incoming?.refusedFrom = place.number
        sessions[index].forwarded.removeAll { $0.number >= place.number }
        let origin = beginAnswers(to: incoming)
        ForwardFrame.append(
            refusalFrom: place, of: incoming.key, to: &outgoingAnswers[origin, default: []])
    }

    /// Makes sure that there is a frame to add answers to.
    private mutating func beginAnswers(to stream: IncomingStream) -> ForwardOrigin.Key {
        let origin = ForwardOrigin.Key(node: stream.node, loop: stream.loop)
        if outgoingAnswers[origin] == nil {
            outgoingAnswers[origin] = ForwardFrame.begin(
                loop: origin.loop, incarnation: forwardOrigins[origin]?.incarnation ?? 0)
        }
        return origin
    }

    /// Sends what has been collected; while there is no link, it waits for one.
    mutating func sendAnswers(to origin: ForwardOrigin.Key) {
        guard let body = outgoingAnswers[origin] else { return }
        let isReachable =
            origin.node == settings.nodeID || linkedNodes[origin.node] != nil
            || settings.fault == .lostReadSentAgain
        guard isReachable || body.count > heldAnswerByteCount else { return }
        outgoingAnswers[origin] = nil
        let frame = PeerFrame(type: .forwarded, body: body)
        if origin.node == settings.nodeID {
            postFrame(frame, to: origin.loop)
        } else {
            effects.append(.frame(to: origin.node, frame, .bulk))
        }
    }
}

/// The largest reply that is sent to another node or loop: what a link's queue takes at once, less the
/// headers of its parts.
private let forwardedReplyByteCount = 60 << 20
/// What is kept of answers to a node without a link to it; past that they are lost.
private let heldAnswerByteCount = 16 << 20
/// How long a stream stays without being used; much longer than a request may take.
private let streamIdleMilliseconds = 60_000
