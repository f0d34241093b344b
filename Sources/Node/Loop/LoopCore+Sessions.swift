package import Primitives
import Commands
import RESP

extension LoopCore {
    // MARK: Connections

    /// A client has connected.
    ///
    /// - Parameters:
    ///   - listener: Which listener it came in on.
    ///   - remote: Its address.
    ///   - now: The time.
    /// - Returns: What names the connection from now on.
    package mutating func clientConnected(
        _ listener: ListenerKind, remote: Address, now: Moment
    ) -> ConnectionID {
        statistics.connections += 1
        let index = openSession(.client(listener, remote: remote), now: now)
        if sessions[index].isPlain { sessions[index].database = settings.plainDatabaseZero }
        sessions[index].isAuthenticated = settings.password == nil
        return id(of: index)
    }

    /// The connection is gone; what it asked for may still happen.
    package mutating func clientClosed(_ id: ConnectionID, now: Moment) {
        guard let index = session(id) else { return }
        useArrivals(now: now)
        dropParts(of: key(of: index))
        closeStreams(of: index)
        closeSession(index)
        for loop in 0..<settings.loopCount where loop != settings.loopIndex {
            effects.append(.post(.relayed(.closed(id)), to: .loop(loop)))
        }
    }

    func session(_ id: ConnectionID) -> Int? {
        let index = Int(id.index)
        guard index < sessions.count, sessions[index].generation == id.generation,
            sessions[index].isOpen
        else { return nil }
        return index
    }

    func session(_ reference: SessionReference) -> Int? {
        let index = reference.index
        return sessions[index].isOpen && sessions[index].generation == reference.generation
            ? index : nil
    }

    func id(of index: Int) -> ConnectionID {
        ConnectionID(index: UInt32(index), generation: sessions[index].generation)
    }

    func reference(to index: Int) -> SessionReference {
        SessionReference(index: index, generation: sessions[index].generation)
    }

    mutating func openSession(_ origin: SessionOrigin, now: Moment) -> Int {
        lastClientID += 1
        let clientID = lastClientID * UInt64(settings.loopCount) + UInt64(settings.loopIndex)
        if let index = freeSessions.popLast() {
            sessions[index] = Session(
                origin: origin, generation: sessions[index].generation &+ 1, clientID: clientID,
                now: now.boot)
            return index
        }
        sessions.append(
            Session(origin: origin, generation: 0, clientID: clientID, now: now.boot))
        return sessions.count - 1
    }

    mutating func closeSession(_ index: Int) {
        sessions[index].isOpen = false
        sessions[index].input = []
        sessions[index].output = []
        sessions[index].sentByteCount = 0
        sessions[index].relayed = []
        sessions[index].forwarded = []
        sessions[index].incoming = nil
        sessions[index].plain = PlainState()
        sessions[index].partPlaces = []
        sessions[index].obstacle = nil
        sessions[index].replies = ReplyQueue()
        freeSessions.append(index)
    }

    // MARK: Input

    /// Bytes have come from a client.
    ///
    /// - Parameters:
    ///   - id: The connection.
    ///   - bytes: What was read; not kept beyond the call.
    ///   - now: The time, read after the bytes were.
    package mutating func clientReceived(_ id: ConnectionID, _ bytes: Span<UInt8>, now: Moment) {
        guard let index = session(id), !sessions[index].isClosing, !isJournalEnded else {
            return
        }
        sessions[index].lastActiveAt = now.boot
        statistics.inputByteCount += bytes.count
        if sessions[index].input.isEmpty, sessions[index].obstacle == nil {
            if arrive(bytes, of: index) { return }
            let used = useRequests(in: bytes, of: index, now: now)
            if used < bytes.count, sessions[index].isOpen, !sessions[index].isClosing {
                sessions[index].input.append(copying: bytes.extracting(used..<bytes.count))
            }
        } else {
            sessions[index].input.append(copying: bytes)
            if sessions[index].hasArrived { return }
            if sessions[index].obstacle == nil { useInput(of: index, now: now) }
        }
        limitInput(of: index)
    }

    /// Takes nothing more from a client for the time being, or for good, whose input waits.
    mutating func limitInput(of index: Int) {
        guard sessions[index].isOpen, !sessions[index].isClosing else { return }
        if sessions[index].input.count > settings.queryBufferByteCount {
            effects.append(.log(.warning, "closing a client whose query buffer is full"))
            close(index)
        } else if sessions[index].obstacle != nil, !sessions[index].isPaused {
            sessions[index].isPaused = true
            effects.append(.pauseClient(id(of: index)))
        }
    }

    /// Uses the session's stored input as far as it goes.
    mutating func useInput(of index: Int, now: Moment) {
        var input: [UInt8] = []
        swap(&input, &sessions[index].input)
        let used = useRequests(in: input.span, of: index, now: now)
        guard sessions[index].isOpen, !sessions[index].isClosing else { return }
        if used == input.count {
            input.removeAll(keepingCapacity: input.count <= 1 << 16)
        } else if used > 0 {
            input.removeFirst(used)
        }
        swap(&input, &sessions[index].input)
    }

    // MARK: Hot path

    /// Does what the requests in `bytes` ask for, up to one that has to wait.
    ///
    /// - Returns: How many bytes were used.
    mutating func useRequests(in bytes: Span<UInt8>, of index: Int, now: Moment) -> Int {
        calls.pause()
        var frame = RequestFrame()
        var used = 0
        var parser = parser(for: index)
        var mayHaveKeys = true
        defer {
            requestsAhead.removeAll()
            calls.pause()
        }
        while used < bytes.count {
            if let obstacle = repliesInTheWay(of: index) {
                obstruct(index, by: obstacle, now: now)
                return used
            }
            if parser.isAuthenticated != sessions[index].isAuthenticated {
                parser = self.parser(for: index)
                requestsAhead.removeAll()
            }
            let rest = bytes.extracting(used..<bytes.count)
            // Enough bytes for a few requests: a pipeline.
            if mayHaveKeys, requestsAhead.isUsedUp, rest.count > 128,
                sessions[index].partial.isEmpty
            {
                lookAhead(
                    in: rest, of: index, by: parser, database: sessions[index].database)
                mayHaveKeys = requestsAhead.isFull
            }
            let known = requestsAhead.next(of: index, into: &frame)
            var progress = RequestParser.Progress.complete(byteCount: known.byteCount)
            if known.byteCount == 0 {
                do throws(RequestError) {
                    progress = try parser.parse(
                        rest, resuming: &sessions[index].partial, into: &frame)
                } catch {
                    refuse(index, error)
                    return used
                }
            }
            let disposition: Disposition
            let usedByteCount: Int
            switch progress {
            case .incomplete: return used
            case .empty(let byteCount):
                disposition = .next
                usedByteCount = byteCount
            case .inline(let byteCount):
                disposition = useInline(rest.extracting(0..<byteCount), of: index, now: now)
                usedByteCount = byteCount
            case .complete(let byteCount):
                if !sessions[index].partPlaces.isEmpty { sessions[index].beginPart() }
                disposition = dispatch(
                    Request(bytes: rest.extracting(0..<byteCount), frame: frame), from: index,
                    relayed: nil, slot: known.slot, isFollowed: byteCount < rest.count,
                    now: now)
                usedByteCount = byteCount
            }
            if case .wait = disposition {} else { commandUsed(by: index) }
            switch disposition {
            case .next:
                used += usedByteCount
                sessions[index].partNumber += 1
            case .nextThenWait(let obstacle):
                obstruct(index, by: obstacle, now: now)
                return used + usedByteCount
            case .wait(let obstacle):
                // It counts when it is tried again.
                if !sessions[index].isPart { statistics.commands -= 1 }
                obstruct(index, by: obstacle, now: now)
                return used
            case .close: return bytes.count
            }
        }
        return used
    }

    func parser(for index: Int) -> RequestParser {
        RequestParser(
            limits: settings.requestLimits, isAuthenticated: sessions[index].isAuthenticated)
    }

    /// Why the session may ask for nothing more before replies have left or come.
    private func repliesInTheWay(of index: Int) -> Obstacle? {
        if isTurnSpent { return .turn }
        if sessions[index].unsentByteCount > settings.outputPauseByteCount,
            sessions[index].hasSocket
        {
            return .output
        }
        if sessions[index].owedCount >= settings.owedReplyCount
            || sessions[index].replies.readyByteCount > settings.outputPauseByteCount
        {
            return .owed
        }
        if sessions[index].plain.hasRefused { return .replies }
        if sessions[index].forwardedByteCount > settings.forwardedByteCount,
            !sessions[index].owesNothing
        {
            return .replies
        }
        return nil
    }

    private mutating func useInline(
        _ line: Span<UInt8>, of index: Int, now: Moment
    ) -> Disposition {
        do throws(RequestError) {
            let bytes = try InlineCommand.request(from: line)
            var frame = RequestFrame()
            guard case .complete = try RequestParser().parse(bytes.span, into: &frame) else {
                return .next
            }
            return dispatch(
                Request(bytes: bytes.span, frame: frame), from: index, relayed: nil, now: now)
        } catch {
            refuse(index, error)
            return .close
        }
    }

    /// Answers bytes that can't become a request, and closes.
    private mutating func refuse(_ index: Int, _ error: RequestError) {
        let direct = beginReply(to: index)
        writer.error("ERR \(error.message)")
        endReply(to: index, direct: direct, relayed: nil)
        close(index)
    }

    /// Closes the connection once its replies are out.
    mutating func close(_ index: Int) {
        sessions[index].isClosing = true
        sessions[index].input = []
        if sessions[index].owesNothing { finishClosing(index) }
    }

    private mutating func finishClosing(_ index: Int) {
        guard sessions[index].hasSocket else { return }
        list(index)
        effects.append(.closeClient(id(of: index)))
    }

    // MARK: Waiting

    mutating func obstruct(_ index: Int, by obstacle: Obstacle, now: Moment) {
        if sessions[index].lastObstacle != obstacle {
            sessions[index].lastObstacle = obstacle
            sessions[index].obstructedSince = now.boot
            statistics.parked += 1
        }
        sessions[index].obstacle = obstacle
        if !sessions[index].isListedAsObstructed {
            sessions[index].isListedAsObstructed = true
            obstructed.append(index)
        }
    }

    /// Tries again what had to wait.
    mutating func retryObstructed(now: Moment) {
        guard !obstructed.isEmpty else { return }
        var waiting: [Int] = []
        swap(&waiting, &obstructed)
        // Who could go on and had to wait again waits behind the others.
        var stillWaiting: [Int] = []
        for index in waiting {
            sessions[index].isListedAsObstructed = false
            guard sessions[index].isOpen, let obstacle = sessions[index].obstacle else { continue }
            if !isPassable(obstacle, for: index, now: now) {
                sessions[index].isListedAsObstructed = true
                stillWaiting.append(index)
                continue
            }
            sessions[index].obstacle = nil
            if sessions[index].incoming != nil {
                useForwarded(of: index, now: now)
            } else if sessions[index].isProxy {
                useRelayed(of: index, now: now)
            } else {
                useInput(of: index, now: now)
            }
            guard sessions[index].isOpen, sessions[index].obstacle == nil else { continue }
            sessions[index].lastObstacle = nil
            if sessions[index].isPaused {
                sessions[index].isPaused = false
                effects.append(.resumeClient(id(of: index)))
            }
        }
        stillWaiting.append(contentsOf: obstructed)
        obstructed = stillWaiting
    }

    private func isPassable(_ obstacle: Obstacle, for index: Int, now: Moment) -> Bool {
        switch obstacle {
        case .output: sessions[index].unsentByteCount <= settings.outputPauseByteCount / 2
        case .round: sessions[index].roundReadCount == 0
        case .replies: sessions[index].owesNothing
        case .owed:
            sessions[index].owedCount <= settings.owedReplyCount / 2
                && sessions[index].replies.readyByteCount <= settings.outputPauseByteCount / 2
        case .backlog(let group):
            shardIndexes[group].map { !shards[$0].isLeader || hasRoom($0, for: 0) } ?? true
        case .leader: true
        // A pause that began when the one before was over may be narrower.
        case .pause(let least): !admin.pause.holdsBack(least, now: now.boot)
        case .turn: !isTurnSpent
        }
    }

    /// Whether requests wait for the next turn, so that others than who asks for much get theirs.
    var isTurnSpent: Bool { workInTurn >= settings.turnWorkByteCount }

    /// Whether the shard may take an operation of `byteCount` bytes. A large one gets an entry of
    /// its own, so that no entry is larger than the limit and no larger than its largest request.
    func hasRoom(_ index: Int, for byteCount: Int) -> Bool {
        let open = shards[index].open.byteCount
        return shards[index].proposedByteCount + open < settings.proposalByteCount
            && (open == 0 || open + byteCount <= settings.proposalByteCount)
    }

    /// The number of the session's last write to the shard at `shardIndex`; 0 without one.
    func lastWrite(of index: Int, to shardIndex: Int) -> UInt64 {
        shardIndex < sessions[index].lastWrites.count
            ? sessions[index].lastWrites[shardIndex] : 0
    }

    /// For how long `obstacle`, and no other, has been in the session's way.
    func waitedMilliseconds(_ index: Int, for obstacle: Obstacle, now: Moment) -> Int {
        sessions[index].lastObstacle == obstacle
            ? now.boot.milliseconds(since: sessions[index].obstructedSince) : 0
    }

    // MARK: Replies

    /// Gets ``writer`` ready for a reply that follows all that the session has been promised.
    ///
    /// - Returns: Whether the writer holds the session's own output.
    mutating func beginReply(to index: Int) -> Bool {
        writer.begin(version: sessions[index].version, countsErrors: !sessions[index].isPart)
        guard sessions[index].owesNothing, !sessions[index].isProxy,
            !sessions[index].muting.isMuted
        else { return false }
        swap(&writer.bytes, &sessions[index].output)
        writer.beginReply()
        return true
    }

    mutating func endReply(to index: Int, direct: Bool, relayed sequence: UInt64?) {
        if writer.isTooLong { replaceTooLongReply() }
        if direct {
            swap(&writer.bytes, &sessions[index].output)
            list(index)
            return
        }
        if let sequence {
            if sessions[index].isProxy {
                relay(writer.bytes, sequence: sequence, to: index)
            } else {
                sessions[index].answer(sequence, with: writer.bytes)
                list(index)
                if sessions[index].isClosing, sessions[index].owesNothing { finishClosing(index) }
            }
        } else if !sessions[index].muting.isMuted {
            append(ready: writer.bytes, of: index)
        }
        writer.bytes.removeAll(keepingCapacity: writer.bytes.count <= 1 << 16)
    }

    /// Keeps the session's next place for a reply that comes later.
    mutating func reserveReply(of index: Int, relayed sequence: UInt64?) -> UInt64 {
        sequence ?? sessions[index].replies.append()
    }

    /// Gets ``writer`` ready for the reply to a reserved place.
    mutating func beginReserved(
        _ reference: SessionReference, sequence: UInt64, version: RESPVersion
    ) -> ReservedReply {
        guard let index = session(reference) else {
            writer.begin(version: version, isDiscarding: true)
            return ReservedReply(.gone, of: reference.index, sequence: sequence)
        }
        writer.begin(
            version: version,
            isDiscarding: !sessions[index].muting.isIdle && sessions[index].muting.mutes(sequence),
            countsErrors: !sessions[index].isPart)
        guard !sessions[index].isProxy, sessions[index].replies.head == sequence else {
            return ReservedReply(.stored, of: index, sequence: sequence)
        }
        swap(&writer.bytes, &sessions[index].output)
        writer.beginReply()
        return ReservedReply(.head, of: index, sequence: sequence)
    }

    /// The reply is written.
    mutating func endReserved(_ reply: consuming ReservedReply) {
        let (manner, index, sequence) = reply.end()
        if writer.isTooLong { replaceTooLongReply() }
        switch manner {
        case .gone: break
        case .head:
            noteOutcome(of: index)
            sessions[index].replies.advance(into: &writer.bytes)
            swap(&writer.bytes, &sessions[index].output)
            list(index)
            if sessions[index].isClosing, sessions[index].owesNothing { finishClosing(index) }
        case .stored:
            noteOutcome(of: index)
            if sessions[index].isProxy {
                relay(writer.bytes, sequence: sequence, to: index)
            } else {
                sessions[index].replies.store(writer.bytes, sequence: sequence)
            }
            writer.bytes.removeAll(keepingCapacity: writer.bytes.count <= 1 << 16)
        }
    }

    /// Replaces a reply that is too long by an error, and so one that leaves no part out.
    mutating func replaceTooLongReply() {
        writer.replaceTooLong(by: CommandError.replyTooLong(writer.byteLimit).text)
    }

    /// The reply is not to be given yet, and nothing of it is written.
    mutating func undoReserved(_ reply: consuming ReservedReply) {
        let (manner, index, _) = reply.end()
        if case .head = manner { swap(&writer.bytes, &sessions[index].output) }
    }

    /// Counts a client's request whose reply, in ``writer``, says that its fate is unknown.
    private mutating func noteOutcome(of index: Int) {
        let start = writer.replyStart
        guard start < writer.bytes.count, writer.bytes[start] == UInt8(ascii: "-"),
            sessions[index].hasSocket, writer.bytes[start...].starts(with: "-UNCERTAIN ".utf8)
        else { return }
        statistics.unknownOutcomes += 1
    }

    mutating func list(_ index: Int) {
        guard !sessions[index].isListedForOutput else { return }
        sessions[index].isListedForOutput = true
        listedForOutput.append(index)
    }

    /// Answers a session's operation with an error.
    mutating func fail(_ operation: PendingOperation, _ text: String) {
        fail(operation.session, sequence: operation.sequence, text)
    }

    /// Answers a reserved place with an error.
    mutating func fail(_ reference: SessionReference, sequence: UInt64, _ text: String) {
        let reserved = beginReserved(reference, sequence: sequence, version: .two)
        writer.error(text)
        endReserved(reserved)
    }
}

/// What became of a request.
enum Disposition {
    /// It is answered, or its answer's place is kept.
    case next
    /// The same, but what follows has to wait.
    case nextThenWait(Obstacle)
    /// It was not used and must be tried again.
    case wait(Obstacle)
    /// The connection takes no more requests.
    case close
}
