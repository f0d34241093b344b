import CCrashMarker
import Glibc

/// A file in which a thread that dies of a fatal signal says what it was applying. Nothing is known of a
/// process that was ended from without (SIGKILL).
package final class CrashRecorder: Sendable {
    /// One death.
    package struct Record: Equatable, Sendable {
        package var group: UInt64
        package var replica: UInt64
        package var index: UInt64
    }

    private let file: File
    private let version: UInt32
    /// The deaths of processes of the same version, before this one.
    package let records: [Record]

    /// Opens the file, or makes it.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - version: What stands for the version of this build: records of others are passed over.
    /// - Throws: Why it can't be opened or read.
    package init(_ path: String, version: UInt32) throws(SystemError) {
        let code = martlet_crash_marker_install()
        guard code == 0 else { throw SystemError(code: code, operation: "handle signals") }
        file = try File(path, O_RDWR | O_APPEND | O_CREAT)
        self.version = version
        let size = MemoryLayout<martlet_crash_record>.size
        let byteCount = try file.byteCount()
        // What has been added since a record was cut short would be read askew.
        if byteCount % size != 0 { try file.truncate(byteCount - byteCount % size) }
        let first = max(0, byteCount / size - Self.recordLimit) * size
        let bytes = try file.read(byteCount / size * size - first, at: first)
        records = Self.records(in: bytes, version: version)
    }

    /// Records that are looked at: the last of the file.
    private static let recordLimit = 1024

    private static func records(in bytes: [UInt8], version: UInt32) -> [Record] {
        let size = MemoryLayout<martlet_crash_record>.size
        return unsafe bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count / size * size, by: size).compactMap { offset in
                let record = unsafe bytes.loadUnaligned(
                    fromByteOffset: offset, as: martlet_crash_record.self)
                guard record.magic == UInt32(MARTLET_CRASH_MAGIC),
                    record.version == version
                else { return nil }
                return Record(
                    group: record.group, replica: record.replica, index: record.index)
            }
        }
    }

    /// From now on the calling thread's death is recorded, with what `mark` holds then: four words, of
    /// which the first is 0 while nothing is being applied. Ends with ``unwatch()``, on the same thread.
    package func watch(_ mark: UnsafeRawPointer) throws(SystemError) {
        let code = unsafe martlet_crash_marker_watch(
            mark.assumingMemoryBound(to: martlet_apply_mark.self), file.descriptor, version)
        guard code == 0 else { throw SystemError(code: code, operation: "watch a thread") }
    }

    package func unwatch() { martlet_crash_marker_unwatch() }
}
