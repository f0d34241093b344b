/// Something that the disk did not do.
struct DiskError: Equatable, Sendable, CustomStringConvertible {
    /// The system's error number.
    var code: Int32
    /// What was tried, and on which file.
    var operation: String

    /// What the system says of the number.
    var reason: String {
        switch code {
        case 5: "Input/output error"
        case 28: "No space left on device"
        case 30: "Read-only file system"
        case 122: "Disk quota exceeded"
        default: "error \(code)"
        }
    }

    var description: String { "\(operation): \(reason) (error \(code))" }
}
