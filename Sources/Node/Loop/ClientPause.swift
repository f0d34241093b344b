import Primitives

/// What `CLIENT PAUSE` holds back.
package enum PauseKind: UInt8, Comparable, Sendable {
    case writes = 1
    case all = 2

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A pause of a loop's clients.
struct ClientPause: Sendable {
    private(set) var kind: PauseKind?
    private var end = Instant.zero

    init() {}

    /// Begins a pause, or makes the present one longer or wider.
    mutating func begin(_ kind: PauseKind, until end: Instant, now: Instant) {
        if now >= self.end { cancel() }
        self.kind = max(self.kind ?? kind, kind)
        self.end = max(self.end, end)
    }

    mutating func cancel() { self = ClientPause() }

    /// Whether it holds back what a pause of the kind `least` or a wider one does.
    func holdsBack(_ least: PauseKind, now: Instant) -> Bool {
        guard let kind, now < end else { return false }
        return kind >= least
    }
}
