import Node
import Primitives

extension World {
    // MARK: At the clients' end

    func withWorkload(_ body: (inout Workload, UInt64, inout [Workload.Effect]) -> Void) {
        var effects: [Workload.Effect] = []
        body(&workload, now, &effects)
        for effect in effects { perform(effect) }
    }

    private func host(of client: Int) -> Int { nodes.count + client }

    private func perform(_ effect: Workload.Effect) {
        switch effect {
        case .connect(let client, let node, let listener): connect(client, node, listener)
        case .send(let client, let bytes): send(bytes, client)
        case .disconnect(let client):
            guard let id = clientStreams[client] else { return }
            clientStreams[client] = nil
            close(id, from: .initiator)
        case .wake(let client, let time, let token):
            queue.schedule(.clientWake(client: client, token: token), at: time)
        }
    }

    func wake(_ client: Int, _ token: UInt64) {
        withWorkload { workload, now, effects in
            workload.wake(client: client, token: token, now: now, into: &effects)
        }
    }

    private func connect(_ client: Int, _ node: Int, _ listener: ListenerKind) {
        let id = open(from: host(of: client), to: node, .dialing(client))
        clientStreams[client] = id
        // A path that is cut swallows the attempt, and the client's own patience ends it.
        guard paths.isOpen(from: host(of: client), to: node),
            paths.isOpen(from: node, to: host(of: client))
        else { return }
        let delay = paths.streamDelay(byteCount: 60)
        if nodes[node].process == nil {
            schedule(.clientRefused(client: client, id), after: 2 * delay)
        } else {
            schedule(.accept(client: client, node: node, listener, id), after: delay)
        }
    }

    func accept(client: Int, node: Int, _ listener: ListenerKind, _ id: StreamID) {
        guard case .dialing? = purpose(of: id) else { return }
        let life = life(of: node)
        guard let process = nodes[node].process else {
            return schedule(.clientRefused(client: client, id), after: .microseconds(50))
        }
        let loop = random.below(process.loops.count)
        let remote = Address(host: "10.0.1.\(client + 1)", port: 40_000)
        withLoop(life, loop) { core, moment in
            let connection = core.clientConnected(listener, remote: remote, now: moment)
            let connections = process.loops[loop].connections.count
            if Int(connection.index) >= connections {
                process.loops[loop].connections += Array(
                    repeating: nil, count: Int(connection.index) + 1 - connections)
            }
            process.loops[loop].connections[Int(connection.index)] = ServerConnection(
                id: connection, stream: id)
            purposes[Int(id.index)] = .client(
                client, acceptor: life, acceptingLoop: loop, connection)
        }
        schedule(
            .clientConnected(client: client, id), after: paths.streamDelay(byteCount: 60))
    }

    func clientConnected(_ client: Int, _ id: StreamID) {
        guard clientStreams[client] == id, streams.isOpen(id) else { return }
        trace.record(.connection, at: now, host: host(of: client))
        withWorkload { workload, now, effects in
            workload.connected(client: client, now: now, into: &effects)
        }
    }

    func clientRefused(_ client: Int, _ id: StreamID) {
        guard streams.isOpen(id) else { return }
        close(id, from: .acceptor)
    }

    private func send(_ bytes: [UInt8], _ client: Int) {
        guard let id = clientStreams[client] else { return }
        // The network cuts a stream where it likes.
        let cut = random.chance(percent: 15) ? random.below(bytes.count) : 0
        for part in [bytes[..<cut], bytes[cut...]] where !part.isEmpty {
            streams.send(
                id, from: .initiator, .bytes(Array(part)), byteCount: part.count, now: now,
                paths: &paths
            ) { schedule($0, at: $1) }
        }
    }

    func receiveByClient(_ client: Int, _ id: StreamID, _ bytes: [UInt8]) {
        guard clientStreams[client] == id else { return }
        trace.record(
            .clientBytes, at: now, host: host(of: client), UInt64(bytes.count),
            UInt64(crc32c(bytes.span)), detail: readable(bytes))
        withWorkload { workload, now, effects in
            workload.received(client: client, bytes, now: now, into: &effects)
        }
    }

    func clientClosed(_ client: Int, _ id: StreamID) {
        guard clientStreams[client] == id else { return }
        clientStreams[client] = nil
        withWorkload { workload, now, effects in
            workload.closed(client: client, now: now, into: &effects)
        }
    }

    // MARK: At the nodes' end

    private func connection(
        _ life: NodeLife, _ loop: Int, _ id: ConnectionID
    ) -> ServerConnection? {
        guard let host = process(life)?.loops[loop], Int(id.index) < host.connections.count,
            let connection = host.connections[Int(id.index)], connection.id == id
        else { return nil }
        return connection
    }

    func receive(_ bytes: [UInt8], _ life: NodeLife, _ loop: Int, _ id: ConnectionID) {
        guard let connection = connection(life, loop, id), !connection.isClosing,
            let host = process(life)?.loops[loop]
        else { return }
        trace.record(
            .serverBytes, at: now, host: life.node, UInt64(bytes.count), UInt64(crc32c(bytes.span)),
            detail: "\(id) " + readable(bytes))
        if connection.isPaused {
            host.connections[Int(id.index)]?.held += bytes
            return
        }
        withLoop(life, loop) { core, moment in
            core.clientReceived(id, bytes.span, now: moment)
        }
    }

    func setPaused(_ isPaused: Bool, _ life: NodeLife, _ loop: Int, _ id: ConnectionID) {
        guard let connection = connection(life, loop, id), let host = process(life)?.loops[loop]
        else { return }
        host.connections[Int(id.index)]?.isPaused = isPaused
        guard !isPaused, !connection.held.isEmpty else { return }
        host.connections[Int(id.index)]?.held = []
        withLoop(life, loop) { core, moment in
            core.clientReceived(id, connection.held.span, now: moment)
        }
    }

    /// Sends what the socket takes of the connection's output.
    func pump(_ life: NodeLife, _ loop: Int, _ id: ConnectionID) {
        guard let connection = connection(life, loop, id), let host = process(life)?.loops[loop]
        else { return }
        let isPartial = random.chance(percent: 5)
        let share = random.below(100)
        var sent: [UInt8] = []
        host.core.sendOutput(of: id) { bytes in
            let count = isPartial ? bytes.count * share / 100 : bytes.count
            sent = Array(copying: bytes.extracting(0..<count))
            return count
        }
        if !sent.isEmpty {
            streams.send(
                connection.stream, from: .acceptor, .bytes(sent), byteCount: sent.count, now: now,
                paths: &paths
            ) { schedule($0, at: $1) }
        }
        if host.core.hasOutput(id) {
            schedule(.writable(life, loop: loop, id), after: .microseconds(300))
        } else if connection.isClosing {
            end(life, loop, id)
        }
    }

    func closeByServer(_ life: NodeLife, _ loop: Int, _ id: ConnectionID) {
        guard let host = process(life)?.loops[loop], connection(life, loop, id) != nil else {
            return
        }
        host.connections[Int(id.index)]?.isClosing = true
        if !host.core.hasOutput(id) { end(life, loop, id) }
    }

    private func end(_ life: NodeLife, _ loop: Int, _ id: ConnectionID) {
        guard let connection = connection(life, loop, id), let host = process(life)?.loops[loop]
        else { return }
        host.connections[Int(id.index)] = nil
        close(connection.stream, from: .acceptor)
        withLoop(life, loop) { core, moment in core.clientClosed(id, now: moment) }
    }

    func closedByClient(_ life: NodeLife, _ loop: Int, _ id: ConnectionID) {
        guard connection(life, loop, id) != nil, let host = process(life)?.loops[loop] else {
            return
        }
        host.connections[Int(id.index)] = nil
        withLoop(life, loop) { core, moment in core.clientClosed(id, now: moment) }
    }
}

/// Bytes of the protocol on one line.
private func readable(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.map { $0 < 32 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
}
