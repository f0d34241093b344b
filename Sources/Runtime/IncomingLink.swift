import EventLoop
import Node
import Primitives

/// A connection that another node's loop has made to send us frames.
///
/// Confined to its loop.
final class IncomingLink {
    private unowned let shell: LoopShell
    private let connection: TCPConnection
    private let remote: String
    private let openedAt: Instant
    private var handshake: LinkHandshake?
    private(set) var agreement: LinkAgreement?
    private var decoder = FrameDecoder()

    init(shell: LoopShell, connection: TCPConnection, now: Instant) {
        self.shell = shell
        self.connection = connection
        remote = connection.remoteAddress.map(\.host) ?? "an unknown address"
        openedAt = now
        handshake = shell.handshake(.acceptor, kind: .consensus, expecting: nil)
        connection.onReceive = { [unowned self] _, bytes in received(bytes) }
        connection.onEnd = { [unowned self] _, error in ended(error?.reason) }
        connection.limitUnacknowledged(milliseconds: LinkLimits.unacknowledgedMilliseconds)
        connection.resume()
    }

    func tick(now: Instant) {
        guard agreement == nil,
            now.milliseconds(since: openedAt) >= LinkLimits.handshakeMilliseconds
        else { return }
        ended("no handshake in time")
    }

    func close() { connection.close() }

    /// Whether the other end has made this link as the successor of `other`.
    func replaces(_ other: IncomingLink) -> Bool {
        guard let mine = agreement?.peer, let theirs = other.agreement?.peer else { return false }
        return mine.node == theirs.node && mine.process == theirs.process
            && mine.loop == theirs.loop && mine.kind == theirs.kind
    }

    private func received(_ bytes: Span<UInt8>) {
        if agreement != nil {
            deliver(bytes)
        } else {
            shakeHands(bytes)
        }
    }

    private func shakeHands(_ bytes: Span<UInt8>) {
        var output: [UInt8] = []
        do throws(HandshakeFailure) {
            let agreement = try handshake?.receive(bytes, into: &output)
            _ = connection.send(output.span)
            guard let agreement else { return }
            let remainder = handshake?.remainder ?? []
            self.agreement = agreement
            handshake = nil
            shell.proven(self)
            deliver(remainder.span)
        } catch {
            _ = connection.send(output.span)
            ended("\(error)")
        }
    }

    private func deliver(_ bytes: Span<UInt8>) {
        guard let node = agreement?.peer.node else { return }
        var frames: [PeerFrame] = []
        var failure: FrameFailure?
        do throws(FrameFailure) {
            try decoder.receive(bytes, into: &frames)
        } catch {
            failure = error
        }
        for frame in frames { shell.received(frame, from: node) }
        switch failure {
        case nil: break
        case .badLength(let byteCount)?: ended("it sent a frame of \(byteCount) bytes")
        case .badChecksum?: ended("it sent a frame whose checksum is wrong")
        }
    }

    /// `why`: `nil` when the other end closed an idle connection.
    private func ended(_ why: String?) {
        connection.close()
        shell.incomingEnded(self)
        let subject = agreement.map { "link from node \($0.peer.node)" } ?? "link from \(remote)"
        let reason = why ?? (agreement == nil ? "it closed during the handshake" : nil)
        if let reason { shell.linkFailed(subject, reason, now: SystemClock.now().boot) }
    }
}
