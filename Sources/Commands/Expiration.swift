import RESP

/// When a key is to end, as an argument says it.
struct Expiration {
    enum Unit {
        case seconds
        case milliseconds
    }

    /// Which argument the number is.
    let argument: Int
    let unit: Unit
    /// Whether it counts from now; else from the epoch.
    let isRelative: Bool

    init(argument: Int, unit: Unit, isRelative: Bool) {
        self.argument = argument
        self.unit = unit
        self.isRelative = isRelative
    }

    /// What the option `word` says of the number that argument `argument` is; `nil` when it is no such option.
    init?(_ word: Span<UInt8>, argument: Int) {
        if word.equalsIgnoringCase("ex") {
            self.init(argument: argument, unit: .seconds, isRelative: true)
        } else if word.equalsIgnoringCase("px") {
            self.init(argument: argument, unit: .milliseconds, isRelative: true)
        } else if word.equalsIgnoringCase("exat") {
            self.init(argument: argument, unit: .seconds, isRelative: false)
        } else if word.equalsIgnoringCase("pxat") {
            self.init(argument: argument, unit: .milliseconds, isRelative: false)
        } else {
            return nil
        }
    }

    /// The deadline in milliseconds since the epoch, for commands that want a positive time.
    func deadline(
        _ request: borrowing Request, command: String, now: Int64
    ) throws(CommandError) -> Int64 {
        let time = try request[argument].integerArgument()
        guard time > 0 else { throw .invalidExpireTime(command) }
        return try Self.deadline(time, unit, isRelative, command: command, now: now)
    }

    /// `time` in milliseconds since the epoch; it may be in the past.
    static func deadline(
        _ time: Int64, _ unit: Unit, _ isRelative: Bool, command: String, now: Int64
    ) throws(CommandError) -> Int64 {
        let (scaled, overflow) = time.multipliedReportingOverflow(by: unit == .seconds ? 1000 : 1)
        let (deadline, carry) = scaled.addingReportingOverflow(isRelative ? now : 0)
        guard !overflow, !carry else { throw .invalidExpireTime(command) }
        // The highest value stands for no deadline at all.
        return min(deadline, .max - 1)
    }
}
