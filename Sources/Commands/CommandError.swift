import Primitives

/// A command's refusal: it becomes an error reply, and the connection goes on.
///
/// The texts are Redis 7.0's, word for word; clients match on them.
package struct CommandError: Error, Equatable, Sendable {
    /// What follows the `-` of the reply, its code first.
    package let text: String

    package init(_ text: String) { self.text = text }

    package static let syntax = CommandError("ERR syntax error")
    package static let wrongType = CommandError(
        "WRONGTYPE Operation against a key holding the wrong kind of value")
    package static let notInteger = CommandError("ERR value is not an integer or out of range")
    package static let outOfRange = CommandError("ERR value is out of range")
    package static let notFloat = CommandError("ERR value is not a valid float")
    package static let overflow = CommandError("ERR increment or decrement would overflow")
    package static let notFinite = CommandError("ERR increment would produce NaN or Infinity")
    package static let stringTooLong = CommandError(
        "ERR string exceeds maximum allowed size (proto-max-bulk-len)")
    package static let invalidCursor = CommandError("ERR invalid cursor")

    static let fieldsTwice = CommandError("ERR FIELDS keyword specified multiple times")

    static func unknownArgument(_ word: Span<UInt8>) -> CommandError {
        CommandError(
            "ERR unknown argument: \(String(decoding: [UInt8](copying: word), as: UTF8.self))")
    }

    package static func wrongArgumentCount(_ fullName: String) -> CommandError {
        CommandError("ERR wrong number of arguments for '\(fullName)' command")
    }

    package static func invalidExpireTime(_ fullName: String) -> CommandError {
        CommandError("ERR invalid expire time in '\(fullName)' command")
    }
}
