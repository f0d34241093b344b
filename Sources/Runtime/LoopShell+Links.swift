import EventLoop
import Node
import Primitives

extension LoopShell {
    /// The protocol versions and apply levels of this version of Martlet.
    static let protocols: ClosedRange<UInt16> = 1...1
    static let applyLevels: ClosedRange<UInt16> = 1...1

    /// The beginning of a handshake as this loop.
    func handshake(_ role: LinkHandshake.Role, kind: LinkKind, expecting node: NodeID?)
        -> LinkHandshake
    {
        LinkHandshake(
            role: role,
            identity: LinkIdentity(
                protocols: Self.protocols, applyLevels: Self.applyLevels, cluster: cluster,
                node: nodeID, process: context.processID, loop: UInt16(index), kind: kind),
            expectedNode: node, key: context.linkKey,
            challenge: SystemRandom.bytes(LinkHandshake.challengeByteCount))
    }

    /// Makes links to the nodes that are new, and ends those to the ones that are gone.
    func keepLinks(to peers: [PeerLink]) {
        let peers = peers.filter { $0.node != nodeID }
        links.removeAll { link in
            guard !peers.contains(link.peer) else { return false }
            link.close()
            return true
        }
        for peer in peers where !links.contains(where: { $0.peer == peer }) {
            for kind in [LinkKind.consensus, .bulk] {
                links.append(OutgoingLink(shell: self, peer: peer, kind: kind))
            }
        }
    }

    func send(_ frame: PeerFrame, to node: NodeID, _ kind: LinkKind) {
        for link in links where link.kind == kind && link.peer.node == node { link.send(frame) }
    }

    func linkChanged(_ link: OutgoingLink) {
        let now = SystemClock.now()
        needsEndOfTurn = true
        core.linkChanged(link.peer.node, link.kind, isUp: link.isUp, now: now)
        guard link.kind == .consensus else { return }
        let verb = link.isUp ? "up" : "down"
        context.log(.info, "link to node \(link.peer.node) at \(link.peer.address) is \(verb)")
        if link.isUp { home?.linkUp(link.peer.node, now: now) }
    }

    func accept(peer connection: TCPConnection, now: Moment) {
        let unproven = incoming.count { $0.agreement == nil }
        guard !isStopping, unproven < LinkLimits.unprovenCount else { return connection.close() }
        incoming.append(IncomingLink(shell: self, connection: connection, now: now.boot))
    }

    /// The other end has proven itself: what it made before in this one's place is over.
    func proven(_ link: IncomingLink) {
        incoming.removeAll { other in
            guard other !== link, link.replaces(other) else { return false }
            other.close()
            return true
        }
        // Whoever can reach us can most likely be reached.
        guard let node = link.agreement?.peer.node else { return }
        for link in links where link.peer.node == node { link.retryAtOnce() }
    }

    func incomingEnded(_ link: IncomingLink) { incoming.removeAll { $0 === link } }

    func received(_ frame: PeerFrame, from node: NodeID) {
        let now = SystemClock.now()
        needsEndOfTurn = true
        guard frame.type == .home else {
            core.frameReceived(from: node, frame, now: now)
            return
        }
        if let home {
            home.received(frame: frame.body, from: node, now: now)
        } else {
            mailboxes[0].post(.homeFrame(from: node, frame.body))
        }
    }
}
