import Dispatch
import Foundation
import Glibc
import Synchronization

/// Writes lines to a file or to standard error, on a queue of its own, so that a slow disk or a
/// full pipe holds nobody up. What doesn't fit in its bound is dropped and counted.
///
/// `@unchecked Sendable`: `descriptor` and `signals` are touched on `queue` only.
final class LogWriter: @unchecked Sendable {
    private let path: String?
    private let queue = DispatchQueue(label: "martlet.log")
    private let waitingByteCount = Atomic<Int>(0)
    private let droppedCount = Atomic<Int>(0)
    private var descriptor: Int32 = STDERR_FILENO
    private var signals: (any DispatchSourceSignal)?

    private static let waitingByteCountLimit = 4 << 20

    /// Opens the log.
    ///
    /// - Parameter path: The file to append to, opened anew on SIGHUP; `nil` for standard error.
    /// - Throws: ``CommandFailure`` when the file can't be opened.
    init(path: String?) throws {
        self.path = path
        guard let path else { return }
        descriptor = Self.open(path)
        guard descriptor >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandFailure(.folder, "log.file \(path) can't be opened: \(reason)")
        }
        signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: queue)
        source.setEventHandler { [weak self] in self?.reopen() }
        source.resume()
        signals = source
    }

    func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        let waiting = waitingByteCount.add(bytes.count, ordering: .relaxed).newValue
        guard waiting <= Self.waitingByteCountLimit else {
            waitingByteCount.subtract(bytes.count, ordering: .relaxed)
            droppedCount.add(1, ordering: .relaxed)
            return
        }
        queue.async { [self] in
            let dropped = droppedCount.exchange(0, ordering: .relaxed)
            if dropped > 0 {
                put(Array("(\(dropped) lines of the log were dropped)\n".utf8))
            }
            put(bytes)
            waitingByteCount.subtract(bytes.count, ordering: .relaxed)
        }
    }

    /// Returns when all that was written before is out.
    func flush() {
        queue.sync {}
    }

    private func put(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0 {
                guard errno == EINTR else { return }
                continue
            }
            rest = rest.dropFirst(count)
        }
    }

    private func reopen() {
        guard let path else { return }
        let opened = Self.open(path)
        guard opened >= 0 else { return }
        close(descriptor)
        descriptor = opened
    }

    private static func open(_ path: String) -> Int32 {
        unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    }
}
