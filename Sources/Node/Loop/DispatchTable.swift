import Commands
import Primitives
import RESP

/// What dispatch needs of each row of the command table, without the rest of it. Subcommands have
/// rows too, behind those of all commands.
///
/// A row here is a few words that can be copied for nothing; a whole ``Command`` is dozens of
/// references.
struct DispatchTable: Sendable {
    enum Kind: Sendable {
        case session(SessionCommand)
        case read
        case write

        var isWrite: Bool {
            if case .write = self { true } else { false }
        }
    }

    struct Row: Sendable {
        var kind: Kind
        /// What a command without keys that concerns a database is to a whole one.
        var wholeKind: Kind?
        var needsAuthentication: Bool
        /// Where the subcommands' rows are; empty when it has none.
        var subcommands: Range<Int16>
        /// Whether a small one takes so little that several share a reading of the clock.
        var isBrief: Bool
        var arity: Int16
        var keys: KeyPositions
        /// Whether a write may make much more than its request brings.
        var isWeighed: Bool
        /// Whether a read may take milliseconds for a few bytes.
        var worksMuch: Bool
        /// How it is done when its keys lie in several slots; `nil`: it isn't.
        var splitting: Splitting?

        func acceptsCount(_ count: Int) -> Bool {
            arity >= 0 ? count == Int(arity) : count >= -Int(arity)
        }

        /// What the command is to a database that one shard has, or to a shard's part of one.
        func kind(isWhole: Bool) -> Kind { isWhole ? wholeKind ?? kind : kind }

        /// The slot of `request`'s keys; of a command without keys it is `shardSlot`.
        ///
        /// - Parameters:
        ///   - request: The request.
        ///   - database: The session's.
        ///   - shardSlot: See ``Session/shardSlot``.
        ///   - hint: The slot of the first argument, where it is known.
        /// - Returns: The slot, or why there isn't one.
        func slot(
            of request: borrowing Request, in database: DatabaseID, else shardSlot: SlotID?,
            hint: SlotID?
        ) -> SlotVerdict {
            guard let slot = database.slot else {
                if let hint, keys.isFirstArgument {
                    assert(request.count < 2 || SlotID(key: request[1]) == hint)
                    return .one(hint)
                }
                if let shardSlot, wholeKind != nil { return .one(shardSlot) }
                return keys.slot(of: request)
            }
            return wholeKind != nil || keys.first > 0 && keys.first < request.count
                ? .one(slot) : .none
        }
    }

    /// What becomes of the replies of a command's parts, by Redis's hints for proxies
    /// (redis.io/docs/reference/command-tips). Those that answer the least are not split: they promise to
    /// do all or nothing.
    enum Splitting {
        case values
        case sum
        case allOK

        init?(_ command: Command) {
            guard command.documentation.tips.contains("request_policy:multi_shard"),
                command.keys.positions.countIndex == 0
            else { return nil }
            let policy = command.documentation.tips.first { $0.hasPrefix("response_policy:") }
            switch policy?.dropFirst("response_policy:".count) {
            case nil: self = .values
            case "agg_sum": self = .sum
            case "all_succeeded": self = .allOK
            default: return nil
            }
        }
    }

    private(set) var rows: [Row] = []
    private(set) var commands: [Command] = []
    private(set) var reads: [ReadBody?] = []
    private(set) var writes: [WriteBody?] = []
    private(set) var peeks: [PeekBody?] = []
    private(set) var weighs: [WeighBody?] = []

    init(_ table: borrowing CommandTable) {
        for index in 0..<table.count { append(table[index]) }
        for index in 0..<table.count where !table[index].subcommands.isEmpty {
            let first = rows.count
            for subcommand in table[index].subcommands { append(subcommand) }
            rows[index].subcommands = Int16(first)..<Int16(rows.count)
        }
    }

    private mutating func append(_ command: Command) {
        let kind: Kind
        var bodies: (read: ReadBody?, write: WriteBody?, peek: PeekBody?, weigh: WeighBody?)
        var worksMuch = false
        switch command.body {
        case .session(let session): kind = .session(session)
        case .read(let body, let much):
            kind = .read
            worksMuch = much
            bodies.read = body
        case .write(let body, let peek, let weigh):
            kind = .write
            bodies.write = body
            bodies.peek = peek
            bodies.weigh = weigh
        }
        var wholeKind: Kind?
        switch command.wholeBody {
        case .read(let body)?:
            wholeKind = .read
            bodies.read = body
        case .write(let body)?:
            wholeKind = .write
            bodies.write = body
        case nil: break
        }
        rows.append(
            Row(
                kind: kind, wholeKind: wholeKind,
                needsAuthentication: !command.flags.contains(.noAuth),
                subcommands: 0..<0,
                isBrief: bodies.weigh == nil
                    && (command.flags.contains(.fast)
                        || command.documentation.complexity == "O(1)"),
                arity: Int16(command.arity),
                keys: command.keys.positions, isWeighed: bodies.weigh != nil,
                worksMuch: worksMuch,
                splitting: Splitting(command)))
        commands.append(command)
        reads.append(bodies.read)
        writes.append(bodies.write)
        peeks.append(bodies.peek)
        weighs.append(bodies.weigh)
    }

    // MARK: Hot path

    /// The row of the command, or of the subcommand, that `request` is for; `nil` when there is none.
    func find(_ request: borrowing Request) -> Int? {
        guard let found = CommandTable.standard.find(request[0]) else { return nil }
        guard !rows[found].subcommands.isEmpty, request.count > 1 else { return found }
        return subcommand(request[1], of: found)
    }

    /// The row of the subcommand of the container at `row` that `word` names.
    func subcommand(_ word: Span<UInt8>, of row: Int) -> Int? {
        commands[row].subcommandIndex(word).map { Int(rows[row].subcommands.lowerBound) + $0 }
    }
}
