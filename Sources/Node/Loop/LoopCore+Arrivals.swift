import Primitives
import RESP

/// A request that came alone, and waits in its session's input for the end of the turn.
struct Arrival: Sendable {
    var session: SessionReference
    /// That of its first argument, in a database whose slots are the cluster's.
    var slot: SlotID?
}

/// Requests that come one by one, each from another client, are served together at the end of the turn.
///
/// Most of what a small request costs beside the system's part is waiting for memory. A pipeline asks for
/// all its keys at once; so do many clients with one request each, when all that came in a turn is read
/// before the first is served. Replies leave at the end of the turn in any case.
extension LoopCore {
    // MARK: Hot path

    /// Keeps a request for the end of the turn and asks memory for its key, the first argument.
    ///
    /// - Returns: `false`, and nothing is kept, unless `bytes` are one small request that is whole.
    mutating func arrive(_ bytes: Span<UInt8>, of index: Int) -> Bool {
        guard bytes.count <= arrivalByteLimit, sessions[index].partial.isEmpty else { return false }
        var frame = RequestFrame()
        guard case .complete(bytes.count)? = try? parser(for: index).parse(bytes, into: &frame),
            frame.count > 1
        else { return false }
        let database = sessions[index].database
        let name = Request(bytes: bytes, frame: frame)[1]
        let slot = database.slot ?? SlotID(key: name)
        awaitKey(name, at: DatabaseSlot(slot: slot, database: database))
        sessions[index].input.append(copying: bytes)
        sessions[index].hasArrived = true
        arrivals.append(
            Arrival(session: reference(to: index), slot: database.isSharded ? slot : nil))
        return true
    }

    /// Serves the requests that have come in this turn, in their order.
    mutating func useArrivals(now: Moment) {
        guard !arrivals.isEmpty else { return }
        var present: [Arrival] = []
        swap(&present, &arrivals)
        for arrival in present {
            guard let index = session(arrival.session), sessions[index].hasArrived else { continue }
            sessions[index].hasArrived = false
            guard !sessions[index].isClosing, sessions[index].obstacle == nil else { continue }
            requestsAhead.replace(by: arrival.slot, of: index)
            useInput(of: index, now: now)
            limitInput(of: index)
        }
        present.removeAll(keepingCapacity: true)
        if arrivals.isEmpty { swap(&present, &arrivals) }
    }
}

/// What is larger costs more than its key's way from memory.
private let arrivalByteLimit = 512
