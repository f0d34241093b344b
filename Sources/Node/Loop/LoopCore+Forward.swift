import Commands
import Primitives
import RESP

/// Plain connections: the client asks any node for anything, and the node has the leader of the shard do
/// it. What one connection asks of one shard is done in the order in which it was asked, and never
/// twice: a request is sent again only when its shard certainly did not do it.
extension LoopCore {
    // MARK: Hot path

    /// Has a plain connection's request done by the leader of its shard; `sequence` is the reply's place
    /// when the request is sent again.
    mutating func routePlain(
        _ found: Int, _ request: borrowing Request, isWrite: Bool, place: DatabaseSlot,
        from index: Int, relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        // Of reads too: wherever its leader is or will be, a request must fit into a frame.
        guard request.bytes.count <= settings.maxWriteByteCount else {
            return reply(to: index, relayed: sequence, .writeTooLarge(settings.maxWriteByteCount))
        }
        guard let group = directory.shard(of: place.slot) else {
            return waitForLeader(.directory, of: index, relayed: sequence, now: now)
        }
        guard let target = target(of: group, place.slot, now: now) else {
            return waitForLeader(group, of: index, relayed: sequence, now: now)
        }
        let stream = stream(of: index, to: group, target)
        if sessions[index].plain.streams[stream].isOver
            || sessions[index].plain.streams[stream].target != target
        {
            // The order holds within an attempt: the one before must have come to its end.
            if sequence == nil, !sessions[index].owesNothing { return .wait(.replies) }
            sessions[index].plain.streams[stream].begin(to: target)
        }
        guard case .here = target else {
            send(
                request, isWrite: isWrite, place: place, stream: stream, from: index,
                relayed: sequence, now: now)
            return .next
        }
        let next = sessions[index].replies.next
        let disposition = route(
            found, request, isWrite: isWrite, place: place, from: index, relayed: sequence, now: now
        )
        guard case .next = disposition else { return disposition }
        if let sequence {
            guard sessions[index].replies.isWaiting(sequence),
                let record = sessions[index].plain.requests.index(of: sequence)
            else { return .next }
            sessions[index].plain.requests.set(.here, at: record)
        } else if sessions[index].replies.isWaiting(next) {
            sessions[index].plain.requests.append(
                request.bytes, sequence: next, group: group, place: place, isWrite: isWrite,
                version: sessions[index].version, state: .here,
                head: sessions[index].replies.head)
        }
        return .next
    }

    /// Who leads the shard of `slot`; `nil` while nobody is known who can be reached.
    private mutating func target(
        of group: GroupID, _ slot: SlotID, now: Moment
    ) -> ForwardTarget? {
        let shardIndex = Int(shardOfSlot[Int(slot.rawValue)])
        if shardIndex >= 0 {
            let view = self.view(of: shardIndex, now: now)
            if view.isLeader { return .here(view.term) }
        }
        if let node = otherLeader(of: group) {
            return linkedNodes[node] == nil ? nil : .node(node)
        }
        let isOnOtherLoop = shardIndex < 0 && isReplicatedHere(group)
        return isOnOtherLoop && leaders[group]?.leader == settings.nodeID
            ? .loop(loop(of: group)) : nil
    }

    private mutating func stream(
        of index: Int, to group: GroupID, _ target: ForwardTarget
    ) -> Int {
        if let stream = sessions[index].plain.stream(to: group) { return stream }
        sessions[index].plain.streams.append(OutgoingStream(group: group, target: target))
        return sessions[index].plain.streams.count - 1
    }

    private mutating func send(
        _ request: borrowing Request, isWrite: Bool, place: DatabaseSlot, stream: Int,
        from index: Int, relayed sequence: UInt64?, now: Moment
    ) {
        if sessions[index].owesNothing { sessions[index].forwardedByteCount = 0 }
        sessions[index].forwardedByteCount += request.bytes.count
        statistics.forwards += 1
        let target = sessions[index].plain.streams[stream].target
        let group = sessions[index].plain.streams[stream].group
        let number = ForwardFrame.Place(
            attempt: sessions[index].plain.streams[stream].attempt,
            number: sessions[index].plain.streams[stream].next)
        sessions[index].plain.streams[stream].next += 1
        if isWrite { sessions[index].plain.streams[stream].hasWrittenElsewhere = true }
        let key = StreamKey(connection: id(of: index), group: group)
        let version = sessions[index].version
        let isPart = sessions[index].isPart
        switch target {
        case .here: preconditionFailure("a request of this loop's is sent elsewhere")
        case .loop(let loop):
            beginForwards(to: target)
            ForwardFrame.append(
                request: request.bytes, at: place, version: version, of: key, number,
                isPart: isPart, to: &loopForwards[loop, default: []])
        case .node(let node):
            beginForwards(to: target)
            ForwardFrame.append(
                request: request.bytes, at: place, version: version, of: key, number,
                isPart: isPart, to: &outgoingForwards[node, default: []])
            if outgoingForwards[node, default: []].count >= frameByteCount {
                sendForwards(to: node)
            }
        }
        let state = UnansweredRequests.State.sent(number, at: now.boot)
        if let sequence {
            guard let record = sessions[index].plain.requests.index(of: sequence) else { return }
            sessions[index].plain.requests.set(state, at: record)
        } else {
            let sequence = sessions[index].replies.append()
            sessions[index].plain.requests.append(
                request.bytes, sequence: sequence, group: group, place: place, isWrite: isWrite,
                version: version, state: state, head: sessions[index].replies.head)
        }
    }

    /// Makes sure that there is a frame to add items to.
    private mutating func beginForwards(to target: ForwardTarget) {
        switch target {
        case .here: break
        case .loop(let loop):
            guard loopForwards[loop] == nil else { return }
            loopForwards[loop] = ForwardFrame.begin(
                loop: settings.loopIndex, incarnation: incarnation)
        case .node(let node):
            guard outgoingForwards[node] == nil else { return }
            outgoingForwards[node] = ForwardFrame.begin(
                loop: settings.loopIndex, incarnation: incarnation)
        }
    }

    // MARK: Frames

    /// Sends what has been collected of forwarded requests and of answers to them.
    mutating func sendForwardFrames() {
        while let node = outgoingForwards.keys.last { sendForwards(to: node) }
        while let loop = loopForwards.keys.last, let body = loopForwards[loop] {
            loopForwards[loop] = nil
            postFrame(PeerFrame(type: .forward, body: body), to: loop)
        }
        for origin in outgoingAnswers.keys { sendAnswers(to: origin) }
    }

    private mutating func sendForwards(to node: NodeID) {
        guard let body = outgoingForwards[node] else { return }
        outgoingForwards[node] = nil
        effects.append(.frame(to: node, PeerFrame(type: .forward, body: body), .bulk))
    }

    mutating func postFrame(_ frame: PeerFrame, to loop: Int) {
        effects.append(.post(.relayed(.frame(from: settings.nodeID, frame)), to: .loop(loop)))
    }

    /// Tells the loops and nodes that a plain connection asked something that it is gone.
    mutating func closeStreams(of index: Int) {
        let connection = id(of: index)
        for stream in sessions[index].plain.streams {
            beginForwards(to: stream.target)
            switch stream.target {
            case .here: break
            case .loop(let loop):
                ForwardFrame.append(closed: connection, to: &loopForwards[loop, default: []])
            case .node(let node):
                ForwardFrame.append(closed: connection, to: &outgoingForwards[node, default: []])
            }
        }
    }

    // MARK: What came of it

    /// A leader has answered requests of this loop's connections.
    mutating func receiveAnswers(_ frame: PeerFrame, from node: NodeID, now: Moment) {
        do throws(DecodingFailure) {
            var reader = try ForwardReader(frame.body)
            guard reader.loop == settings.loopIndex else {
                guard reader.loop < settings.loopCount else { return statistics.badFrames += 1 }
                let work = RelayedWork.frame(from: node, frame)
                return effects.append(.post(.relayed(work), to: .loop(reader.loop)))
            }
            guard reader.incarnation == incarnation else { return }
            while let item = try reader.next() {
                switch item {
                case .reply(let stream, let place, let before, let after, let bytes):
                    take(
                        frame.body.span.extracting(bytes), before: before, after: after,
                        of: stream, place)
                case .refusal(let stream, let place): refuse(stream, from: place, now: now)
                case .request, .closed: statistics.badFrames += 1
                }
            }
        } catch {
            statistics.badFrames += 1
        }
    }

    private mutating func take(
        _ bytes: Span<UInt8>, before: Int, after: Int, of key: StreamKey,
        _ place: ForwardFrame.Place
    ) {
        guard let index = session(key.connection), sessions[index].isPlain,
            let stream = sessions[index].plain.stream(to: key.group),
            let record = record(of: index, key.group, place)
        else { return }
        if before == 0 { sessions[index].plain.streams[stream].partialReply = [] }
        // A part before this one is lost.
        guard sessions[index].plain.streams[stream].partialReply.count == before else { return }
        guard after == 0 else {
            return sessions[index].plain.streams[stream].partialReply.append(copying: bytes)
        }
        var partial: [UInt8] = []
        swap(&partial, &sessions[index].plain.streams[stream].partialReply)
        let reference = reference(to: index)
        let sequence = sessions[index].plain.requests[record].sequence
        let reserved = beginReserved(reference, sequence: sequence, version: .two)
        writer.raw(partial)
        writer.raw(bytes)
        endReserved(reserved)
    }

    /// The request that was sent as `place` and is not answered.
    private mutating func record(
        of index: Int, _ group: GroupID, _ place: ForwardFrame.Place
    ) -> Int? {
        let head = sessions[index].replies.head
        sessions[index].plain.requests.forget(before: head)
        return sessions[index].plain.requests.indices.first { record in
            guard case .sent(place, _) = sessions[index].plain.requests[record].state else {
                return false
            }
            return sessions[index].plain.requests[record].group == group
                && isUnanswered(record, of: index)
        }
    }

    func isUnanswered(_ record: Int, of index: Int) -> Bool {
        sessions[index].replies.isWaiting(sessions[index].plain.requests[record].sequence)
    }

    // MARK: Refusals

    private mutating func refuse(
        _ key: StreamKey, from place: ForwardFrame.Place, now: Moment
    ) {
        guard let index = session(key.connection), sessions[index].isPlain,
            let stream = sessions[index].plain.stream(to: key.group),
            sessions[index].plain.streams[stream].attempt == place.attempt
        else { return }
        sessions[index].plain.streams[stream].isOver = true
        sessions[index].plain.streams[stream].retryAt = now.boot.advanced(
            milliseconds: retryMilliseconds)
        for record in sessions[index].plain.requests.indices {
            guard case .sent(let sent, _) = sessions[index].plain.requests[record].state,
                sent.attempt == place.attempt, sent.number >= place.number,
                sessions[index].plain.requests[record].group == key.group,
                isUnanswered(record, of: index)
            else { continue }
            setRefused(record, of: index, now: now)
        }
    }

    /// A shard of this loop certainly did not do what a plain connection or a stream asked.
    ///
    /// - Returns: `false` when the session is of another kind, or gone.
    mutating func refuse(
        _ reference: SessionReference, sequence: UInt64, now: Moment
    ) -> Bool {
        guard let index = session(reference) else { return false }
        if sessions[index].incoming != nil {
            refuseStream(index, from: ForwardFrame.Place(sequence: sequence))
            return true
        }
        guard sessions[index].isPlain,
            let record = sessions[index].plain.requests.index(of: sequence)
        else { return false }
        if let stream = sessions[index].plain.stream(
            to: sessions[index].plain.requests[record].group)
        {
            sessions[index].plain.streams[stream].isOver = true
        }
        setRefused(record, of: index, now: now)
        return true
    }

    private mutating func setRefused(_ record: Int, of index: Int, now: Moment) {
        sessions[index].plain.requests.set(.refused(since: now.boot), at: record)
        statistics.forwardRefusals += 1
        guard !sessions[index].plain.hasRefused else { return }
        sessions[index].plain.hasRefused = true
        resending.append(reference(to: index))
    }

    /// Sends again what was refused, once all that was asked of the same shard before is decided and a
    /// leader is known.
    mutating func continueResending(now: Moment) {
        guard !resending.isEmpty else { return }
        var waiting: [SessionReference] = []
        swap(&waiting, &resending)
        for reference in waiting {
            guard let index = session(reference) else { continue }
            for stream in sessions[index].plain.streams.indices {
                resend(stream, of: index, now: now)
            }
            let isDone = !sessions[index].plain.requests.indices.contains { record in
                sessions[index].plain.requests[record].isRefused && isUnanswered(record, of: index)
            }
            if isDone {
                sessions[index].plain.hasRefused = false
            } else {
                resending.append(reference)
            }
        }
    }

    private mutating func resend(_ stream: Int, of index: Int, now: Moment) {
        let group = sessions[index].plain.streams[stream].group
        var refused: [Int] = []
        var since = now.boot
        for record in sessions[index].plain.requests.indices
        where sessions[index].plain.requests[record].group == group
            && isUnanswered(record, of: index)
        {
            // Its fate decides whether it comes before the others.
            guard case .refused(let time) = sessions[index].plain.requests[record].state else {
                return
            }
            since = min(since, time)
            refused.append(record)
        }
        if refused.isEmpty || now.boot < sessions[index].plain.streams[stream].retryAt { return }
        if now.boot.milliseconds(since: since) >= settings.parkMilliseconds {
            statistics.refusals += refused.count
            for record in refused {
                fail(
                    reference(to: index),
                    sequence: sessions[index].plain.requests[record].sequence,
                    CommandError.clusterDown.text)
            }
            return
        }
        var frame = RequestFrame()
        for record in refused {
            let bytes = sessions[index].plain.requests.request(at: record)
            guard
                case .complete? = try? RequestParser(limits: .unlimited).parse(
                    bytes.span, into: &frame)
            else { preconditionFailure("a request that was kept can't be parsed") }
            let request = Request(bytes: bytes.span, frame: frame)
            guard let found = dispatchTable.find(request) else {
                preconditionFailure("a request that was kept is of no command")
            }
            // The connection may have said HELLO since.
            let version = sessions[index].version
            sessions[index].version = sessions[index].plain.requests[record].version
            defer { sessions[index].version = version }
            let disposition = routePlain(
                found, request, isWrite: sessions[index].plain.requests[record].isWrite,
                place: sessions[index].plain.requests[record].place, from: index,
                relayed: sessions[index].plain.requests[record].sequence, now: now)
            guard case .next = disposition else { return }
        }
    }

    // MARK: Unknown fates

    /// Gives up what was sent and is not answered, where the answer has taken too long.
    mutating func failOverdueForwards(now: Moment) {
        for index in sessions.indices
        where sessions[index].isPlain && sessions[index].isOpen && !sessions[index].owesNothing {
            let head = sessions[index].replies.head
            sessions[index].plain.requests.forget(before: head)
            for stream in sessions[index].plain.streams.indices
            where isOverdue(stream, of: index, now: now) {
                giveUp(stream, of: index, now: now)
            }
        }
    }

    private func isOverdue(_ stream: Int, of index: Int, now: Moment) -> Bool {
        let group = sessions[index].plain.streams[stream].group
        guard case .node(let node) = sessions[index].plain.streams[stream].target else {
            return false
        }
        for record in sessions[index].plain.requests.indices
        where sessions[index].plain.requests[record].group == group
            && isUnanswered(record, of: index)
        {
            guard case .sent(_, let since) = sessions[index].plain.requests[record].state else {
                continue
            }
            let waited = now.boot.milliseconds(since: since)
            let isDeposed = leaders[group]?.leader.map { $0 != node } ?? false
            return waited >= (isDeposed ? deposedMilliseconds : settings.unknownMilliseconds)
        }
        return false
    }

    /// The way to a node is broken: what it had and did not answer may or may not be done.
    mutating func giveUpForwards(to node: NodeID, now: Moment) {
        for index in sessions.indices where sessions[index].isPlain && sessions[index].isOpen {
            for stream in sessions[index].plain.streams.indices
            where sessions[index].plain.streams[stream].target == .node(node) {
                giveUp(stream, of: index, now: now)
            }
        }
    }

    /// Ends a stream's attempt. The fate of its writes is unknown; reads behind the last write are sent
    /// again, be that answered or not, those before it can't be served in their place.
    private mutating func giveUp(_ stream: Int, of index: Int, now: Moment) {
        let group = sessions[index].plain.streams[stream].group
        let attempt = sessions[index].plain.streams[stream].attempt
        sessions[index].plain.streams[stream].isOver = true
        var open: [Int] = []
        var lastWrite = -1
        for record in sessions[index].plain.requests.indices
        where sessions[index].plain.requests[record].group == group {
            if sessions[index].plain.requests[record].isWrite,
                settings.fault != .lostReadSentAgain
            {
                lastWrite = record
            }
            guard case .sent(let place, _) = sessions[index].plain.requests[record].state,
                place.attempt == attempt, isUnanswered(record, of: index)
            else { continue }
            open.append(record)
        }
        for record in open {
            let isWrite = sessions[index].plain.requests[record].isWrite
            guard isWrite || record < lastWrite, settings.fault != .unknownForwardSentAgain else {
                setRefused(record, of: index, now: now)
                continue
            }
            fail(
                reference(to: index),
                sequence: sessions[index].plain.requests[record].sequence,
                isWrite ? CommandError.unknownFate.text : CommandError.lostRead.text)
        }
    }
}

/// How long a leader that has refused is not asked again.
private let retryMilliseconds = 20
/// How long the answer of a leader may take once another one is known.
private let deposedMilliseconds = 1000
