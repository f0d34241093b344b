package import Node

/// Why a node that ran has ended.
package enum ExitReason: Equatable, Sendable {
    /// It was asked to by this signal, and left its journals cleanly closed.
    case signal(Int32)
    /// It was asked to by ``NodeRuntime/requestStop()``, likewise.
    case requested
    /// It was asked to, but the disk didn't finish in time; the next start recovers as after a
    /// crash.
    case stopTimedOut
    case stopped(StopReason)
}
