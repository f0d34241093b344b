import DequeModule
import Primitives

/// What of a replica's promises is on disk, and which messages wait for it.
///
/// Completions are matched by the number of the write and never by index and term, so that a write
/// of entries that were since replaced can't count for those that replaced them.
struct DurabilityTracker: Sendable {
    private struct Write {
        var sequence: UInt64
        /// The log is durable up to here once this write is.
        var lastIndex: LogIndex
    }

    private struct Acknowledgement {
        var sequence: UInt64
        var match: LogIndex
        var session: UInt32
    }

    /// The last write that is known to be done.
    private(set) var sequence: UInt64 = 0
    /// The present log is durable up to here.
    private(set) var durableIndex: LogIndex
    /// The write that makes the present term and vote durable.
    private var hardStateSequence: UInt64 = 0
    private var writes: Deque<Write> = []
    private var acknowledgements: Deque<Acknowledgement> = []
    private var messages: [(sequence: UInt64, message: RaftMessage)] = []

    init(durableIndex: LogIndex) { self.durableIndex = durableIndex }

    var isHardStateDurable: Bool { hardStateSequence <= sequence }

    mutating func wroteHardState(_ sequence: UInt64) { hardStateSequence = sequence }

    mutating func wrote(through lastIndex: LogIndex, _ sequence: UInt64) {
        let before = writes.last?.lastIndex ?? .zero
        writes.append(Write(sequence: sequence, lastIndex: max(lastIndex, before)))
    }

    /// Entries after `index` are no longer part of the log.
    mutating func truncated(after index: LogIndex) {
        durableIndex = min(durableIndex, index)
        for position in writes.indices.reversed() {
            guard writes[position].lastIndex > index else { break }
            writes[position].lastIndex = index
        }
    }

    /// Sends `message` once the present term and vote are durable.
    mutating func send(_ message: RaftMessage, into effects: inout [RaftEffect]) {
        if isHardStateDurable {
            effects.append(.send(message))
        } else {
            messages.append((hardStateSequence, message))
        }
    }

    /// Notes that an acknowledgement of everything up to `match` is due.
    ///
    /// - Returns: Whether it can leave at once.
    mutating func acknowledge(_ match: LogIndex, session: UInt32) -> Bool {
        var needed = hardStateSequence
        if match > durableIndex {
            // Nearly always the newest write.
            var position = writes.count - 1
            while position > 0, writes[position - 1].lastIndex >= match { position -= 1 }
            precondition(
                position >= 0 && writes[position].lastIndex >= match,
                "no write covers \(match), durable \(durableIndex)")
            needed = max(needed, writes[position].sequence)
        }
        guard needed > sequence else { return true }
        if let last = acknowledgements.last, last.session == session, last.match >= match {
            return false
        }
        acknowledgements.append(
            Acknowledgement(sequence: needed, match: match, session: session))
        return false
    }

    /// Writes up to and with `done` are durable.
    ///
    /// - Returns: What may be acknowledged now; of several acknowledgements the last, which stands
    ///   for all.
    mutating func completed(
        through done: UInt64, into effects: inout [RaftEffect]
    ) -> (match: LogIndex, session: UInt32)? {
        sequence = max(sequence, done)
        while let first = writes.first, first.sequence <= sequence {
            durableIndex = max(durableIndex, first.lastIndex)
            writes.removeFirst()
        }
        if !messages.isEmpty {
            for held in messages where held.sequence <= sequence {
                effects.append(.send(held.message))
            }
            messages.removeAll { $0.sequence <= sequence }
        }
        var last: (match: LogIndex, session: UInt32)?
        while let first = acknowledgements.first, first.sequence <= sequence {
            last = (first.match, first.session)
            acknowledgements.removeFirst()
        }
        return last
    }

    /// Forgets what waits: it was promised in a term that is over.
    mutating func dropHeld() {
        messages.removeAll(keepingCapacity: true)
        acknowledgements.removeAll(keepingCapacity: true)
    }
}
