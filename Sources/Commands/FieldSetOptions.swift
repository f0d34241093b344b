import RESP

/// The arguments of `HGETEX` and `HSETEX` behind the key: options and `FIELDS count …`, in any order.
struct FieldSetOptions {
    enum Command: String {
        case hgetex
        case hsetex

        /// Arguments for each field: its name, and its value.
        var stride: Int { self == .hgetex ? 1 : 2 }
    }

    enum Condition {
        case none
        case allAbsent
        case allPresent
    }

    enum Time: Equatable {
        case none
        /// The time at which the fields end.
        case deadline(Int64)
        case keep
        case persist
    }

    private(set) var condition = Condition.none
    private(set) var time = Time.none
    /// Where the first name is.
    private(set) var first = 0
    private(set) var count = 0
    private let command: Command

    /// - Parameters:
    ///   - request: The request.
    ///   - command: Its command.
    ///   - now: The time from which times count.
    /// - Throws: The error to answer.
    init(
        parsing request: borrowing Request, _ command: Command, now: Int64
    ) throws(CommandError) {
        self.command = command
        var index = 2
        while index < request.count {
            if request[index].equalsIgnoringCase("fields") {
                try takeFields(request, index)
                index = first + count * command.stride
            } else if try takeTime(request, index, now) {
                index += 2
            } else if try takeWord(request[index]) {
                index += 1
            } else {
                throw .unknownArgument(request[index])
            }
        }
        guard count > 0 else { throw CommandError("ERR missing FIELDS argument") }
    }

    /// Where the names are.
    var names: StrideTo<Int> {
        Swift.stride(from: first, to: first + count * command.stride, by: command.stride)
    }

    private mutating func takeFields(
        _ request: borrowing Request, _ index: Int
    ) throws(CommandError) {
        guard count == 0 else { throw .fieldsTwice }
        guard index + 1 + command.stride < request.count else {
            throw .wrongArgumentCount(command.rawValue)
        }
        guard let count = request[index + 1].decimalInteger(), 1...Int64(Int32.max) ~= count else {
            throw CommandError("ERR invalid number of fields")
        }
        first = index + 2
        guard Int(count) * command.stride <= request.count - first else {
            throw .wrongArgumentCount(command.rawValue)
        }
        self.count = Int(count)
    }

    private mutating func takeTime(
        _ request: borrowing Request, _ index: Int, _ now: Int64
    ) throws(CommandError) -> Bool {
        let word = request[index]
        let unit: Expiration.Unit
        let isRelative: Bool
        if word.equalsIgnoringCase("ex") {
            (unit, isRelative) = (.seconds, true)
        } else if word.equalsIgnoringCase("px") {
            (unit, isRelative) = (.milliseconds, true)
        } else if word.equalsIgnoringCase("exat") {
            (unit, isRelative) = (.seconds, false)
        } else if word.equalsIgnoringCase("pxat") {
            (unit, isRelative) = (.milliseconds, false)
        } else {
            return false
        }
        try setTime(.none)
        guard index + 1 < request.count else { throw CommandError("ERR missing expire time") }
        time = .deadline(
            try FieldExpiration.deadline(
                request[index + 1], unit, isRelative: isRelative, command: command.rawValue,
                now: now))
        return true
    }

    private mutating func takeWord(_ word: Span<UInt8>) throws(CommandError) -> Bool {
        switch command {
        case .hgetex:
            guard word.equalsIgnoringCase("persist") else { return false }
            try setTime(.persist)
        case .hsetex:
            if word.equalsIgnoringCase("keepttl") {
                try setTime(.keep)
            } else if word.equalsIgnoringCase("fnx") {
                try setCondition(.allAbsent)
            } else if word.equalsIgnoringCase("fxx") {
                try setCondition(.allPresent)
            } else {
                return false
            }
        }
        return true
    }

    private mutating func setTime(_ new: Time) throws(CommandError) {
        guard time == .none else {
            let last = command == .hgetex ? "PERSIST" : "KEEPTTL"
            throw CommandError(
                "ERR Only one of EX, PX, EXAT, PXAT or \(last) arguments can be specified")
        }
        time = new
    }

    private mutating func setCondition(_ new: Condition) throws(CommandError) {
        guard condition == .none else {
            throw CommandError("ERR Only one of FXX or FNX arguments can be specified")
        }
        condition = new
    }
}
