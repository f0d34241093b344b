import Primitives

extension LoopCore {
    /// Whether the connection has bytes to send.
    package func hasOutput(_ id: ConnectionID) -> Bool {
        guard let index = session(id) else { return false }
        return sessions[index].unsentByteCount > 0
    }

    /// Whether all that the connection has asked for is answered, and the answers have left.
    package func owesNothing(_ id: ConnectionID) -> Bool {
        guard let index = session(id) else { return true }
        return sessions[index].owesNothing && sessions[index].obstacle == nil
            && !sessions[index].hasArrived
            && sessions[index].unsentByteCount == 0
    }

    /// Hands out the connection's unsent bytes.
    ///
    /// - Parameters:
    ///   - id: The connection.
    ///   - send: Gets the bytes; says how many of them the socket took.
    package mutating func sendOutput(of id: ConnectionID, _ send: (Span<UInt8>) -> Int) {
        guard let index = session(id) else { return }
        var output: [UInt8] = []
        swap(&output, &sessions[index].output)
        var first = sessions[index].sentByteCount
        let sent = send(output.span.extracting(first..<output.count))
        statistics.outputByteCount += sent
        first += sent
        if first == output.count {
            output.removeAll(keepingCapacity: first <= 1 << 16)
            first = 0
        } else if first >= output.count / 2 {
            // Moving what is left only then keeps the cost of a long reply linear.
            output.removeFirst(first)
            first = 0
        }
        swap(&output, &sessions[index].output)
        sessions[index].sentByteCount = first
        if sent > 0 { sessions[index].hasTakenOutput = true }
    }

    /// Closes clients that have had much waiting for them and taken none of it for long; about once
    /// a second.
    mutating func dropStalledClients(now: Moment) {
        guard now.boot.milliseconds(since: lastOutputCheckAt) >= 1000 else { return }
        lastOutputCheckAt = now.boot
        for index in sessions.indices where sessions[index].isOpen && sessions[index].hasSocket {
            let waiting = sessions[index].unsentByteCount
            if sessions[index].hasTakenOutput || waiting < settings.outputCloseByteCount {
                sessions[index].hasTakenOutput = false
                sessions[index].stalledSince = now.boot
                continue
            }
            let stalled = now.boot.milliseconds(since: sessions[index].stalledSince)
            guard stalled >= settings.outputCloseMilliseconds else { continue }
            statistics.stalledClients += 1
            let id = id(of: index)
            effects.append(
                .log(
                    .warning,
                    "client \(sessions[index].clientID) is closed: it has taken none of the "
                        + "\(waiting) bytes that wait for it for \(stalled / 1000) s"))
            effects.append(.dropClient(id))
            clientClosed(id, now: now)
        }
    }
}
