import EventLoop
import Node
import Primitives

/// The connection over which one loop sends one peer frames of one kind; made anew when it breaks.
///
/// Confined to its loop.
final class OutgoingLink {
    private enum State {
        case idle(retryAt: Instant)
        case resolving(since: Instant)
        case connecting(TCPConnection, since: Instant)
        case shakingHands(TCPConnection, since: Instant)
        case up(TCPConnection)
        case closed
    }

    let peer: PeerLink
    let kind: LinkKind
    /// Frames that were not sent because the link was down or its queue full.
    private(set) var dropCount = 0

    private unowned let shell: LoopShell
    private var state = State.idle(retryAt: .zero)
    private var handshake: LinkHandshake?
    private var queue = SendQueue()
    /// A name with several addresses is tried at each in turn.
    private var attemptCount = -1
    private var backoffMilliseconds = LinkLimits.backoffMilliseconds

    init(shell: LoopShell, peer: PeerLink, kind: LinkKind) {
        self.shell = shell
        self.peer = peer
        self.kind = kind
    }

    var isUp: Bool {
        if case .up = state { return true }
        return false
    }

    /// Queues a frame; ``flush()`` sends it.
    func send(_ frame: PeerFrame) {
        let isTooMuch =
            queue.byteCount > 0
            && queue.byteCount + frame.body.count > LinkLimits.queueByteCount
        guard isUp, !isTooMuch else {
            dropCount += 1
            return
        }
        queue.append { FrameCoding.append(frame, to: &$0) }
    }

    /// Sends what the turn has queued, in one piece.
    func flush() {
        guard case .up(let connection) = state else { return }
        queue.flush(to: connection)
    }

    func tick(now: Instant) {
        switch state {
        case .idle(let retryAt):
            if now >= retryAt { begin(now: now) }
        case .resolving(let since):
            if now.milliseconds(since: since) >= LinkLimits.handshakeMilliseconds {
                fail("looking up \(peer.address.host) takes too long", now: now)
            }
        case .connecting(_, let since):
            if now.milliseconds(since: since) >= LinkLimits.connectMilliseconds {
                fail("no answer", now: now)
            }
        case .shakingHands(_, let since):
            if now.milliseconds(since: since) >= LinkLimits.handshakeMilliseconds {
                fail("no handshake in time", now: now)
            }
        case .up, .closed: break
        }
    }

    /// The other end has shown itself: no need to wait any longer.
    func retryAtOnce() {
        guard case .idle = state else { return }
        backoffMilliseconds = LinkLimits.backoffMilliseconds
        state = .idle(retryAt: .zero)
    }

    /// Ends it for good.
    func close() {
        disconnect()
        state = .closed
    }

    private func begin(now: Instant) {
        if let address = SocketAddress(peer.address) {
            connect(to: address, now: now)
            return
        }
        state = .resolving(since: now)
        shell.loop.resolve(peer.address) { [weak self] result in
            guard let self, case .resolving(let since) = state, since == now else { return }
            switch result {
            case .success(let addresses):
                attemptCount += 1
                connect(
                    to: addresses[attemptCount % addresses.count], now: SystemClock.now().boot)
            case .failure(let error): fail("\(error)", now: SystemClock.now().boot)
            }
        }
    }

    private func connect(to address: SocketAddress, now: Instant) {
        do throws(SystemError) {
            let connection = try TCPConnection(loop: shell.loop)
            state = .connecting(connection, since: now)
            connection.onEnd = { [weak self] connection, error in
                self?.didEnd(connection, error)
            }
            connection.onReceive = { [weak self] connection, bytes in
                self?.received(bytes, on: connection)
            }
            connection.onWritable = { [weak self] _ in self?.flush() }
            try connection.connect(to: address) { [weak self] error in
                self?.didConnect(connection, error)
            }
        } catch {
            fail("\(error)", now: now)
        }
    }

    private func didConnect(_ connection: TCPConnection, _ error: SystemError?) {
        let now = SystemClock.now().boot
        guard case .connecting(let current, let since) = state, current === connection else {
            return
        }
        if let error {
            fail(error.reason, now: now)
            return
        }
        connection.limitUnacknowledged(milliseconds: LinkLimits.unacknowledgedMilliseconds)
        state = .shakingHands(connection, since: since)
        var handshake = shell.handshake(.initiator, kind: kind, expecting: peer.node)
        var output: [UInt8] = []
        handshake.start(into: &output)
        self.handshake = handshake
        _ = connection.send(output.span)
        connection.resume()
    }

    private func received(_ bytes: Span<UInt8>, on connection: TCPConnection) {
        guard case .shakingHands(let current, _) = state, current === connection else {
            // Nothing is ever sent this way once the link is up.
            if case .up(let current) = state, current === connection {
                fail("unexpected bytes", now: SystemClock.now().boot)
            }
            return
        }
        var output: [UInt8] = []
        do throws(HandshakeFailure) {
            let agreement = try handshake?.receive(bytes, into: &output)
            _ = connection.send(output.span)
            guard agreement != nil else { return }
        } catch {
            _ = connection.send(output.span)
            fail("\(error)", now: SystemClock.now().boot)
            return
        }
        handshake = nil
        state = .up(connection)
        backoffMilliseconds = LinkLimits.backoffMilliseconds
        shell.linkChanged(self)
    }

    private func didEnd(_ connection: TCPConnection, _ error: SystemError?) {
        switch state {
        case .connecting(let current, _), .shakingHands(let current, _), .up(let current):
            guard current === connection else { return }
            fail(error?.reason ?? "closed by the other end", now: SystemClock.now().boot)
        case .idle, .resolving, .closed: break
        }
    }

    private func fail(_ what: String, now: Instant) {
        disconnect()
        state = .idle(retryAt: now.advanced(milliseconds: backoffMilliseconds))
        backoffMilliseconds = min(backoffMilliseconds * 2, LinkLimits.backoffMaxMilliseconds)
        shell.linkFailed("link to node \(peer.node) at \(peer.address)", what, now: now)
    }

    private func disconnect() {
        let wasUp = isUp
        switch state {
        case .connecting(let connection, _), .shakingHands(let connection, _), .up(let connection):
            connection.close()
        case .idle, .resolving, .closed: break
        }
        handshake = nil
        queue = SendQueue()
        state = .idle(retryAt: .distantFuture)
        if wasUp { shell.linkChanged(self) }
    }
}
