import EventLoop
import Node
import Primitives

/// A client's connection. Confined to its loop.
final class Client {
    let connection: TCPConnection
    let id: ConnectionID
    /// Close it once all its output has left.
    var isClosing = false
    /// When the client was told that nothing more will come.
    var finishedAt: Instant?

    init(connection: TCPConnection, id: ConnectionID) {
        self.connection = connection
        self.id = id
    }
}

extension LoopShell {
    func client(_ id: ConnectionID) -> Client? {
        guard Int(id.index) < clients.count, let client = clients[Int(id.index)], client.id == id
        else { return nil }
        return client
    }

    func serve(_ connection: TCPConnection, _ kind: ListenerKind, now: Moment) {
        guard !isParting, let remote = connection.remoteAddress else {
            return connection.close()
        }
        needsEndOfTurn = true
        let id = core.clientConnected(kind, remote: remote, now: now)
        let client = Client(connection: connection, id: id)
        while clients.count <= Int(id.index) { clients.append(nil) }
        clients[Int(id.index)] = client
        connection.onReceive = { [unowned self] _, bytes in
            needsEndOfTurn = true
            core.clientReceived(id, bytes, now: SystemClock.now())
        }
        connection.onWritable = { [unowned self] _ in
            needsEndOfTurn = true
            flush(id)
        }
        connection.onEnd = { [unowned self] _, _ in clientEnded(id) }
        connection.resume()
    }

    /// Sends what the core has for the client, as far as the socket takes it.
    func flush(_ id: ConnectionID) {
        guard let client = client(id) else { return }
        let connection = client.connection
        if core.hasOutput(id), !connection.isFlushing {
            let pauseByteCount = context.configuration.outputPauseByteCount
            core.sendOutput(of: id) { bytes in
                // The core may hold requests back until there is room for their replies.
                if bytes.count >= pauseByteCount / 2 { needsEndOfTurn = true }
                return connection.send(bytes)
            }
        }
        if client.isClosing, !core.hasOutput(id), !connection.isFlushing {
            connection.close()
            clientEnded(id)
        }
    }

    func closeWhenFlushed(_ id: ConnectionID) {
        guard let client = client(id) else { return }
        client.isClosing = true
        client.connection.pause()
        flush(id)
    }

    func resume(_ id: ConnectionID) {
        guard !isParting, let client = client(id), !client.isClosing else { return }
        client.connection.resume()
    }

    /// Closes a connection that the core has forgotten.
    func dropClient(_ id: ConnectionID) {
        guard let client = client(id) else { return }
        client.connection.close()
        clients[Int(id.index)] = nil
    }

    private func clientEnded(_ id: ConnectionID) {
        guard client(id) != nil else { return }
        clients[Int(id.index)] = nil
        needsEndOfTurn = true
        core.clientClosed(id, now: SystemClock.now())
    }
}
