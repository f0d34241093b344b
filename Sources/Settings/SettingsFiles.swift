import Glibc

/// Why a file could not be read, in the system's words.
package struct FileFailure: Error, Equatable, Sendable {
    package var reason: String

    package init(reason: String) {
        self.reason = reason
    }
}

/// How settings reach files: the real ones, or a test's.
package struct SettingsFiles: Sendable {
    private let reader: @Sendable (String) throws(FileFailure) -> String

    package init(_ reader: @escaping @Sendable (String) throws(FileFailure) -> String) {
        self.reader = reader
    }

    func read(_ path: String) throws(FileFailure) -> String { try reader(path) }

    /// The files of this machine.
    package static let system = SettingsFiles { path throws(FileFailure) in
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FileFailure(reason: unsafe String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
            guard count >= 0 else {
                throw FileFailure(reason: unsafe String(cString: strerror(errno)))
            }
            guard count > 0 else { break }
            content.append(contentsOf: buffer[..<count])
            guard content.count <= maximumByteCount else {
                throw FileFailure(reason: "larger than \(byteText(maximumByteCount))")
            }
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw FileFailure(reason: "not UTF-8")
        }
        return text
    }

    private static let maximumByteCount = 1 << 20
}
