import Commands
import Keyspace
import Primitives
import RESP

/// Runs commands as a node does: the peek first, then the write; and checks what must hold of both.
struct CommandRunner: ~Copyable {
    var keyspace: Keyspace
    /// In milliseconds since the epoch.
    var now: Int64 = 1_700_000_000_000
    var version = RESPVersion.two
    /// Writes that a peek has answered.
    private(set) var peekedCount = 0
    /// Whether keys that have expired are removed before each write.
    var expiresFirst = false

    init(hashSecret: UInt64 = 0x5EED) { keyspace = Keyspace(hashSecret: hashSecret) }

    /// The reply to a line such as `SET k "a b"`, as its bytes.
    mutating func run(_ line: String) -> String {
        run(words: (try? Self.words(line)) ?? [])
    }

    /// The words of a line, quoted as in redis-cli.
    static func words(_ line: String) throws -> [[UInt8]] {
        let bytes = try InlineCommand.request(from: [UInt8](line.utf8).span)
        var frame = RequestFrame()
        _ = try RequestParser().parse(bytes.span, into: &frame)
        let request = Request(bytes: bytes.span, frame: frame)
        return (0..<request.count).map { request.copy($0) }
    }

    mutating func run(words: [[UInt8]]) -> String {
        var bytes = [UInt8]("*\(words.count)\r\n".utf8)
        for word in words {
            bytes.append(contentsOf: "$\(word.count)\r\n".utf8)
            bytes.append(contentsOf: word)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        var frame = RequestFrame()
        guard (try? RequestParser().parse(bytes.span, into: &frame)) != nil else {
            return "unreadable"
        }
        let request = Request(bytes: bytes.span, frame: frame)
        var reply = ReplyWriter(version: version)
        do throws(CommandError) {
            try execute(request, &reply)
        } catch {
            precondition(reply.bytes.isEmpty, "a reply before an error")
            reply.error(error.text)
        }
        return String(decoding: reply.bytes, as: UTF8.self)
    }

    private mutating func execute(
        _ request: borrowing Request, _ reply: inout ReplyWriter
    ) throws(CommandError) {
        let table = CommandTable.standard
        guard let index = table.find(request[0]) else { throw UnknownCommand.error(for: request) }
        var command = table[index]
        if !command.subcommands.isEmpty, request.count > 1 {
            guard let subcommand = command.subcommand(request[1]) else {
                throw UnknownCommand.subcommandError(for: request, container: command.name)
            }
            command = subcommand
        }
        guard command.acceptsCount(request.count) else {
            throw .wrongArgumentCount(command.fullName)
        }
        var context = ExecutionContext(now: now)
        switch command.body {
        case .read(let body, _): try body(keyspace, request, &context, &reply)
        case .write(let body, let peek, _):
            try write(body, peek, request, &context, &reply)
        case .session(let session): try run(session, request, &reply)
        }
        precondition(!context.sawUncertainDeadline, "now and present are the same")
    }

    /// A peek's answer, and its errors, must be those of the write, which then changes nothing.
    private mutating func write(
        _ body: WriteBody, _ peek: PeekBody?, _ request: borrowing Request,
        _ context: inout ExecutionContext, _ reply: inout ReplyWriter
    ) throws(CommandError) {
        keyspace.expireStep(now: now, limit: expiresFirst ? .max : 0)
        let before = keyspace.stateHash()
        var peeked = ReplyWriter(version: version)
        var isFinal = false
        var failure: CommandError?
        if let peek {
            do throws(CommandError) {
                isFinal = try peek(keyspace, request, &context, &peeked)
            } catch {
                failure = error
            }
        }
        do throws(CommandError) {
            try body(&keyspace, request, &context, &reply)
        } catch {
            precondition(!isFinal, "a peek answered what the write refuses: \(error.text)")
            precondition(failure == nil || failure == error, "a peek refused otherwise")
            precondition(keyspace.stateHash() == before, "an error left a trace")
            throw error
        }
        precondition(failure == nil, "a peek refused what the write allows")
        if isFinal {
            peekedCount += 1
            precondition(peeked.bytes == reply.bytes, "a peek answered otherwise")
            // A write may remove keys that had expired, which nobody can see.
            precondition(
                expiresFirst ? keyspace.stateHash() == before : true,
                "final, but the write changes something")
        } else {
            precondition(peeked.bytes.isEmpty, "a peek wrote and was not final")
        }
    }

    private func run(
        _ session: SessionCommand, _ request: borrowing Request, _ reply: inout ReplyWriter
    ) throws(CommandError) {
        if session == .help {
            CommandReplies.help(request, from: CommandTable.standard, into: &reply)
        } else if session == .command {
            try CommandReplies.answer(request, from: CommandTable.standard, into: &reply)
        } else if session == .scan {
            let scan = try ScanRequest(parsing: request)
            var keys: [[UInt8]] = []
            var budget = scan.count
            let next = keyspace.scan(
                from: scan.cursor, in: SlotID(0)...SlotID(16383), count: &budget,
                filter: scan.filter, now: now, into: &keys)
            ScanRequest.answer(next: next, keys: keys, into: &reply)
        } else {
            reply.error("ERR the runner has no sessions")
        }
    }
}

/// The test asked for a command that isn't there.
struct NoSuchCommand: Error {}

extension CommandTable {
    func index(_ name: String) -> Int? {
        let bytes = [UInt8](name.utf8)
        return find(bytes.span)
    }

    func row(_ name: String) throws -> Command {
        guard let index = index(name) else { throw NoSuchCommand() }
        return self[index]
    }
}
