import Primitives

/// Finding others, and making packets of what is known.
extension GossipCore {
    // MARK: Seeds and the dead

    /// Pings every seed behind which no live member is known, with growing pauses and for ever: after
    /// a partition this is what joins the halves.
    mutating func contactSeeds(now: Instant, into effects: inout [GossipEffect]) {
        for index in seeds.indices {
            if let node = seeds[index].node, node == me.id || peers[node]?.isReachable == true {
                seeds[index].pauseMilliseconds = settings.seedMilliseconds
                continue
            }
            guard now >= seeds[index].nextAttempt else { continue }
            let pause = seeds[index].pauseMilliseconds
            let sequence = generator.next()
            seeds[index].sequence = sequence
            seeds[index].nextAttempt = now.advanced(
                milliseconds: pause + generator.below(pause / 2 + 1))
            seeds[index].pauseMilliseconds = min(settings.seedMaxMilliseconds, pause * 2)
            send(
                [.ping(sequence: sequence, target: nil), .join],
                to: .address(seeds[index].address), into: &effects)
        }
    }

    mutating func answered(
        seed index: Int, by node: NodeID, now: Instant, into effects: inout [GossipEffect]
    ) {
        seeds[index].sequence = nil
        seeds[index].node = node
        if node != me.id { exchange(with: node, into: &effects) }
    }

    /// Pings some dead member now and then, and tells it that it is held dead.
    mutating func retryDead(now: Instant, into effects: inout [GossipEffect]) {
        guard now >= nextDeadRetryAt else { return }
        nextDeadRetryAt = now.advanced(milliseconds: settings.deadRetryMilliseconds)
        for peer in choosePeers(1, where: { $0.record.status == .dead }) {
            ping(
                peer, sequence: generator.next(), by: .address(peer.record.addresses.peer),
                alsoSaying: [.join], into: &effects)
        }
    }

    // MARK: The whole state

    mutating func exchangePeriodically(now: Instant, into effects: inout [GossipEffect]) {
        guard now >= nextPushPullAt else { return }
        let period = settings.pushPullMilliseconds
        nextPushPullAt = now.advanced(
            milliseconds: period * 3 / 4 + generator.below(period / 2 + 1))
        for peer in choosePeers(1, where: { $0.record.status == .alive }) {
            exchange(with: peer.record.id, into: &effects)
        }
    }

    /// Sends all that is known to `node`, which answers in kind.
    mutating func exchange(with node: NodeID, into effects: inout [GossipEffect]) {
        effects.append(.stream(to: node, wholeState(isReply: false)))
    }

    func wholeState(isReply: Bool) -> [UInt8] {
        GossipPacket(
            sender: me,
            messages: [.pushPull(isReply: isReply)] + peers.values.map(news(of:))
                + knownHints.values.map(GossipMessage.hint)
        ).encode()
    }

    /// Answers `joiner` with `messages` and the members that live, in few datagrams.
    mutating func sendMembers(
        after messages: [GossipMessage], to joiner: NodeID, by route: Route,
        into effects: inout [GossipEffect]
    ) {
        let listed = choosePeers(peers.count) { $0.isReachable && $0.record.id != joiner }
        var bytes = GossipPacket(sender: me, messages: messages).encode()
        var datagramCount = 1
        var isEmpty = messages.isEmpty
        for peer in listed {
            var update: [UInt8] = []
            news(of: peer).encode(into: &update)
            if bytes.count + update.count > settings.maxDatagramByteCount, !isEmpty {
                effects.append(route.carrying(bytes))
                bytes = GossipPacket.header(of: me)
                datagramCount += 1
                guard datagramCount <= settings.maxJoinDatagrams else { return }
            }
            bytes += update
            isEmpty = false
        }
        effects.append(route.carrying(bytes))
    }

    // MARK: Packets

    func news(of peer: Peer) -> GossipMessage {
        .update(peer.record, accuser: peer.suspicion?.accusers.first)
    }

    /// Sends `messages`, and in a datagram as much news as fits besides.
    mutating func send(
        _ messages: [GossipMessage], to route: Route, into effects: inout [GossipEffect]
    ) {
        var bytes = GossipPacket(sender: me, messages: messages).encode()
        if case .address = route { addNews(to: &bytes) }
        effects.append(route.carrying(bytes))
    }

    /// Appends news up to the limit of a datagram. The first piece may go over it, so that long host
    /// names can't keep news from spreading.
    private mutating func addNews(to bytes: inout [UInt8]) {
        guard !broadcasts.isEmpty else { return }
        var queue = BroadcastQueue()
        swap(&queue, &broadcasts)
        let limit = settings.maxDatagramByteCount
        var hasNews = false
        queue.send(transmitLimit: transmitLimit) { subject in
            guard bytes.count < limit else { return nil }
            var piece: [UInt8] = []
            encode(subject, into: &piece)
            guard bytes.count + piece.count <= limit || !hasNews else { return false }
            hasNews = hasNews || !piece.isEmpty
            bytes += piece
            return true
        }
        swap(&queue, &broadcasts)
    }

    /// This node's own news is in the header of every packet, and takes no room.
    private func encode(_ subject: BroadcastQueue.Subject, into bytes: inout [UInt8]) {
        switch subject {
        case .member(let id, let accuser):
            guard let peer = peers[id] else { return }
            GossipMessage.update(peer.record, accuser: accuser).encode(into: &bytes)
        case .hint(let group):
            guard let hint = knownHints[group] else { return }
            GossipMessage.hint(hint).encode(into: &bytes)
        }
    }

    /// How often news is told: a multiple of log₁₀ of the member count, rounded up.
    private var transmitLimit: Int {
        var digits = 1
        var power = 10
        while power < memberCount + 1 {
            power *= 10
            digits += 1
        }
        return settings.retransmitMultiplier * digits
    }
}

extension Route {
    func carrying(_ bytes: [UInt8]) -> GossipEffect {
        switch self {
        case .address(let address): .datagram(to: address, bytes)
        case .link(let node): .stream(to: node, bytes)
        }
    }
}
