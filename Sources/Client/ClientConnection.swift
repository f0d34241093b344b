import DequeModule
package import EventLoop
package import Primitives
import RESP

/// One connection to a node; replies come in the order of the requests.
///
/// Confined to its loop. A completion is called once for each request, never from within a method
/// of the connection.
package final class ClientConnection {
    package typealias Completion = (Result<Reply, ClientError>) -> Void

    private enum State {
        case connecting
        case open
        case ended
    }

    package let address: Address
    private let loop: Loop
    private let socket: TCPConnection
    private var state = State.connecting
    private var waiting: Deque<Completion> = []
    /// What the socket hasn't taken yet.
    private var unsent: [UInt8] = []
    /// What has been received and isn't a whole reply yet.
    private var received: [UInt8] = []

    /// Begins to connect.
    ///
    /// - Parameters:
    ///   - loop: Where it lives.
    ///   - address: The node; a name is looked up, which blocks the loop.
    /// - Throws: ``ClientError/unreachable(_:reason:)`` when the attempt can't even begin.
    package init(loop: Loop, address: Address) throws(ClientError) {
        self.address = address
        self.loop = loop
        do throws(SystemError) {
            let addresses = try loop.resolveNow(address)
            socket = try TCPConnection(loop: loop)
            try socket.connect(to: addresses[0]) { [weak self] error in self?.didConnect(error) }
        } catch {
            throw .unreachable(address, reason: error.reason)
        }
        socket.onReceive = { [weak self] _, bytes in self?.didReceive(bytes) }
        socket.onWritable = { [weak self] _ in self?.flush() }
        socket.onEnd = { [weak self] _, error in
            self?.end(error?.reason ?? "closed by the node")
        }
    }

    deinit { socket.close() }

    /// Whether requests can still be sent.
    package var isUsable: Bool { state != .ended }
    package var waitingCount: Int { waiting.count }

    /// Sends a request as soon as the connection stands.
    package func send(_ words: [[UInt8]], _ completion: @escaping Completion) {
        guard state != .ended else {
            let error = ClientError.unreachable(address, reason: "the connection has ended")
            loop.handle.post { [box = LoopConfined(completion)] _ in box.value(.failure(error)) }
            return
        }
        waiting.append(completion)
        unsent.append(request: words)
        if state == .open { flush() }
    }

    /// Ends it; requests without a reply fail, later.
    package func close(reason: String) {
        guard state != .ended else { return }
        socket.close()
        let failed = prepareEnd(reason)
        loop.handle.post { [box = LoopConfined(failed)] _ in box.value() }
    }

    private func didConnect(_ error: SystemError?) {
        guard state == .connecting else { return }
        if let error {
            end(error.reason)
        } else {
            state = .open
            socket.resume()
            flush()
        }
    }

    private func flush() {
        guard state == .open, !unsent.isEmpty else { return }
        let count = socket.send(unsent.span)
        unsent.removeFirst(count)
    }

    private func didReceive(_ bytes: Span<UInt8>) {
        for index in bytes.indices { received.append(bytes[index]) }
        let whole = received
        var position = 0
        do throws(ReplyDecodingError) {
            while state == .open,
                let reply = try ReplyDecoder.decode(whole.span, at: &position)
            {
                guard let completion = waiting.popFirst() else {
                    throw ReplyDecodingError(description: "a reply to no request")
                }
                completion(.success(reply))
            }
            received.removeFirst(position)
        } catch {
            socket.close()
            end(error.description)
        }
    }

    private func end(_ reason: String) {
        guard state != .ended else { return }
        prepareEnd(reason)()
    }

    /// Marks the end; what is returned tells those who wait.
    private func prepareEnd(_ reason: String) -> () -> Void {
        let error: ClientError =
            state == .connecting
            ? .unreachable(address, reason: reason) : .lost(address, reason: reason)
        state = .ended
        let failed = waiting
        waiting = []
        return { for completion in failed { completion(.failure(error)) } }
    }
}

/// Carries a value through the loop's own mailbox.
///
/// Unchecked: it is made and opened on the same loop's thread.
private struct LoopConfined<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
