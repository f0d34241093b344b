import Primitives
import RESP

/// The clients of this loop, as commands about clients see them.
extension LoopCore {
    /// Redis's client id, unlike that of any client of another node: above 36 bits stands the node's
    /// number, which is that of its first replica of group 0. It is 0 until the directory has the node.
    func clientID(of index: Int) -> UInt64 { admin.nodeNumber << 36 | sessions[index].clientID }

    /// Learns the node's number, once.
    mutating func adoptNodeNumber() {
        guard admin.nodeNumber == 0 else { return }
        admin.nodeNumber = directory.nodes[settings.nodeID]?.directoryReplica.rawValue ?? 0
    }

    private func clients(_ filter: ClientFilter) -> [Int] {
        guard filter.isNormal else { return [] }
        return sessions.indices.filter { index in
            guard sessions[index].isOpen, sessions[index].hasSocket,
                filter.except.map({ key(of: index) != $0 }) ?? true,
                filter.ids.map({ $0.contains(clientID(of: index)) }) ?? true,
                filter.address.map({ address(of: index) == $0 }) ?? true,
                filter.localAddress.map({ localAddress(of: index) == $0 }) ?? true
            else { return false }
            let age = filter.askedAt.boot.milliseconds(since: sessions[index].connectedAt) / 1000
            return filter.age.map { age >= $0 } ?? true
        }
    }

    func clientLines(_ filter: ClientFilter) -> [ClientLine] {
        clients(filter).map {
            ClientLine(id: clientID(of: $0), text: describe($0, now: filter.askedAt))
        }
    }

    /// Closes clients; the one that asks for it has its reply first.
    ///
    /// - Returns: How many.
    mutating func kill(_ filter: ClientFilter, now: Moment) -> Int {
        let killed = clients(filter)
        for index in killed {
            if filter.asker == key(of: index) {
                close(index)
            } else {
                drop(index, now: now)
            }
        }
        return killed.count
    }

    /// Ends the `WAIT` of a client.
    ///
    /// - Returns: Whether it was one of this loop, and waited.
    mutating func unblock(_ id: UInt64, isError: Bool, now: Moment) -> Bool {
        let found = sessions.indices.first {
            sessions[$0].isOpen && sessions[$0].hasSocket && clientID(of: $0) == id
        }
        guard let index = found, let number = waitNumber(of: index) else { return false }
        if isError {
            gathers[number]?.failure = "UNBLOCKED client unblocked via CLIENT UNBLOCK"
        }
        let key = key(of: index)
        for loop in 0..<settings.loopCount where loop != settings.loopIndex {
            effects.append(.post(.relayed(.unblocked(key.connection)), to: .loop(loop)))
        }
        endWaits(of: key)
        return true
    }

    /// The gather of the `WAIT` in which a client is.
    private func waitNumber(of index: Int) -> UInt64? {
        let reference = reference(to: index)
        for (number, gather) in gathers {
            if case .session(reference, _, _) = gather.requester, case .replicas = gather.kind {
                return number
            }
        }
        return nil
    }

    /// Lets the waits of a connection end, with what they have come to.
    mutating func endWaits(of key: ProxyKey) {
        for place in unfinishedParts.indices {
            guard unfinishedParts[place].connection == key,
                case .replicas(let number, let wait) = unfinishedParts[place].task
            else { continue }
            var wish = wait.wish
            wish.milliseconds = 1
            unfinishedParts[place] = UnfinishedPart(
                task: .replicas(number, ReplicaWait(wish: wish, written: wait.written)),
                since: .zero)
        }
    }

    /// Whether a client waits for something else than its turn.
    func isBlocked(_ index: Int) -> Bool {
        switch sessions[index].obstacle {
        case .pause: true
        case .replies: waitNumber(of: index) != nil
        case .leader, .backlog, .round, .output, .owed, .turn, nil: false
        }
    }

    /// The narrowest pause that would hold a request back; `nil` when the present one doesn't.
    func pause(holding kind: DispatchTable.Kind, from index: Int, now: Moment) -> PauseKind? {
        guard sessions[index].hasSocket else { return nil }
        let least: PauseKind =
            switch kind {
            case .write, .session(.flushall), .session(.flushdb): .writes
            case .read, .session: .all
            }
        return admin.pause.holdsBack(least, now: now.boot) ? least : nil
    }

    // MARK: Description

    func address(of index: Int) -> String {
        if case .client(_, let remote) = sessions[index].origin { return remote.description }
        return "?:0"
    }

    private func localAddress(of index: Int) -> String {
        guard let node = directory.nodes[settings.nodeID],
            case .client(let listener, _) = sessions[index].origin
        else { return "?:0" }
        return (listener == .plain ? node.addresses.plain : node.addresses.cluster).description
    }

    private func flags(of index: Int) -> String {
        var flags = ""
        if isBlocked(index) { flags += "b" }
        if sessions[index].isReadOnly { flags += "r" }
        if sessions[index].isEvictionExempt { flags += "e" }
        if sessions[index].touchesNothing { flags += "T" }
        if sessions[index].isClosing { flags += "c" }
        return flags.isEmpty ? "N" : flags
    }

    /// One client as `CLIENT LIST` shows it.
    func describe(_ index: Int, now: Moment) -> String {
        let session = sessions[index]
        let fields: [(String, String)] = [
            ("id", "\(clientID(of: index))"), ("addr", address(of: index)),
            ("laddr", localAddress(of: index)), ("fd", "\(index)"),
            ("name", String(decoding: session.name, as: UTF8.self)),
            ("age", "\(now.boot.milliseconds(since: session.connectedAt) / 1000)"),
            ("idle", "\(now.boot.milliseconds(since: session.lastActiveAt) / 1000)"),
            ("flags", flags(of: index)), ("db", "\(session.database.number ?? 0)"), ("sub", "0"),
            ("psub", "0"), ("ssub", "0"),
            ("multi", "-1"), ("qbuf", "\(session.input.count)"), ("qbuf-free", "0"),
            ("argv-mem", "0"), ("multi-mem", "0"), ("rbs", "0"), ("rbp", "0"), ("obl", "0"),
            ("oll", "0"), ("omem", "\(session.unsentByteCount + session.replies.readyByteCount)"),
            (
                "tot-mem",
                "\(session.input.count + session.output.count + session.replies.heldByteCount)"
            ), ("events", "r"),
            (
                "cmd",
                session.lastCommand < 0
                    ? "NULL" : dispatchTable.commands[session.lastCommand].fullName
            ), ("user", "default"), ("redir", "-1"),
            ("resp", "\(session.version.rawValue)"),
            ("lib-name", String(decoding: session.libraryName, as: UTF8.self)),
            ("lib-ver", String(decoding: session.libraryVersion, as: UTF8.self)),
        ]
        return fields.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
    }
}
