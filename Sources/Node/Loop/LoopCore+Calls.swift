import Commands
import Primitives
import RESP

/// Counting and timing what is executed for clients. What takes time is measured by a stopwatch that the
/// shell lends (``LoopSettings/stopwatch``); nothing that is replicated depends on it.
extension LoopCore {
    // MARK: Hot path

    /// Does what one request asks for, and counts it.
    ///
    /// - Parameters:
    ///   - request: The request; not kept beyond the call.
    ///   - index: Its session.
    ///   - sequence: The reply's place, when another loop has kept it.
    ///   - hint: The slot of the first argument, where it is known.
    ///   - isFollowed: Whether more of a pipeline follows.
    ///   - now: The time.
    /// - Returns: Whether the request is used up.
    mutating func dispatch(
        _ request: borrowing Request, from index: Int, relayed sequence: UInt64?,
        slot hint: SlotID? = nil, isFollowed: Bool = false, now: Moment
    ) -> Disposition {
        calls.begin()
        let errorCount = writer.errorCount
        callInHand = -1
        isCallDone = false
        let disposition = act(
            on: request, from: index, relayed: sequence, slot: hint, now: now)
        if case .wait = disposition { return disposition }
        let hasFailed = writer.errorCount != errorCount
        if isCallDone {
            let duration = noteExecuted(
                by: index, failed: hasFailed,
                endsRun: !isFollowed || !mayShareReading(callInHand, request.bytes))
            if duration >= min(calls.slowNanoseconds, calls.eventNanoseconds) {
                noteSlow(request, duration, reference(to: index))
            }
        } else if hasFailed, callInHand >= 0 {
            calls.rejected(callInHand)
        }
        return disposition
    }

    /// Whether a command may be timed together with the next ones.
    private func mayShareReading(_ row: Int, _ request: Span<UInt8>) -> Bool {
        !calls.timesEach && dispatchTable.rows[row].isBrief && request.count <= briefByteCount
    }

    /// Counts a command that was executed some time after it came.
    ///
    /// - Parameters:
    ///   - bytes: The request.
    ///   - session: Whose it is.
    ///   - errorCount: How many errors had been written before.
    ///   - isFollowed: Whether another one follows at once.
    mutating func noteLateCall(
        _ bytes: Span<UInt8>, _ session: SessionReference, errorCount: Int, isFollowed: Bool
    ) {
        guard callInHand >= 0 else { return }
        let duration = noteExecuted(
            by: writer.countsErrors ? nil : self.session(session),
            failed: writer.errorCount != errorCount,
            endsRun: !isFollowed || !mayShareReading(callInHand, bytes))
        guard duration >= min(calls.slowNanoseconds, calls.eventNanoseconds) else { return }
        var frame = RequestFrame()
        guard case .complete? = try? RequestParser(limits: .unlimited).parse(bytes, into: &frame)
        else { return }
        noteSlow(Request(bytes: bytes, frame: frame), duration, session)
    }

    /// Counts the call in hand. A part's time is its command's, and nothing else of it counts.
    private mutating func noteExecuted(by index: Int?, failed: Bool, endsRun: Bool) -> UInt64 {
        guard let index, sessions[index].isPart else {
            return calls.executed(callInHand, failed: failed, endsRun: endsRun)
        }
        let duration = calls.executedPart()
        sessions[index].partNanoseconds &+= duration
        return duration
    }

    /// Counts the keys that a read has looked up.
    mutating func noteLookups(_ context: ExecutionContext) {
        statistics.keyspaceHits += context.hits
        statistics.keyspaceMisses += context.misses
    }

    // MARK: What is slow

    private mutating func noteSlow(
        _ request: borrowing Request, _ nanoseconds: UInt64, _ session: SessionReference
    ) {
        let seconds = present.wallMilliseconds / 1000
        if nanoseconds >= calls.eventNanoseconds {
            let isFast = dispatchTable.commands[callInHand].flags.contains(.fast)
            admin.latency.add(
                isFast ? .fastCommand : .command,
                LatencySample(seconds: seconds, milliseconds: Int64(nanoseconds / 1_000_000)))
        }
        guard nanoseconds >= calls.slowNanoseconds, admin.parameters.slowLogCount > 0 else {
            return
        }
        let index = self.session(session)
        admin.slowLog.add(
            SlowEntry(
                id: 0, seconds: seconds, microseconds: Int64(nanoseconds / 1000),
                arguments: SlowLog.arguments(of: request),
                address: index.map { address(of: $0) } ?? "?:0",
                name: index.map { sessions[$0].name } ?? []),
            limit: admin.parameters.slowLogCount,
            loop: (settings.loopIndex, settings.loopCount))
    }

    /// Notes an event that took long enough.
    mutating func note(_ event: LatencyEvent, nanoseconds: UInt64) {
        guard nanoseconds >= calls.eventNanoseconds else { return }
        admin.latency.add(
            event,
            LatencySample(
                seconds: present.wallMilliseconds / 1000,
                milliseconds: Int64(nanoseconds / 1_000_000)))
    }
}

/// A larger request is timed on its own.
private let briefByteCount = 1024
