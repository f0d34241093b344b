import CLibuv
import Glibc

/// An open file; closed when its owner lets it go.
package struct File: ~Copyable {
    package let path: String
    let descriptor: Int32

    /// Opens with `flags` of `open(2)`; a new file can be read and written by its user only.
    package init(_ path: String, _ flags: Int32) throws(SystemError) {
        self.path = path
        descriptor = unsafe open(path, flags | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw .last("open \(path)") }
    }

    deinit { Glibc.close(descriptor) }

    package func write(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
        try write(bytes.span, at: offset)
    }

    /// Writes all of `bytes`, or fails.
    package func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
        let code = unsafe bytes.withUnsafeBufferPointer { bytes -> Int32 in
            var done = 0
            while done < bytes.count {
                let count = unsafe pwrite(
                    descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done,
                    off_t(offset + done))
                if count > 0 {
                    done += count
                } else if count == 0 || errno != EINTR {
                    return count == 0 ? EIO : errno
                }
            }
            return 0
        }
        guard code == 0 else {
            throw SystemError(code: code, operation: "write \(path) at \(offset)")
        }
    }

    /// How many bytes the file has.
    package func byteCount() throws(SystemError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last("stat \(path)") }
        return Int(status.st_size)
    }

    /// Up to `byteCount` bytes from `offset` on; fewer at the file's end.
    package func read(_ byteCount: Int, at offset: Int) throws(SystemError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, done in
            unsafe (done, code) = fill(buffer, from: offset)
        }
        guard code == 0 else {
            throw SystemError(code: code, operation: "read \(path) at \(offset)")
        }
        return bytes
    }

    /// Reads the file's first `byteCount` bytes over those of `bytes`, which has as many.
    ///
    /// - Returns: How many there were.
    package func read(into bytes: inout [UInt8], byteCount: Int) throws(SystemError) -> Int {
        let (done, code) = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe fill(UnsafeMutableBufferPointer(rebasing: buffer[..<byteCount]), from: 0)
        }
        guard code == 0 else { throw SystemError(code: code, operation: "read \(path)") }
        return done
    }

    /// Reads as much as `buffer` holds or the file has from `offset` on.
    private func fill(
        _ buffer: UnsafeMutableBufferPointer<UInt8>, from offset: Int
    ) -> (byteCount: Int, code: Int32) {
        var done = 0
        while done < buffer.count {
            let count = unsafe pread(
                descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
                off_t(offset + done))
            if count == 0 { break }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                return (done, errno)
            }
        }
        return (done, 0)
    }

    /// Writes `byteCount` zeros from the start: blocks that exist make later syncs cheaper.
    package func fillWithZeros(_ byteCount: Int) throws(SystemError) {
        let zeros = [UInt8](repeating: 0, count: min(byteCount, 1 << 20))
        var offset = 0
        while offset < byteCount {
            let count = min(zeros.count, byteCount - offset)
            try write(zeros.span.extracting(0..<count), at: offset)
            offset += count
            // Little by little, so that other files' syncs don't wait for all of it.
            if offset % (4 << 20) == 0 { try syncData() }
        }
    }

    /// Has the disk begin with what was written to a range, so that a later sync has less to wait for. A hint:
    /// nothing is durable by it, and it is no failure where the file system doesn't know how.
    package func beginWriting(_ range: Range<Int>) {
        _ = martlet_begin_writing(descriptor, off_t(range.lowerBound), off_t(range.count))
    }

    /// Makes the file's contents durable, with what is needed to read them (`fdatasync`).
    package func syncData() throws(SystemError) {
        guard fdatasync(descriptor) == 0 else { throw .last("sync \(path)") }
    }

    /// Makes the file's contents and attributes durable (`fsync`).
    package func sync() throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw .last("sync \(path)") }
    }

    /// Takes the file's exclusive lock for as long as this value lives; false when another has it.
    package func lock() throws(SystemError) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw .last("lock \(path)") }
        return false
    }

    /// Sets blocks of the disk aside for a range of the file, which is extended if need be.
    ///
    /// - Returns: Whether it could: there may be no room, or the file system may not know how.
    package func allocate(_ range: Range<Int>) -> Bool {
        while martlet_allocate(descriptor, off_t(range.lowerBound), off_t(range.count)) != 0 {
            guard errno == EINTR else { return false }
        }
        return true
    }

    package func truncate(_ byteCount: Int) throws(SystemError) {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw .last("cut \(path)") }
    }
}
