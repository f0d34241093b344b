import Keyspace
import RESP

/// The options of `SET`, and those of them that `GETEX` and `MSETEX` have.
struct SetOptions {
    enum Owner {
        case set
        case msetex
        case getex
    }

    /// When to set.
    enum Condition: Equatable {
        case none
        case isAbsent
        case isPresent
        case compares(ValueComparison)
    }

    private(set) var condition = Condition.none
    private(set) var answersOld = false
    private(set) var keepsDeadline = false
    private(set) var persists = false
    private(set) var expiration: Expiration?

    /// - Parameters:
    ///   - request: The request.
    ///   - start: Its first option's index.
    ///   - owner: Whose they are.
    /// - Throws: ``CommandError/syntax`` for what is unknown, or excludes another option.
    init(
        parsing request: borrowing Request, from start: Int, of owner: Owner
    ) throws(CommandError) {
        var index = start
        while index < request.count {
            let hasNext = index + 1 < request.count
            let isKnown =
                try owner == .getex
                ? takeGetexOption(request, index)
                : takeSetOption(request, index, of: owner)
            if isKnown {
                index += 1
            } else if hasNext, try takeExpiration(request, index) {
                index += 2
            } else if hasNext, owner == .set,
                let comparison = ValueComparison(request[index], argument: index + 1)
            {
                try setCondition(.compares(comparison))
                index += 2
            } else {
                throw .syntax
            }
        }
    }

    private mutating func takeSetOption(
        _ request: borrowing Request, _ index: Int, of owner: Owner
    ) throws(CommandError) -> Bool {
        let word = request[index]
        if word.equalsIgnoringCase("nx") {
            try setCondition(.isAbsent)
        } else if word.equalsIgnoringCase("xx") {
            try setCondition(.isPresent)
        } else if owner == .set, word.equalsIgnoringCase("get") {
            answersOld = true
        } else if word.equalsIgnoringCase("keepttl"), expiration == nil {
            keepsDeadline = true
        } else {
            return false
        }
        return true
    }

    private mutating func takeGetexOption(
        _ request: borrowing Request, _ index: Int
    ) throws(CommandError) -> Bool {
        guard request[index].equalsIgnoringCase("persist"), expiration == nil else { return false }
        persists = true
        return true
    }

    private mutating func takeExpiration(
        _ request: borrowing Request, _ index: Int
    ) throws(CommandError) -> Bool {
        guard let taken = Expiration(request[index], argument: index + 1) else { return false }
        guard !keepsDeadline, !persists else { throw .syntax }
        // The same option again replaces its time; another one is refused.
        if let expiration,
            expiration.unit != taken.unit || expiration.isRelative != taken.isRelative
        {
            throw .syntax
        }
        expiration = taken
        return true
    }

    private mutating func setCondition(_ new: Condition) throws(CommandError) {
        guard condition == .none || condition == new else { throw .syntax }
        condition = new
    }

    /// The deadline that the options give, if they do.
    func deadline(
        _ request: borrowing Request, command: String, now: Int64
    ) throws(CommandError) -> Int64? {
        try expiration?.deadline(request, command: command, now: now)
    }

    /// Whether `SET` may set the key at `place`.
    func allows(
        _ request: borrowing Request, _ place: borrowing Place, _ keyspace: borrowing Keyspace
    ) throws(CommandError) -> Bool {
        if answersOld, place.isPresent, place.type != .string { throw .wrongType }
        switch condition {
        case .none: return true
        case .isAbsent: return !place.isPresent
        case .isPresent: return place.isPresent
        case .compares(let comparison):
            guard let type = place.type else { return comparison.holdsOfNothing }
            guard type == .string else { throw .wrongType }
            return try comparison.holds(request, place, keyspace)
        }
    }
}
