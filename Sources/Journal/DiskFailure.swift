/// The disk refused an operation at start-up.
package struct DiskFailure: Error, Equatable, Sendable {
    /// What was tried, and on which file.
    package let operation: String
    /// The system's error number.
    package let code: Int32

    package init(operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }
}
