import Keyspace
import RESP

/// The options of `INCREX`.
struct IncrexOptions {
    enum Number {
        case integer
        case float
    }

    private(set) var number = Number.integer
    /// Indices of the arguments; `nil` for those that are not given.
    private(set) var increment: Int?
    private(set) var lowerBound: Int?
    private(set) var upperBound: Int?
    private(set) var saturates = false
    private(set) var persists = false
    /// Whether a deadline that is there stays.
    private(set) var keepsOldDeadline = false
    private(set) var expiration: Expiration?

    init(parsing request: borrowing Request) throws(CommandError) {
        var index = 2
        while index < request.count {
            if try takeFlag(request[index]) {
                index += 1
            } else if index + 1 < request.count, try takeArgument(request[index], index + 1) {
                index += 2
            } else {
                throw .syntax
            }
        }
        guard !persists || expiration == nil && !keepsOldDeadline else { throw .syntax }
        guard !keepsOldDeadline || expiration != nil else {
            throw CommandError("ERR ENX flag requires an expiration")
        }
    }

    private mutating func takeFlag(_ word: Span<UInt8>) throws(CommandError) -> Bool {
        if word.equalsIgnoringCase("saturate") {
            try Self.raise(&saturates)
        } else if word.equalsIgnoringCase("persist") {
            try Self.raise(&persists)
        } else if word.equalsIgnoringCase("enx") {
            try Self.raise(&keepsOldDeadline)
        } else {
            return false
        }
        return true
    }

    private mutating func takeArgument(
        _ word: Span<UInt8>, _ argument: Int
    ) throws(CommandError) -> Bool {
        if let taken = Expiration(word, argument: argument) {
            try Self.fill(&expiration, with: taken)
        } else if word.equalsIgnoringCase("byint") {
            try Self.fill(&increment, with: argument)
        } else if word.equalsIgnoringCase("byfloat") {
            try Self.fill(&increment, with: argument)
            number = .float
        } else if word.equalsIgnoringCase("lbound") {
            try Self.fill(&lowerBound, with: argument)
        } else if word.equalsIgnoringCase("ubound") {
            try Self.fill(&upperBound, with: argument)
        } else {
            return false
        }
        return true
    }

    /// No option may be given twice.
    private static func raise(_ flag: inout Bool) throws(CommandError) {
        guard !flag else { throw .syntax }
        flag = true
    }

    private static func fill<Value>(
        _ option: inout Value?, with value: Value
    ) throws(CommandError) {
        guard option == nil else { throw .syntax }
        option = value
    }

    /// What the key's deadline becomes.
    func deadline(
        _ request: borrowing Request, instead current: Int64, now: Int64
    ) throws(CommandError) -> Int64 {
        let given = try expiration?.deadline(request, command: "increx", now: now)
        if persists { return Keyspace.noDeadline }
        guard let given, !keepsOldDeadline || current == Keyspace.noDeadline else {
            return current
        }
        return given
    }
}
