import Glibc

/// Held by one process at a time, until this value goes away or the process ends.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Waits for whoever holds it.
    init(_ path: String) throws {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandFailure(.folder, "\(path) can't be locked: \(reason)")
        }
    }

    deinit { close(descriptor) }
}
