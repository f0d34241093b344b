import RESP

/// When fields of a hash are to end, as an argument says it.
enum FieldExpiration {
    /// The latest deadline (Redis: `HFE_MAX_ABS_TIME_MSEC`).
    private static let limit: Int64 = (1 << 46) - 1

    /// The deadline that an argument says; it may be in the past.
    ///
    /// - Parameters:
    ///   - text: The argument.
    ///   - unit: What it counts.
    ///   - isRelative: Whether it counts from `now`; else from the epoch.
    ///   - command: The command's name.
    ///   - now: The time, in milliseconds since the epoch.
    /// - Returns: The deadline in milliseconds since the epoch.
    /// - Throws: The error to answer.
    static func deadline(
        _ text: Span<UInt8>, _ unit: Expiration.Unit, isRelative: Bool, command: String, now: Int64
    ) throws(CommandError) -> Int64 {
        let time = try text.integerArgument()
        guard time >= 0 else { throw CommandError("ERR invalid expire time, must be >= 0") }
        let scale: Int64 = unit == .seconds ? 1000 : 1
        let start = isRelative ? now : 0
        guard time <= limit / scale, time * scale <= limit - start else {
            throw .invalidExpireTime(command)
        }
        return start + time * scale
    }
}
