import Keyspace
import RESP

/// The conditions of the `EXPIRE` family.
struct ExpireOptions {
    private var ifNone = false
    private var ifAny = false
    private var ifLater = false
    private var ifEarlier = false

    /// No condition.
    init() {}

    init(parsing request: borrowing Request) throws(CommandError) {
        for index in 3..<max(request.count, 3) where !take(request[index]) {
            let shown = String(decoding: request.copy(index), as: UTF8.self)
            throw CommandError("ERR Unsupported option \(shown)")
        }
        if ifNone, ifAny || ifLater || ifEarlier {
            throw CommandError(
                "ERR NX and XX, GT or LT options at the same time are not compatible")
        }
        if ifLater, ifEarlier {
            throw CommandError("ERR GT and LT options at the same time are not compatible")
        }
    }

    /// Adds the condition that `word` names; whether it names one.
    mutating func take(_ word: Span<UInt8>) -> Bool {
        if word.equalsIgnoringCase("nx") {
            ifNone = true
        } else if word.equalsIgnoringCase("xx") {
            ifAny = true
        } else if word.equalsIgnoringCase("gt") {
            ifLater = true
        } else if word.equalsIgnoringCase("lt") {
            ifEarlier = true
        } else {
            return false
        }
        return true
    }

    /// How many there are.
    var count: Int { [ifNone, ifAny, ifLater, ifEarlier].count { $0 } }

    /// Whether `deadline` may take the place of `current`, which may be none.
    func allows(_ deadline: Int64, instead current: Int64) -> Bool {
        allowsSome(insteadOf: current) && (!ifLater || deadline > current)
            && (!ifEarlier || deadline < current)
    }

    /// Whether any deadline may take the place of `current`.
    func allowsSome(insteadOf current: Int64) -> Bool {
        current == Keyspace.noDeadline ? !ifAny && !ifLater : !ifNone
    }
}
