import Primitives
import RESP

/// The requests of a plain connection whose replies have not come: what is to be sent again when a shard
/// certainly did not do it.
struct UnansweredRequests: Sendable {
    enum State: Equatable, Sendable {
        /// It was not done and waits for a leader since then.
        case refused(since: Instant)
        /// A shard of this loop has it.
        case here
        /// Another loop or node has it since then.
        case sent(ForwardFrame.Place, at: Instant)
    }

    struct Record: Sendable {
        /// The reply's place in the session.
        let sequence: UInt64
        let group: GroupID
        let place: DatabaseSlot
        let isWrite: Bool
        /// In which its reply is to be.
        let version: RESPVersion
        var state: State
        /// Where ``bytes`` has the request, counted from the first that was ever kept.
        fileprivate let bytes: Range<Int>

        var isRefused: Bool {
            if case .refused = state { true } else { false }
        }
    }

    private var all: [Record] = []
    /// Those before it are answered.
    private var first = 0
    private var bytes: [UInt8] = []
    /// Bytes that were kept once and are in ``bytes`` no more.
    private var droppedByteCount = 0

    init() {}

    /// The records, oldest first; some may be answered.
    var indices: Range<Int> { first..<all.count }

    subscript(index: Int) -> Record { all[index] }

    func request(at index: Int) -> [UInt8] {
        let range = all[index].bytes
        return Array(
            bytes[range.lowerBound - droppedByteCount..<range.upperBound - droppedByteCount])
    }

    mutating func set(_ state: State, at index: Int) { all[index].state = state }

    /// The record of the reply `sequence`.
    func index(of sequence: UInt64) -> Int? {
        var low = first
        var high = all.count
        while low < high {
            let middle = (low + high) / 2
            if all[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low < all.count && all[low].sequence == sequence ? low : nil
    }

    /// Keeps a request.
    ///
    /// - Parameters:
    ///   - request: Its bytes.
    ///   - sequence: Its reply's place, later than those of all others.
    ///   - group: Whose shard it concerns.
    ///   - place: Where its keys are.
    ///   - isWrite: Whether it may change something.
    ///   - version: In which its reply is to be.
    ///   - state: Who has it.
    ///   - head: The oldest reply that is owed: what comes before is let go.
    mutating func append(
        _ request: Span<UInt8>, sequence: UInt64, group: GroupID, place: DatabaseSlot,
        isWrite: Bool, version: RESPVersion, state: State, head: UInt64
    ) {
        forget(before: head)
        let start = droppedByteCount + bytes.count
        bytes.append(copying: request)
        all.append(
            Record(
                sequence: sequence, group: group, place: place, isWrite: isWrite,
                version: version, state: state,
                bytes: start..<start + request.count))
    }

    /// Lets go of what comes before the reply `head`.
    mutating func forget(before head: UInt64) {
        while first < all.count, all[first].sequence < head { first += 1 }
        if first == all.count {
            droppedByteCount += bytes.count
            all.removeAll(keepingCapacity: all.count <= 4096)
            bytes.removeAll(keepingCapacity: bytes.count <= 1 << 16)
            first = 0
        } else if first > 1024, first * 2 > all.count {
            let kept = all[first].bytes.lowerBound
            bytes.removeFirst(kept - droppedByteCount)
            droppedByteCount = kept
            all.removeFirst(first)
            first = 0
        }
    }
}
