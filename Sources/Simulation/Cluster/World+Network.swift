import Node
import Primitives

extension World {
    func schedule(_ event: StreamEvent, at time: UInt64) {
        queue.schedule(.stream(event), at: time)
    }

    func purpose(of id: StreamID) -> StreamPurpose? {
        guard streams.isOpen(id), Int(id.index) < purposes.count else { return nil }
        return purposes[Int(id.index)]
    }

    func open(from: Int, to: Int, _ purpose: StreamPurpose) -> StreamID {
        let id = streams.open(from: from, to: to)
        while purposes.count <= Int(id.index) { purposes.append(nil) }
        purposes[Int(id.index)] = purpose
        return id
    }

    func close(_ id: StreamID, from end: StreamEnd, isSilent: Bool = false) {
        streams.close(id, from: end, isSilent: isSilent, now: now) { schedule($0, at: $1) }
    }

    // MARK: Datagrams

    func sendDatagram(_ bytes: [UInt8], to address: Address, _ life: NodeLife) {
        guard let receiver = nodes.firstIndex(where: { $0.address == address }) else { return }
        for delay in paths.datagramDelays(from: life.node, to: receiver) {
            schedule(.datagram(from: life.node, to: receiver, bytes), after: delay)
        }
    }

    func receiveDatagram(_ bytes: [UInt8], from sender: Int, to receiver: Int) {
        let source = nodes[sender].address
        trace.record(
            .datagram, at: now, host: receiver, UInt64(sender), UInt64(crc32c(bytes.span)))
        withHome(life(of: receiver)) { core, moment, effects in
            core.datagramReceived(bytes, from: source, now: moment, into: &effects)
        }
    }

    // MARK: Links

    /// Keeps links to exactly these nodes, one for each loop and kind.
    func keep(_ peers: [PeerLink], _ process: SimulatedProcess, _ life: NodeLife) {
        for index in process.links.indices where !peers.contains(process.links[index].peer) {
            drop(index, process)
            process.links[index].peerIndex = nil
        }
        for peer in peers where !process.links.contains(where: { $0.peer == peer }) {
            let target = nodes.firstIndex { $0.address == peer.address }
            for loop in process.loops.indices {
                for kind in [LinkKind.consensus, .bulk] {
                    process.links.append(
                        LinkState(peer: peer, peerIndex: target, loop: loop, kind: kind))
                    dialLater(life, process.links.count - 1, after: .microseconds(100))
                }
            }
        }
        for index in process.links.indices
        where process.links[index].peerIndex == nil && peers.contains(process.links[index].peer) {
            process.links[index].peerIndex = nodes.firstIndex {
                $0.address == process.links[index].peer.address
            }
            dialLater(life, index, after: .microseconds(100))
        }
    }

    private func drop(_ index: Int, _ process: SimulatedProcess) {
        process.links[index].attempt += 1
        process.links[index].isUp = false
        if let stream = process.links[index].stream { close(stream, from: .initiator) }
        process.links[index].stream = nil
    }

    private func dialLater(_ life: NodeLife, _ index: Int, after delay: UInt64) {
        schedule(.dial(life, link: index), after: delay)
    }

    func dial(_ life: NodeLife, _ index: Int) {
        guard let process = process(life), process.links[index].stream == nil,
            !process.links[index].isUp, process.links[index].peerIndex != nil
        else { return }
        process.links[index].attempt += 1
        schedule(
            .handshake(life, link: index, attempt: process.links[index].attempt),
            after: 2 * paths.streamDelay(byteCount: 200))
    }

    func shakeHands(_ life: NodeLife, _ index: Int, _ attempt: UInt32) {
        guard let process = process(life), process.links[index].attempt == attempt,
            let peer = process.links[index].peerIndex
        else { return }
        let isReached =
            paths.isOpen(from: life.node, to: peer) && paths.isOpen(from: peer, to: life.node)
            && !nodes[peer].isPaused && !nodes[life.node].isPaused
        guard isReached, let acceptor = nodes[peer].process,
            acceptor.nodeID == process.links[index].peer.node
        else {
            let pause = random.time(in: .milliseconds(50)...(.milliseconds(300)))
            return dialLater(life, index, after: pause)
        }
        let acceptingLoop = random.below(acceptor.loops.count)
        process.links[index].stream = open(
            from: life.node, to: peer,
            .link(
                life, process.nodeID, index: index, acceptor: self.life(of: peer),
                acceptingLoop: acceptingLoop))
        process.links[index].isUp = true
        trace.record(.link, at: now, host: life.node, UInt64(peer), UInt64(index))
        changeLink(process.links[index], isUp: true, life)
    }

    private func changeLink(_ link: LinkState, isUp: Bool, _ life: NodeLife) {
        withLoop(life, link.loop) { core, moment in
            core.linkChanged(link.peer.node, link.kind, isUp: isUp, now: moment)
        }
    }

    func send(
        _ frame: PeerFrame, to node: NodeID, _ kind: LinkKind, _ life: NodeLife, _ loop: Int
    ) {
        if frame.type == .consensus { hearPromises(in: frame) }
        guard let process = process(life),
            let link = process.links.first(where: {
                $0.peer.node == node && $0.kind == kind && $0.loop == loop && $0.isUp
            }), let stream = link.stream
        else { return }
        streams.send(
            stream, from: .initiator, .frame(frame), byteCount: frame.body.count, now: now,
            paths: &paths
        ) { schedule($0, at: $1) }
    }

    private func linkClosed(_ life: NodeLife, _ index: Int, _ id: StreamID) {
        guard let process = process(life), process.links[index].stream == id else { return }
        process.links[index].stream = nil
        process.links[index].isUp = false
        changeLink(process.links[index], isUp: false, life)
        dialLater(life, index, after: random.time(in: .milliseconds(5)...(.milliseconds(200))))
    }

    // MARK: Streams

    func arrive(_ id: StreamID, _ end: StreamEnd) {
        guard let purpose = purpose(of: id) else { return }
        let payloads = streams.arrive(id, at: end, now: now, paths: paths) {
            schedule($0, at: $1)
        }
        for payload in payloads {
            switch (purpose, payload, end) {
            case (.link(_, let sender, _, let acceptor, let loop), .frame(let frame), .acceptor):
                receive(frame, from: sender, acceptor, loop)
            case (.client(_, let acceptor, let loop, let connection), .bytes(let bytes), .acceptor):
                receive(bytes, acceptor, loop, connection)
            case (.client(let client, _, _, _), .bytes(let bytes), .initiator):
                receiveByClient(client, id, bytes)
            case (.link, _, _), (.client, _, _), (.dialing, _, _):
                preconditionFailure("stream \(id) carries what it is not for")
            }
        }
    }

    private func receive(_ frame: PeerFrame, from sender: NodeID, _ life: NodeLife, _ loop: Int) {
        guard process(life) != nil else { return }
        trace.record(
            .frame, at: now, host: life.node, sender.rawValue,
            UInt64(crc32c(frame.body.span)) << 8 | UInt64(frame.type.rawValue))
        if frame.type == .home {
            withHome(life) { core, moment, effects in
                core.frameReceived(from: sender, body: frame.body, now: moment, into: &effects)
            }
        } else {
            withLoop(life, loop) { core, moment in
                core.frameReceived(from: sender, frame, now: moment)
            }
        }
    }

    func closeArrives(_ id: StreamID, _ end: StreamEnd) {
        let purpose = purpose(of: id)
        guard streams.closeArrives(id, at: end), let purpose else { return }
        switch (purpose, end) {
        case (.link(let life, _, let index, _, _), .initiator): linkClosed(life, index, id)
        case (.link, .acceptor), (.dialing, .acceptor): break
        case (.client(let client, _, _, _), .initiator), (.dialing(let client), .initiator):
            clientClosed(client, id)
        case (.client(_, let acceptor, let loop, let connection), .acceptor):
            closedByClient(acceptor, loop, connection)
        }
    }
}
