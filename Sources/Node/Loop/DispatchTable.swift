import Commands
import Primitives
import RESP

/// What dispatch needs of each row of the command table, without the rest of it.
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
        var hasSubcommands: Bool
        var arity: Int
        var firstKey: Int
        var lastKey: Int
        var keyStep: Int

        func acceptsCount(_ count: Int) -> Bool {
            arity >= 0 ? count == arity : count >= -arity
        }

        /// The slot of `request`'s keys.
        func slot(of request: borrowing Request, in database: DatabaseID) -> SlotVerdict {
            if let slot = database.slot {
                return wholeKind != nil || firstKey > 0 && firstKey < request.count
                    ? .one(slot) : .none
            }
            let count = request.count
            let end = min(lastKey < 0 ? count + lastKey + 1 : lastKey + 1, count)
            guard firstKey > 0, firstKey < end else { return .none }
            let slot = SlotID(key: request[firstKey])
            var index = firstKey + keyStep
            while index < end {
                guard SlotID(key: request[index]) == slot else { return .crossSlot }
                index += keyStep
            }
            return .one(slot)
        }
    }

    private(set) var rows: [Row] = []
    private(set) var reads: [ReadBody?] = []
    private(set) var writes: [WriteBody?] = []
    private(set) var peeks: [PeekBody?] = []

    init(_ table: borrowing CommandTable) {
        for index in 0..<table.count {
            let command = table[index]
            let kind: Kind
            var bodies: (read: ReadBody?, write: WriteBody?, peek: PeekBody?)
            switch command.body {
            case .session(let session): kind = .session(session)
            case .read(let body):
                kind = .read
                bodies.read = body
            case .write(let body, let peek):
                kind = .write
                bodies.write = body
                bodies.peek = peek
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
                    hasSubcommands: !command.subcommands.isEmpty,
                    arity: command.arity, firstKey: command.keys.first,
                    lastKey: command.keys.last, keyStep: command.keys.step))
            reads.append(bodies.read)
            writes.append(bodies.write)
            peeks.append(bodies.peek)
        }
    }
}
