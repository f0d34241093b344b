/// How a ``DiskRequest`` ended. A failed one is never repeated: it ends the process (design §7).
package enum DiskOutcome: Equatable, Sendable {
    case done
    /// There was no room, and nothing was done. `code` is the system's error number.
    case full(code: Int32, operation: String)
    /// `code` is the system's error number.
    case failed(code: Int32, operation: String)
}
