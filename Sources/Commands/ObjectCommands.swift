import Keyspace
import RESP

/// `OBJECT` and `MEMORY`: how keys are kept.
enum ObjectCommands {
    /// Up to this many bytes Redis keeps a string in one block with its header
    /// (`OBJ_ENCODING_EMBSTR_SIZE_LIMIT`).
    private static let embeddedByteLimit = 44
    /// How many fields are measured when the request doesn't say (`OBJ_COMPUTE_SIZE_DEF_SAMPLES`).
    private static let sampleCount: Int64 = 5

    // MARK: OBJECT

    /// A string is named after its value, whatever commands have made it; a hash after how this replica
    /// keeps it.
    @Sendable static func encoding(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = context.locate(request[2], in: keyspace)
        switch place.type {
        case nil: reply.null()
        case .string:
            let value = keyspace.string(at: place)
            let short = value.count <= embeddedByteLimit ? "embstr" : "raw"
            reply.bulk(value.decimalInteger() == nil ? short : "int")
        case .hash: reply.bulk(keyspace.isCompact(at: place) ? "listpack" : "hashtable")
        }
    }

    /// No two keys share a value.
    @Sendable static func refcount(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        let place = context.locate(request[2], in: keyspace)
        if place.isPresent { reply.integer(1) } else { reply.null() }
    }

    @Sendable static func idletime(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        guard context.locate(request[2], in: keyspace).isPresent else { return reply.null() }
        throw CommandError("ERR idle times of keys are not tracked")
    }

    @Sendable static func freq(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        guard context.locate(request[2], in: keyspace).isPresent else { return reply.null() }
        throw CommandError("ERR access frequencies of keys are not tracked")
    }

    // MARK: MEMORY

    @Sendable static func usage(
        keyspace: borrowing Keyspace, request: borrowing Request, context: inout ExecutionContext,
        reply: inout ReplyWriter
    ) throws(CommandError) {
        var samples = sampleCount
        var index = 3
        while index < request.count {
            guard request[index].equalsIgnoringCase("samples"), index + 1 < request.count else {
                throw .syntax
            }
            samples = try request[index + 1].integerArgument()
            guard samples >= 0 else { throw .syntax }
            index += 2
        }
        let place = context.locate(request[2], in: keyspace)
        guard place.isPresent else { return reply.null() }
        let isAll = samples == 0 || samples > Int64(Int.max)
        reply.integer(keyspace.memoryByteCount(at: place, samples: isAll ? .max : Int(samples)))
    }

    // MARK: Rows

    static let rows: [Command] = [
        Command(
            "object", arity: -2, flags: [], categories: [.slow],
            since: "2.2.3", group: .generic, complexity: "Depends on the subcommand.",
            summary: "Commands about how the values of keys are kept.",
            body: .session(.help),
            subcommands: [
                object(
                    "encoding", since: "2.2.3", encoding,
                    "Answers what Redis would keep the value of a key as.",
                    differs: "A string's goes by its value alone, whichever commands have made it. "
                        + "A hash's is that of the replica that answers, which may change with the "
                        + "leader; with deadlines of fields it is `hashtable`, where Redis 7.4 has "
                        + "`listpackex`."),
                object(
                    "freq", since: "4.0.0", freq,
                    "Answers null without the key, else an error: accesses are not counted.",
                    differs: "An error for every key, whatever `maxmemory-policy` is."),
                .help(of: "object", since: "6.2.0", .generic, [.keyspace, .slow]),
                object(
                    "idletime", since: "2.2.3", idletime,
                    "Answers null without the key, else an error: accesses are not timed.",
                    differs: "An error for every key."),
                object(
                    "refcount", since: "2.2.3", refcount,
                    "Answers how many keys share the value of a key: 1.",
                    differs: "Always 1; Redis's small integers are shared."),
            ]),
        Command(
            "memory", arity: -2, flags: [], categories: [.slow],
            since: "4.0.0", group: .server, complexity: "Depends on the subcommand.",
            summary: "Commands about memory.",
            body: .session(.help),
            subcommands: [
                .help(of: "memory", since: "4.0.0"),
                Command(
                    "usage", in: "memory", arity: -3, flags: [.readonly],
                    categories: [.read, .slow], keys: .one("RO", at: 2),
                    since: "4.0.0", group: .server, complexity: "O(N) for N samples.",
                    summary: "Estimates how many bytes of memory a key takes, with its value.",
                    differs: "The numbers are those of Martlet's own memory.",
                    arguments: [
                        CommandArgument("key", .key),
                        CommandArgument("count", .integer, token: "SAMPLES", flags: [.optional]),
                    ],
                    body: .read(usage)),
            ]),
    ]

    private static func object(
        _ name: String, since: String, _ body: @escaping ReadBody, _ summary: String,
        differs: String
    ) -> Command {
        Command(
            name, in: "object", arity: 3, flags: [.readonly],
            categories: [.keyspace, .read, .slow], keys: .one("RO", at: 2),
            tips: ["nondeterministic_output"],
            since: since, group: .generic, complexity: "O(1)", summary: summary,
            differs: differs, arguments: [CommandArgument("key", .key)], body: .read(body))
    }
}
