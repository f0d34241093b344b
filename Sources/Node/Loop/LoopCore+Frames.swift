package import Primitives
import Consensus

extension LoopCore {
    /// Sends what has been collected for each peer, one frame each.
    mutating func sendFrames() {
        sendForwardFrames()
        guard !outgoing.isEmpty else { return }
        for index in outgoing.values.indices where !outgoing.values[index].isEmpty {
            sendFrame(to: outgoing.keys[index])
        }
    }

    /// Sends what has been collected for one peer.
    mutating func sendFrame(to node: NodeID) {
        var body: [UInt8] = []
        swap(&body, &outgoing[node, default: []])
        effects.append(.frame(to: node, PeerFrame(type: .consensus, body: body), .consensus))
    }

    /// A frame has come from another node.
    ///
    /// - Parameters:
    ///   - node: Who sent it, as its link's handshake proved.
    ///   - frame: Anything but a ``FrameType/home`` frame.
    ///   - now: The time.
    package mutating func frameReceived(from node: NodeID, _ frame: PeerFrame, now: Moment) {
        take(frame, from: node, isRelayed: false, now: now)
    }

    /// Takes a frame; `isRelayed` says that another loop of this node handed it on.
    mutating func take(_ frame: PeerFrame, from node: NodeID, isRelayed: Bool, now: Moment) {
        guard journal.isOpen, !isJournalEnded else { return }
        switch frame.type {
        case .consensus: receiveMessages(frame.body, from: node, now: now)
        case .snapshotChunk:
            guard let decoded = try? SnapshotFrame(decoding: frame.body) else {
                statistics.badFrames += 1
                return
            }
            guard !relay(frame, from: node, ifElsewhere: decoded.group) else { return }
            receive(decoded, from: node, now: now)
        case .stateReport:
            guard let report = try? StateReport(decoding: frame.body), report.from.node == node
            else {
                statistics.badFrames += 1
                return
            }
            guard !relay(frame, from: node, ifElsewhere: report.group) else { return }
            receive(report, now: now)
        case .forward: receiveForwards(frame, from: node, isRelayed: isRelayed, now: now)
        case .forwarded: receiveAnswers(frame, from: node, now: now)
        case .home: statistics.badFrames += 1
        }
    }

    /// Hands a frame on to the loop of its group; returns whether that is another one.
    private mutating func relay(
        _ frame: PeerFrame, from node: NodeID, ifElsewhere group: GroupID
    ) -> Bool {
        let loop = loop(of: group)
        guard loop != settings.loopIndex else { return false }
        effects.append(.post(.relayed(.frame(from: node, frame)), to: .loop(loop)))
        return true
    }

    private mutating func receiveMessages(_ body: [UInt8], from node: NodeID, now: Moment) {
        var reader = ByteReader(body)
        var elsewhere = SortedMap<Int, [UInt8]>()
        while !reader.isAtEnd {
            let message: RaftMessage
            do throws(DecodingFailure) {
                message = try RaftMessage(reading: &reader)
            } catch {
                statistics.badFrames += 1
                break
            }
            guard message.from.node == node, message.to.node == settings.nodeID else {
                statistics.badFrames += 1
                continue
            }
            let loop = loop(of: message.group)
            if loop != settings.loopIndex {
                message.encode(into: &elsewhere[loop, default: []])
            } else if let index = shardIndexes[message.group],
                shards[index].replica == message.to.replica, !hasNoRoom(for: message, index)
            {
                shards[index].raft.receive(message, now: now, into: &raftEffects)
                handleRaftEffects(of: index, now: now)
            }
        }
        for (loop, bytes) in elsewhere {
            let frame = PeerFrame(type: .consensus, body: bytes)
            effects.append(.post(.relayed(.frame(from: node, frame)), to: .loop(loop)))
        }
    }

    /// A link to a node has come up or gone down. Raft needs no telling, but collected messages must not
    /// grow stale, and what was forwarded over the link may be lost.
    package mutating func linkChanged(
        _ node: NodeID, _ kind: LinkKind, isUp: Bool, now: Moment
    ) {
        switch kind {
        case .consensus:
            consensusNodes[node] = isUp ? now : nil
            if !isUp { outgoing[node] = nil }
        case .bulk:
            linkedNodes[node] = isUp ? now : nil
            if !isUp {
                outgoingForwards[node] = nil
                giveUpForwards(to: node, now: now)
            }
        }
    }
}

/// Messages to a peer are sent in one frame up to about this size; links have a limit to what they
/// carry in one piece.
let frameByteCount = 2 << 20
