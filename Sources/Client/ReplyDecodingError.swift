/// Bytes that are no reply of RESP2 or RESP3; the connection can't be used any longer.
package struct ReplyDecodingError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}
