package import Primitives

/// Why a request has no reply.
package enum ClientError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing was sent.
    case unreachable(Address, reason: String)
    /// The connection ended, or was given up, after the request may have been sent: it may have
    /// been executed.
    case lost(Address, reason: String)
    /// Every node refused it until the time was over; it was not executed.
    case refused(String)

    package var description: String {
        switch self {
        case .unreachable(let address, let reason): "\(address) can't be reached: \(reason)"
        case .lost(let address, let reason): "the connection to \(address) was lost: \(reason)"
        case .refused(let error): "refused: \(error)"
        }
    }
}
