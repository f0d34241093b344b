/// Which replies a connection doesn't want (`CLIENT REPLY`).
struct ReplyMuting: Sendable {
    private enum Mode {
        case on
        case off
        /// The next command gets no reply.
        case skipsNext
        /// The command that comes gets none.
        case skips
    }

    private var mode = Mode.on
    /// Places whose replies come later and are not wanted; the last range may be open.
    private var ranges: [Range<UInt64>] = []

    /// Whether the command that comes gets a reply.
    private(set) var isMuted = false
    /// Whether nothing has to be done between commands.
    private(set) var isIdle = true

    init() {}

    /// - Parameter next: The place of the next reply.
    mutating func turnOn(next: UInt64) {
        mode = .on
        update(next: next)
    }

    mutating func turnOff(next: UInt64) {
        mode = .off
        update(next: next)
    }

    mutating func skipNext() {
        guard mode != .off else { return }
        mode = .skipsNext
        isIdle = false
    }

    /// A command has been used.
    ///
    /// - Parameters:
    ///   - head: The place of the oldest reply that is owed.
    ///   - next: That of the next one.
    mutating func commandUsed(head: UInt64, next: UInt64) {
        switch mode {
        case .on, .off: break
        case .skipsNext: mode = .skips
        case .skips: mode = .on
        }
        update(next: next)
        ranges.removeAll { $0.upperBound <= head }
        isIdle = mode == .on && ranges.isEmpty
    }

    /// Whether the reply of this place is not wanted.
    func mutes(_ sequence: UInt64) -> Bool { ranges.contains { $0.contains(sequence) } }

    private mutating func update(next: UInt64) {
        let wasMuted = isMuted
        isMuted = mode == .off || mode == .skips
        isIdle = false
        if isMuted, !wasMuted {
            ranges.append(next..<UInt64.max)
        } else if wasMuted, !isMuted, let last = ranges.popLast(), last.lowerBound < next {
            ranges.append(last.lowerBound..<next)
        }
    }
}
