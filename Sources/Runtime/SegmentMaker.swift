import EventLoop
import Glibc
import Journal

/// How the zeros of a new segment get into its file.
package enum SegmentZeros: Sendable {
    /// They are written, so that a sync has nothing to note but the bytes themselves.
    case written
    /// Blocks are set aside, which read as zeros: half of the writes, for who syncs once a second. Written
    /// where the file system can't.
    case setAside
}

/// Makes one segment's file on a thread of its own.
///
/// Writing tens of megabytes of zeros takes a disk a tenth of a second or more; on the disk thread
/// every write behind it would wait.
final class SegmentMaker {
    private let thread: WorkerThread

    /// Begins to make the segment in the folder at `path`. `completed` is called on the thread.
    init(
        number: UInt64, byteCount: Int, zeros: SegmentZeros, path: String,
        completed: @escaping @Sendable (SystemError?) -> Void
    ) throws(SystemError) {
        thread = try WorkerThread(name: "segment") {
            do throws(SystemError) {
                try Self.make(number, byteCount: byteCount, zeros: zeros, path: path)
                completed(nil)
            } catch {
                completed(error)
            }
        }
    }

    /// Waits until the thread has ended. Called once.
    func join() { thread.join() }

    /// Under its own name only when whole: a segment has all its zeros, or isn't there.
    private static func make(
        _ number: UInt64, byteCount: Int, zeros: SegmentZeros, path: String
    ) throws(SystemError) {
        let temporary = path + "/segment.tmp"
        do throws(SystemError) {
            // Half a segment, even for a moment, would take room that a snapshot needs.
            guard try FileSystem.freeByteCount(at: path) >= byteCount else {
                throw SystemError(code: ENOSPC, operation: "write \(temporary)")
            }
            try write(byteCount, zeros: zeros, to: temporary)
            try FileSystem.rename(temporary, to: path + "/" + JournalFile.segment(number).name)
        } catch {
            // On a full disk, what there is of it takes room from others.
            _ = try? FileSystem.remove(temporary)
            throw error
        }
        try FileSystem.syncFolder(path)
    }

    private static func write(
        _ byteCount: Int, zeros: SegmentZeros, to path: String
    ) throws(SystemError) {
        let file = try File(path, O_RDWR | O_CREAT | O_TRUNC)
        switch zeros {
        case .setAside where file.allocate(0..<byteCount): break
        case .written, .setAside: try file.fillWithZeros(byteCount)
        }
        try file.sync()
    }
}
