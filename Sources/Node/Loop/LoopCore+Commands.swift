import Commands
import Consensus
import Keyspace
import Primitives
import RESP

extension LoopCore {
    /// Runs a command that concerns the connection, the node, or all of the node's shards.
    mutating func run(
        _ command: SessionCommand, _ request: borrowing Request, from index: Int,
        relayed sequence: UInt64?, now: Moment
    ) -> Disposition {
        switch command {
        case .flushall where sessions[index].isPlain:
            return runOverCluster(command, request, from: index, now: now)
        case .dbsize, .flushdb, .keys, .randomkey, .scan:
            return sessions[index].isPlain
                ? runOverCluster(command, request, from: index, now: now)
                : runOverShards(command, request, from: index, now: now)
        case .flushall, .info, .wait:
            return runOverShards(command, request, from: index, now: now)
        case .debug: return debug(request, from: index, relayed: sequence, now: now)
        case .client: return client(request, from: index, now: now)
        case .config: return config(request, from: index, now: now)
        case .slowlog: return slowlog(request, from: index, now: now)
        case .latency: return latency(request, from: index, now: now)
        case .cluster where !sessions[index].isPlain && isAboutKeysInSlot(request):
            return keysInSlot(request, from: index, now: now)
        default: break
        }
        let direct = beginReply(to: index)
        var disposition = Disposition.next
        do throws(CommandError) {
            switch command {
            case .hello: try hello(request, index)
            case .auth: try authenticate(request, index)
            case .ping: try ping(request)
            case .echo: writer.bulk(request[1])
            case .quit:
                writer.ok()
                disposition = .close
            case .reset: reset(index)
            case .select: try select(request, index)
            case .command:
                try CommandReplies.answer(
                    request, from: CommandTable.standard, into: &writer)
            case .time: time(now)
            case .cluster, .readonly, .readwrite, .asking:
                try runInCluster(command, request, index, now: now)
            case .help:
                CommandReplies.help(request, from: CommandTable.standard, into: &writer)
            case .function: try function(request)
            case .lolwut: try lolwut(request)
            case .client, .config, .latency, .slowlog, .dbsize, .debug, .flushall, .flushdb, .info,
                .keys, .randomkey, .scan, .wait:
                break
            }
        } catch {
            writer.error(error.text)
        }
        endReply(to: index, direct: direct, relayed: sequence)
        if case .close = disposition { close(index) }
        return disposition
    }

    /// A command of the session has been used.
    mutating func commandUsed(by index: Int) {
        guard !sessions[index].muting.isIdle else { return }
        sessions[index].muting.commandUsed(
            head: sessions[index].replies.head, next: sessions[index].replies.next)
    }

    /// Adds a reply that was not begun as the session's own output: behind what is owed, or, when the
    /// command has ended a `CLIENT REPLY OFF` and nothing is, to the output.
    mutating func append(ready reply: [UInt8], of index: Int) {
        if sessions[index].owesNothing {
            sessions[index].output.append(contentsOf: reply)
            list(index)
        } else {
            sessions[index].replies.append(ready: reply)
        }
    }

    // MARK: The connection

    private mutating func ping(_ request: borrowing Request) throws(CommandError) {
        if request.count == 1 { return writer.simple("PONG") }
        guard request.count == 2 else { throw .wrongArgumentCount("ping") }
        writer.bulk(request[1])
    }

    private mutating func hello(
        _ request: borrowing Request, _ index: Int
    ) throws(CommandError) {
        var version = sessions[index].version
        var name: [UInt8]?
        var isAuthenticated = sessions[index].isAuthenticated
        if request.count > 1 {
            guard let number = integer(request[1]) else {
                throw CommandError("ERR Protocol version is not an integer or out of range")
            }
            guard let known = UInt8(exactly: number).flatMap(RESPVersion.init(rawValue:)) else {
                throw CommandError("NOPROTO unsupported protocol version")
            }
            version = known
        }
        var position = 2
        while position < request.count {
            let option = text(request[position]).uppercased()
            if option == "AUTH", position + 2 < request.count {
                try check(user: request[position + 1], password: request[position + 2])
                isAuthenticated = true
                position += 3
            } else if option == "SETNAME", position + 1 < request.count {
                name = try clientName(request[position + 1])
                position += 2
            } else {
                throw CommandError(
                    "ERR Syntax error in HELLO option '\(text(request[position]))'")
            }
        }
        guard isAuthenticated else {
            throw CommandError(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
            )
        }
        sessions[index].isAuthenticated = true
        sessions[index].version = version
        if let name { sessions[index].name = name }
        writer.version = version
        writer.map(7)
        writer.bulk("server")
        writer.bulk("redis")
        writer.bulk("version")
        writer.bulk(Self.redisVersion)
        writer.bulk("proto")
        writer.integer(Int(version.rawValue))
        writer.bulk("id")
        writer.integer(Int64(clientID(of: index)))
        writer.bulk("mode")
        writer.bulk(sessions[index].isPlain ? "standalone" : "cluster")
        writer.bulk("role")
        writer.bulk("master")
        writer.bulk("modules")
        writer.array(0)
    }

    private mutating func authenticate(
        _ request: borrowing Request, _ index: Int
    ) throws(CommandError) {
        switch request.count {
        case 2:
            guard settings.password != nil else {
                throw CommandError(
                    "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
                )
            }
            try check(user: [UInt8]("default".utf8).span, password: request[1])
        case 3: try check(user: request[1], password: request[2])
        default: throw .syntax
        }
        sessions[index].isAuthenticated = true
        writer.ok()
    }

    private func check(
        user: Span<UInt8>, password: Span<UInt8>
    ) throws(CommandError) {
        let isRight = settings.password.map { isEqualInConstantTime($0.span, password) } ?? true
        guard text(user) == "default", isRight else {
            throw CommandError(
                "WRONGPASS invalid username-password pair or user is disabled.")
        }
    }

    /// Takes the same time wherever the two differ.
    private func isEqualInConstantTime(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for position in 0..<left.count { difference |= left[position] ^ right[position] }
        return difference == 0
    }

    private mutating func reset(_ index: Int) {
        sessions[index].version = .two
        sessions[index].name = []
        sessions[index].isReadOnly = false
        if sessions[index].isPlain { sessions[index].database = settings.plainDatabaseZero }
        sessions[index].isEvictionExempt = false
        sessions[index].touchesNothing = false
        sessions[index].muting.turnOn(next: sessions[index].replies.next)
        sessions[index].isAuthenticated = settings.password == nil
        writer.version = .two
        writer.simple("RESET")
    }

    private mutating func select(
        _ request: borrowing Request, _ index: Int
    ) throws(CommandError) {
        guard let number = integer(request[1]) else { throw .notInteger }
        if sessions[index].isPlain {
            guard 0..<Int64(DatabaseID.wholeCount) ~= number else {
                throw CommandError("ERR DB index is out of range")
            }
            sessions[index].database =
                number == 0 ? settings.plainDatabaseZero : .whole(Int(number))
        } else {
            guard number == 0 else {
                throw CommandError("ERR SELECT is not allowed in cluster mode")
            }
        }
        writer.ok()
    }

    /// Commands that a Redis without cluster mode refuses.
    private mutating func runInCluster(
        _ command: SessionCommand, _ request: borrowing Request, _ index: Int, now: Moment
    ) throws(CommandError) {
        guard !sessions[index].isPlain else {
            throw CommandError("ERR This instance has cluster support disabled")
        }
        switch command {
        case .readonly: setReadOnly(true, index)
        case .readwrite: setReadOnly(false, index)
        case .asking: writer.ok()
        default: try cluster(request, now: now)
        }
    }

    private mutating func setReadOnly(_ isReadOnly: Bool, _ index: Int) {
        sessions[index].isReadOnly = isReadOnly
        writer.ok()
    }

    private mutating func time(_ now: Moment) {
        writer.array(2)
        writer.bulk("\(now.wallMilliseconds / 1000)")
        writer.bulk("\(now.wallMilliseconds % 1000 * 1000)")
    }

    // MARK: Arguments

    func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: [UInt8](copying: bytes), as: UTF8.self)
    }

    func integer(_ bytes: Span<UInt8>) -> Int64? {
        guard 1...20 ~= bytes.count, bytes[0] != UInt8(ascii: "+") else { return nil }
        return Int64(text(bytes))
    }

    /// The Redis version whose behaviour clients may expect.
    static let redisVersion = "7.0.15"
}
