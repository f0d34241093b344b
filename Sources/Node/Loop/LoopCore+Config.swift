import Commands
import Keyspace
import Primitives
import RESP
import Topology

/// `CONFIG` (redis.io/commands/config-set): parameters hold for the whole cluster and are kept in the
/// directory. `docs/configuration.md` says which have an effect.
extension LoopCore {
    mutating func config(
        _ request: borrowing Request, from index: Int, now: Moment
    ) -> Disposition {
        let subcommand = text(request[1]).uppercased()
        if subcommand == "SET" { return setParameters(request, from: index) }
        if subcommand == "RESETSTAT" { return run(.resetStatistics, for: index, now: now) }
        let direct = beginReply(to: index)
        switch subcommand {
        case "GET": writeParameters(request)
        default:
            writer.error(
                "ERR The file of settings is not rewritten: what CONFIG SET sets is kept by the "
                    + "cluster, through restarts too")
        }
        endReply(to: index, direct: direct, relayed: nil)
        return .next
    }

    // MARK: Getting

    private mutating func writeParameters(_ request: borrowing Request) {
        var names: [String] = []
        func add(_ name: String) { if !names.contains(name) { names.append(name) } }
        for position in 2..<request.count {
            let pattern = text(request[position])
            if pattern.contains(where: { "*?[".contains($0) }) {
                for name in ParameterTable.names(matching: pattern) { add(name) }
            } else if ParameterTable.find(pattern) != nil {
                add(pattern)
            }
        }
        writer.map(names.count)
        for name in names {
            writer.bulk(name)
            writer.bulk(value(ofParameter: name))
        }
    }

    /// The parameter's value on this node, as `CONFIG GET` shows it.
    func value(of parameter: Parameter) -> String {
        if parameter.effect == .works || parameter.effect == .kept,
            let value = directory.parameters[parameter.name]
        {
            return value
        }
        switch parameter.name {
        case "proto-max-bulk-len": return "\(admin.fileLimits.bulkByteCount)"
        case "client-query-buffer-limit": return "\(admin.fileQueryBufferByteCount)"
        case "appendfsync": return settings.durability == .sync ? "always" : "everysec"
        case "io-threads": return "\(settings.loopCount)"
        case "enable-debug-command": return settings.allowsDebug ? "yes" : "no"
        case "port":
            return directory.nodes[settings.nodeID].map { "\($0.cluster.port)" }
                ?? parameter.standard
        default: return parameter.standard
        }
    }

    func value(ofParameter name: String) -> String {
        guard let parameter = ParameterTable.find(name) else { return "" }
        return value(of: parameter)
    }

    // MARK: Setting

    private mutating func setParameters(
        _ request: borrowing Request, from index: Int
    ) -> Disposition {
        guard sessions[index].owesNothing else { return .wait(.replies) }
        let values: [ParameterValue]
        do throws(CommandError) {
            values = try checkedValues(request)
        } catch {
            return reply(to: index, relayed: nil, error)
        }
        guard !values.isEmpty else {
            let direct = beginReply(to: index)
            writer.ok()
            endReply(to: index, direct: direct, relayed: nil)
            return .next
        }
        admin.lastTicket += 1
        admin.changes[admin.lastTicket] = LoopAdministration.AwaitedReply(
            session: reference(to: index), sequence: sessions[index].replies.append(),
            version: sessions[index].version)
        effects.append(.post(.changeParameters(ticket: admin.lastTicket, values), to: .home))
        return .nextThenWait(.replies)
    }

    /// What a `CONFIG SET` asks for; without what is so for good.
    private func checkedValues(
        _ request: borrowing Request
    ) throws(CommandError) -> [ParameterValue] {
        guard request.count % 2 == 0 else { throw .syntax }
        var names: [String] = []
        for position in stride(from: 2, to: request.count, by: 2) {
            let name = text(request[position])
            guard let parameter = ParameterTable.find(name) else {
                throw CommandError(
                    "ERR Unknown option or number of arguments for CONFIG SET - '\(name)'")
            }
            if case .fixed(let refusal) = parameter.effect { throw failure(name, refusal) }
            let own = name.lowercased()
            guard !names.contains(own) else { throw failure(name, "duplicate parameter") }
            names.append(own)
        }
        var values = SortedMap<String, String>()
        for (place, name) in names.enumerated() {
            guard let parameter = ParameterTable.find(name) else { continue }
            let present = value(of: parameter)
            let value: String
            do throws(ParameterError) {
                value = try parameter.kind.value(
                    of: text(request[place * 2 + 3]), present: present, name: name)
            } catch {
                throw failure(name, error.text)
            }
            if parameter.effect == .settled {
                guard value == present else {
                    throw failure(name, "it can't be changed while the node runs")
                }
            } else {
                values[parameter.name] = value
            }
        }
        return values.map { ParameterValue($0.0, $0.1) }
    }

    private func failure(_ name: String, _ text: String) -> CommandError {
        CommandError("ERR CONFIG SET failed (possibly related to argument '\(name)') - \(text)")
    }

    mutating func parametersChanged(ticket: UInt64, epoch: UInt64) {
        admin.changes[ticket]?.epoch = epoch
        answerChanges()
    }

    mutating func parametersRefused(ticket: UInt64, _ text: String) {
        guard let change = admin.changes[ticket] else { return }
        admin.changes[ticket] = nil
        fail(change.session, sequence: change.sequence, text)
    }

    /// Answers the changes that this loop knows of by now.
    private mutating func answerChanges() {
        for (ticket, change) in admin.changes {
            guard let epoch = change.epoch, directory.epoch >= epoch else { continue }
            admin.changes[ticket] = nil
            let reserved = beginReserved(
                change.session, sequence: change.sequence, version: change.version)
            writer.ok()
            endReserved(reserved)
        }
    }

    // MARK: Effects

    /// Goes by what the directory says of parameters.
    mutating func adoptParameters() {
        adoptNodeNumber()
        func number(_ name: String) -> Int {
            UInt64(value(ofParameter: name)).map { Int(clamping: $0) }
                ?? Int(value(ofParameter: name)) ?? 0
        }
        settings.requestLimits.bulkByteCount = number("proto-max-bulk-len")
        settings.queryBufferByteCount = number("client-query-buffer-limit")
        admin.parameters = LoopParameters(
            idleSeconds: number("timeout"), slowMicroseconds: number("slowlog-log-slower-than"),
            slowLogCount: min(number("slowlog-max-len"), slowLogLimit),
            latencyMilliseconds: number("latency-monitor-threshold"),
            tracksLatency: value(ofParameter: "latency-tracking") == "yes",
            compactLimits: CompactLimits(
                fieldCount: number("hash-max-listpack-entries"),
                itemByteCount: number("hash-max-listpack-value")))
        for shard in shards.indices
        where shards[shard].machine.compactLimits != admin.parameters.compactLimits {
            shards[shard].machine.compactLimits = admin.parameters.compactLimits
        }
        calls.adopt(admin.parameters)
        admin.slowLog.trim(to: admin.parameters.slowLogCount)
        answerChanges()
    }

    /// Closes clients that have asked for nothing for longer than `timeout` allows; about once a second.
    mutating func dropIdleClients(now: Moment) {
        let limit = admin.parameters.idleSeconds
        guard limit > 0, now.boot.milliseconds(since: admin.lastIdleCheckAt) >= 1000 else { return }
        admin.lastIdleCheckAt = now.boot
        for index in sessions.indices where sessions[index].isOpen && sessions[index].hasSocket {
            guard sessions[index].owesNothing, sessions[index].obstacle == nil,
                sessions[index].unsentByteCount == 0, !sessions[index].isClosing,
                now.boot.milliseconds(since: sessions[index].lastActiveAt) / 1000 > limit
            else { continue }
            drop(index, now: now)
        }
    }

    /// Closes a client's connection at once.
    mutating func drop(_ index: Int, now: Moment) {
        let id = id(of: index)
        effects.append(.dropClient(id))
        clientClosed(id, now: now)
    }

    // MARK: Functions

    /// `FUNCTION`: there are no functions yet, so that there is nothing to flush and to list.
    mutating func function(_ request: borrowing Request) throws(CommandError) {
        switch text(request[1]).uppercased() {
        case "FLUSH":
            guard request.count <= 3 else {
                throw UnknownCommand.subcommandSyntaxError(for: request, container: "function")
            }
            if request.count == 3 {
                let mode = text(request[2]).uppercased()
                guard mode == "SYNC" || mode == "ASYNC" else {
                    throw CommandError("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
                }
            }
            writer.ok()
        case "LIST":
            try checkListOptions(request)
            writer.array(0)
        default: throw UnknownCommand.subcommandError(for: request, container: "function")
        }
    }

    private func checkListOptions(_ request: borrowing Request) throws(CommandError) {
        var hasName = false
        var hasCode = false
        var position = 2
        while position < request.count {
            let option = text(request[position])
            switch option.uppercased() {
            case "WITHCODE" where !hasCode: hasCode = true
            case "LIBRARYNAME" where !hasName:
                guard position + 1 < request.count else {
                    throw CommandError("ERR library name argument was not given")
                }
                hasName = true
                position += 1
            default: throw CommandError("ERR Unknown argument \(option)")
            }
            position += 1
        }
    }
}

/// Entries that the slow log of a node keeps at most.
private let slowLogLimit = 100_000
