/// What happened, in order: a hash over all of it, and the last lines of it to show.
package struct Trace {
    /// A thing that happened, in a form that costs nothing to keep.
    package struct Line: Sendable {
        package var time: UInt64
        package var what: TraceKind
        package var host: Int
        package var first: UInt64
        package var second: UInt64
        package var text: String?
    }

    private var hash = StableHash()
    private var lines: [Line] = []
    private var next = 0
    private let capacity: Int
    /// Gets every telling line as it is recorded, so that a run that ends in a trap can be read.
    package var observer: ((Line) -> Void)?
    /// Everything that was ever recorded.
    package private(set) var count = 0

    /// A trace that can show its last `capacity` lines.
    package init(capacity: Int) {
        precondition(capacity > 0, "a trace of \(capacity) lines shows nothing")
        self.capacity = capacity
    }

    /// The hash over everything recorded: equal for two runs exactly when they did the same.
    package var digest: UInt64 { hash.value }

    /// Records a thing that happened. `detail` is for the observer alone, and no part of the digest.
    package mutating func record(
        _ what: TraceKind, at time: UInt64, host: Int, _ first: UInt64 = 0, _ second: UInt64 = 0,
        text: String? = nil, detail: @autoclosure () -> String? = nil
    ) {
        hash.combine(time)
        hash.combine(UInt64(what.rawValue) << 32 | UInt64(truncatingIfNeeded: host))
        hash.combine(first)
        hash.combine(second)
        if let text { hash.combine([UInt8](text.utf8)) }
        count += 1
        let line = Line(
            time: time, what: what, host: host, first: first, second: second,
            text: text ?? (observer == nil ? nil : detail()))
        if let observer, line.isTelling { observer(line) }
        if lines.count < capacity {
            lines.append(line)
        } else {
            lines[next] = line
            next = (next + 1) % capacity
        }
    }

    /// The last lines for which `isShown` holds, oldest first, at most `count` of them.
    package func last(_ count: Int, where isShown: (Line) -> Bool = { _ in true }) -> [String] {
        let ordered = lines[next...] + lines[..<next]
        return ordered.filter(isShown).suffix(count).map(\.description)
    }
}

extension Trace.Line {
    /// Whether a reader learns something from it: ticks and turns say little and are many.
    package var isTelling: Bool {
        switch what {
        case .tick, .turn, .frame, .datagram: false
        case .disk, .post, .link, .clientBytes, .serverBytes, .connection, .fault, .process, .clock,
            .identity, .log, .leader, .operation:
            true
        }
    }
}

extension Trace.Line: CustomStringConvertible {
    package var description: String {
        let microseconds = time / 1_000
        let fraction = String(microseconds % 1_000_000)
        let padding = String(repeating: "0", count: 6 - fraction.count)
        var line = "\(microseconds / 1_000_000).\(padding)\(fraction) host \(host) \(what)"
        if first != 0 || second != 0 { line += " \(first) \(second)" }
        if let text { line += " \(text)" }
        return line
    }
}

/// Kinds of things in a trace.
package enum TraceKind: UInt8, Sendable {
    case tick
    case turn
    case frame
    case datagram
    case disk
    case post
    case link
    case clientBytes
    case serverBytes
    case connection
    case fault
    case process
    case clock
    case identity
    case log
    case leader
    case operation
}
