import Primitives

/// A stream between two hosts, named by the world. Never reused.
package struct StreamID: Hashable, Comparable, Sendable {
    package let index: Int32
    package let generation: UInt32
    package static func < (left: Self, right: Self) -> Bool {
        (left.index, left.generation) < (right.index, right.generation)
    }
}

/// One of the two ends of a stream.
package enum StreamEnd: UInt8, Sendable {
    /// The host that connected.
    case initiator = 0
    /// The host that accepted.
    case acceptor = 1

    package var other: StreamEnd { self == .initiator ? .acceptor : .initiator }
}

/// What the world must do about its streams, each at its time.
package enum StreamEvent: Sendable {
    /// Call ``Streams/arrive(_:at:now:)``.
    case arrival(StreamID, at: StreamEnd)
    /// Call ``Streams/closeArrives(_:at:)``.
    case close(StreamID, at: StreamEnd)
}

/// Ordered streams that behave as TCP does: what is sent arrives once and in order, late if the
/// path is cut for a while, or not at all once the stream breaks, and then the end that sent it
/// doesn't know how much of it arrived.
package struct Streams<Payload: Sendable>: Sendable {
    private struct Chunk {
        var payload: Payload
        var dueTime: UInt64
    }

    private struct Direction {
        var chunks: [Chunk] = []
        var taken = 0
        var lastDueTime: UInt64 = 0
        /// Since when nothing has come through.
        var stalledSince: UInt64?
        var isArrivalScheduled = false
        /// Whether the end that sends this way has closed or is gone: nothing more is sent.
        var isEnded = false
        /// Whether the end that receives this way hears nothing any more.
        var isDeaf = false

        var isEmpty: Bool { taken == chunks.count }
    }

    private struct Stream {
        var generation: UInt32
        var hosts: (Int, Int)
        /// What each end sends: the initiator's first.
        var directions: (Direction, Direction) = (Direction(), Direction())
        var breaksAfter: UInt64

        func host(_ end: StreamEnd) -> Int { end == .initiator ? hosts.0 : hosts.1 }
    }

    private var streams: [Stream?] = []
    private var freeIndices: [Int32] = []
    private var nextGeneration: UInt32 = 1
    private var generator: SeededGenerator

    package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// The streams that are open, in the order of their indices.
    package var openStreams: [StreamID] {
        streams.indices.compactMap { index in
            streams[index].map {
                StreamID(index: Int32(index), generation: $0.generation)
            }
        }
    }

    package var count: Int { streams.count - freeIndices.count }

    package mutating func open(from initiator: Int, to acceptor: Int) -> StreamID {
        let stream = Stream(
            generation: nextGeneration, hosts: (initiator, acceptor),
            breaksAfter: generator.time(in: .milliseconds(600)...(.seconds(5))))
        defer { nextGeneration += 1 }
        if let free = freeIndices.popLast() {
            streams[Int(free)] = stream
            return StreamID(index: free, generation: nextGeneration)
        }
        streams.append(stream)
        return StreamID(index: Int32(streams.count - 1), generation: nextGeneration)
    }

    package func isOpen(_ id: StreamID) -> Bool {
        streams[Int(id.index)]?.generation == id.generation
    }

    /// The host at an end of an open stream.
    package func host(_ id: StreamID, _ end: StreamEnd) -> Int? {
        guard let stream = streams[Int(id.index)], stream.generation == id.generation else {
            return nil
        }
        return stream.host(end)
    }

    /// Sends `payload` from `end`; it is lost if the stream is closed.
    ///
    /// - Parameters:
    ///   - id: The stream.
    ///   - end: Who sends.
    ///   - payload: What the other end receives, whole.
    ///   - byteCount: Its size, which takes time.
    ///   - now: The virtual time.
    ///   - paths: How long it takes.
    ///   - schedule: Called with events that are due later.
    package mutating func send(
        _ id: StreamID, from end: StreamEnd, _ payload: Payload, byteCount: Int, now: UInt64,
        paths: inout Paths, schedule: (StreamEvent, UInt64) -> Void
    ) {
        let due = now + paths.streamDelay(byteCount: byteCount)
        update(id) { stream in
            Self.updateDirection(&stream, from: end) { direction in
                guard !direction.isEnded, !direction.isDeaf else { return }
                direction.lastDueTime = max(due, direction.lastDueTime + 1)
                direction.chunks.append(Chunk(payload: payload, dueTime: direction.lastDueTime))
                if !direction.isArrivalScheduled {
                    direction.isArrivalScheduled = true
                    schedule(.arrival(id, at: end.other), direction.lastDueTime)
                }
            }
        }
    }

    /// What has arrived at `end` by now, in order; schedules what comes next.
    ///
    /// - Parameters:
    ///   - id: The stream.
    ///   - end: Who receives.
    ///   - now: The virtual time.
    ///   - paths: Which paths are cut.
    ///   - schedule: Called with events that are due later.
    /// - Returns: The payloads, oldest first.
    package mutating func arrive(
        _ id: StreamID, at end: StreamEnd, now: UInt64, paths: Paths,
        schedule: (StreamEvent, UInt64) -> Void
    ) -> [Payload] {
        var arrived: [Payload] = []
        var isBroken = false
        update(id) { stream in
            let (sender, receiver) = (stream.host(end.other), stream.host(end))
            let patience = stream.breaksAfter
            Self.updateDirection(&stream, from: end.other) { direction in
                direction.isArrivalScheduled = false
                guard !direction.isDeaf, !direction.isEmpty || direction.stalledSince != nil
                else { return }
                let isThrough = paths.isOpen(from: sender, to: receiver)
                let isAnswered = paths.isOpen(from: receiver, to: sender)
                if isThrough, isAnswered {
                    direction.stalledSince = nil
                } else {
                    let since = direction.stalledSince ?? now
                    direction.stalledSince = since
                    isBroken = now - since > patience
                }
                if isThrough {
                    while !direction.isEmpty, direction.chunks[direction.taken].dueTime <= now {
                        arrived.append(direction.chunks[direction.taken].payload)
                        direction.taken += 1
                    }
                    if direction.isEmpty {
                        direction.chunks.removeAll(keepingCapacity: true)
                        direction.taken = 0
                    }
                }
                if !direction.isEmpty || (isThrough && !isAnswered && !isBroken) {
                    direction.isArrivalScheduled = true
                    let next =
                        isThrough && !direction.isEmpty
                        ? direction.chunks[direction.taken].dueTime : now + .milliseconds(200)
                    schedule(.arrival(id, at: end), next)
                }
            }
        }
        if isBroken { abort(id, now: now, schedule: schedule) }
        return arrived
    }

    /// `end` closes the stream, having sent what it sent; the other end learns of it in order if
    /// the path is open.
    ///
    /// - Parameters:
    ///   - id: The stream.
    ///   - end: Who closes.
    ///   - isSilent: Whether the host vanished and tells no one.
    ///   - now: The virtual time.
    ///   - schedule: Called with events that are due later.
    package mutating func close(
        _ id: StreamID, from end: StreamEnd, isSilent: Bool, now: UInt64,
        schedule: (StreamEvent, UInt64) -> Void
    ) {
        var patience: UInt64 = 0
        var last: UInt64 = now
        update(id) { stream in
            patience = stream.breaksAfter
            Self.updateDirection(&stream, from: end) { direction in
                direction.isEnded = true
                last = max(last, direction.lastDueTime)
            }
            Self.updateDirection(&stream, from: end.other) { $0.isDeaf = true }
        }
        guard isOpen(id) else { return }
        let noticed =
            isSilent ? now + generator.time(in: .milliseconds(200)...patience) : last
        schedule(.close(id, at: end.other), noticed + .microseconds(50))
    }

    /// Ends the stream for good once its last end has heard of the close.
    ///
    /// - Parameters:
    ///   - id: The stream.
    ///   - end: Who hears of it.
    /// - Returns: Whether the end had not known before.
    package mutating func closeArrives(_ id: StreamID, at end: StreamEnd) -> Bool {
        guard isOpen(id) else { return false }
        var knew = false
        update(id) { stream in
            Self.updateDirection(&stream, from: end) { direction in
                knew = direction.isEnded
                direction.isEnded = true
            }
        }
        let isOver = bothEnded(id)
        if isOver { forget(id) }
        return !knew
    }

    /// The stream breaks: a random first part of what is under way still arrives, and each end
    /// learns of it in its own time.
    package mutating func abort(
        _ id: StreamID, now: UInt64, schedule: (StreamEvent, UInt64) -> Void
    ) {
        guard isOpen(id) else { return }
        var random = generator.split()
        update(id) { stream in
            for end in [StreamEnd.initiator, .acceptor] {
                Self.updateDirection(&stream, from: end) { direction in
                    let kept = random.below(direction.chunks.count - direction.taken + 1)
                    direction.chunks.removeSubrange((direction.taken + kept)...)
                    direction.isDeaf = kept == 0
                    schedule(
                        .close(id, at: end), now + random.time(in: 0...(.milliseconds(800))))
                }
            }
        }
    }

    private func bothEnded(_ id: StreamID) -> Bool {
        guard let stream = streams[Int(id.index)], stream.generation == id.generation else {
            return true
        }
        return stream.directions.0.isEnded && stream.directions.1.isEnded
    }

    private mutating func forget(_ id: StreamID) {
        streams[Int(id.index)] = nil
        freeIndices.append(id.index)
    }

    private mutating func update(_ id: StreamID, _ change: (inout Stream) -> Void) {
        guard var stream = streams[Int(id.index)], stream.generation == id.generation else {
            return
        }
        streams[Int(id.index)] = nil
        change(&stream)
        streams[Int(id.index)] = stream
    }

    private static func updateDirection(
        _ stream: inout Stream, from end: StreamEnd, _ change: (inout Direction) -> Void
    ) {
        if end == .initiator {
            change(&stream.directions.0)
        } else {
            change(&stream.directions.1)
        }
    }
}
