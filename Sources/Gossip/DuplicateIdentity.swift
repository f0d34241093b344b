import Primitives

/// Another live process with this node's id.
struct DuplicateIdentity: Sendable {
    var process: UInt64
    var address: Address
    /// Whether this process started later, and so must stop.
    var isOursLater: Bool
    var heardAt: Instant
}
