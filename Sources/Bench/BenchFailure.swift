/// Why a benchmark ended without a result.
package enum BenchFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// A server can't be reached, or a connection to it ended.
    case unreachable(String)
    /// A server answered what it must not.
    case wrongReply(String)
    /// What was asked for can't be measured.
    case impossible(String)

    package var description: String {
        switch self {
        case .unreachable(let text), .impossible(let text): text
        case .wrongReply(let text): "wrong reply: \(text)"
        }
    }
}
