import CLibuv
import Glibc

/// The operating system refused an operation.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// An `errno` value; name lookup and end of file have values of their own (libuv, negated).
    package let code: Int32
    /// What was tried, with the file or address that it concerns.
    package let operation: String

    package init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    /// The error that the system call just before has left in `errno`.
    package static func last(_ operation: String) -> SystemError {
        SystemError(code: errno, operation: operation)
    }

    /// What the system says of ``code``.
    package var reason: String { unsafe String(cString: uv_strerror(-code)) }

    /// Whether there was no room for what was to be written.
    package var isFull: Bool { code == ENOSPC || code == EDQUOT }

    package var isAddressInUse: Bool { code == EADDRINUSE }

    package var description: String { "\(operation): \(reason)" }
}

extension SystemError {
    /// Fails when `status`, as libuv returns it, is negative.
    static func check(_ status: Int32, _ operation: @autoclosure () -> String)
        throws(SystemError)
    {
        guard status < 0 else { return }
        throw SystemError(code: -status, operation: operation())
    }
}
