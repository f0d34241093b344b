import Keyspace
import RESP

/// The options of `SET` and of `GETEX`.
struct SetOptions {
    /// When `SET` sets; comparisons hold the index of the argument that they compare with.
    enum Condition: Equatable {
        case none
        case isAbsent
        case isPresent
        case equals(Int)
        case differs(Int)
        case digestEquals(Int)
        case digestDiffers(Int)
    }

    private(set) var condition = Condition.none
    private(set) var answersOld = false
    private(set) var keepsDeadline = false
    private(set) var persists = false
    private(set) var expiration: Expiration?

    /// - Parameters:
    ///   - request: The request.
    ///   - start: Its first option's index.
    ///   - isSet: Whether it is `SET`; else `GETEX`.
    /// - Throws: ``CommandError/syntax`` for what is unknown, or excludes another option.
    init(
        parsing request: borrowing Request, from start: Int, isSet: Bool
    ) throws(CommandError) {
        var index = start
        while index < request.count {
            let hasNext = index + 1 < request.count
            let isKnown =
                try isSet
                ? takeSetOption(request, index)
                : takeGetexOption(request, index)
            if isKnown {
                index += 1
            } else if hasNext, try takeExpiration(request, index) {
                index += 2
            } else if hasNext, isSet, try takeComparison(request, index) {
                index += 2
            } else {
                throw .syntax
            }
        }
    }

    private mutating func takeSetOption(
        _ request: borrowing Request, _ index: Int
    ) throws(CommandError) -> Bool {
        let word = request[index]
        if word.equalsIgnoringCase("nx") {
            try setCondition(.isAbsent)
        } else if word.equalsIgnoringCase("xx") {
            try setCondition(.isPresent)
        } else if word.equalsIgnoringCase("get") {
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
        let word = request[index]
        let next = index + 1
        let taken: Expiration
        if word.equalsIgnoringCase("ex") {
            taken = Expiration(argument: next, unit: .seconds, isRelative: true)
        } else if word.equalsIgnoringCase("px") {
            taken = Expiration(argument: next, unit: .milliseconds, isRelative: true)
        } else if word.equalsIgnoringCase("exat") {
            taken = Expiration(argument: next, unit: .seconds, isRelative: false)
        } else if word.equalsIgnoringCase("pxat") {
            taken = Expiration(argument: next, unit: .milliseconds, isRelative: false)
        } else {
            return false
        }
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

    private mutating func takeComparison(
        _ request: borrowing Request, _ index: Int
    ) throws(CommandError) -> Bool {
        let word = request[index]
        let next = index + 1
        if word.equalsIgnoringCase("ifeq") {
            try setCondition(.equals(next))
        } else if word.equalsIgnoringCase("ifne") {
            try setCondition(.differs(next))
        } else if word.equalsIgnoringCase("ifdeq") {
            try setCondition(.digestEquals(next))
        } else if word.equalsIgnoringCase("ifdne") {
            try setCondition(.digestDiffers(next))
        } else {
            return false
        }
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
        case .equals(let argument):
            return try Self.holds(request[argument], place, keyspace)
        case .differs(let argument):
            return try !Self.holds(request[argument], place, keyspace)
        case .digestEquals(let argument):
            return try Self.hasDigest(request[argument], place, keyspace)
        case .digestDiffers(let argument):
            return try !Self.hasDigest(request[argument], place, keyspace)
        }
    }

    private static func holds(
        _ value: Span<UInt8>, _ place: borrowing Place, _ keyspace: borrowing Keyspace
    ) throws(CommandError) -> Bool {
        guard let type = place.type else { return false }
        guard type == .string else { throw .wrongType }
        return keyspace.string(at: place).equals(value)
    }

    /// Whether the string's digest, as `DIGEST` writes it, is `digest`.
    private static func hasDigest(
        _ digest: Span<UInt8>, _ place: borrowing Place, _ keyspace: borrowing Keyspace
    ) throws(CommandError) -> Bool {
        guard digest.count == 16, let expected = hexadecimalNumber(digest) else {
            throw CommandError("ERR must be exactly 16 hexadecimal characters")
        }
        guard let type = place.type else { return false }
        guard type == .string else { throw .wrongType }
        return keyspace.digest(at: place) == expected
    }

    private static func hexadecimalNumber(_ digits: Span<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for index in 0..<digits.count {
            let digit: UInt8
            switch lowercased(digits[index]) {
            case let byte where UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte: digit = byte - 0x30
            case let byte where UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte: digit = byte - 0x57
            default: return nil
            }
            number = number << 4 | UInt64(digit)
        }
        return number
    }
}
