import Node
import Primitives

/// Says the same thing at most once a minute, with how often it happened since.
struct FailureLog {
    private static let intervalMilliseconds = 60_000
    private static let subjectLimit = 256

    private struct Line {
        var saidAt: Instant
        var silentCount: Int
    }

    private var lines = SortedMap<String, Line>()

    /// What to log now about `subject`, if anything.
    mutating func text(about subject: String, _ what: String, now: Instant) -> String? {
        if let line = lines[subject],
            now.milliseconds(since: line.saidAt) < Self.intervalMilliseconds
        {
            lines[subject] = Line(saidAt: line.saidAt, silentCount: line.silentCount + 1)
            return nil
        }
        let silentCount = lines[subject]?.silentCount ?? 0
        if lines.count >= Self.subjectLimit { lines = SortedMap() }
        lines[subject] = Line(saidAt: now, silentCount: 0)
        let more = silentCount == 0 ? "" : " (and \(silentCount) times before that)"
        return "\(subject): \(what)\(more)"
    }
}
