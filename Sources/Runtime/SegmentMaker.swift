import EventLoop
import Glibc
import Journal

/// Makes one segment's file on a thread of its own.
///
/// Writing tens of megabytes of zeros takes a disk a tenth of a second or more; on the disk thread
/// every write behind it would wait. Whoever needs the segment waits in ``finish()``; whoever
/// doesn't, never.
///
/// Sendable: the outcome is only read after the thread has ended.
final class SegmentMaker: @unchecked Sendable {
    let number: UInt64
    private let work: Work
    private let thread: WorkerThread

    private final class Work: @unchecked Sendable {
        var failure: SystemError?
    }

    /// Begins to make the segment in the folder at `path`.
    init(number: UInt64, byteCount: Int, path: String) throws(SystemError) {
        self.number = number
        let work = Work()
        self.work = work
        thread = try WorkerThread(name: "segment") {
            do throws(SystemError) {
                try Self.make(number, byteCount: byteCount, path: path)
            } catch {
                work.failure = error
            }
        }
    }

    /// Waits until the segment is there, or fails as its making did. Called once.
    func finish() throws(SystemError) {
        thread.join()
        if let failure = work.failure { throw failure }
    }

    /// Under its own name only when whole: a segment has all its zeros, or isn't there.
    private static func make(
        _ number: UInt64, byteCount: Int, path: String
    ) throws(SystemError) {
        let temporary = path + "/segment.tmp"
        do {
            let file = try File(temporary, O_RDWR | O_CREAT | O_TRUNC)
            try file.fillWithZeros(byteCount)
            try file.sync()
        }
        try FileSystem.rename(temporary, to: path + "/" + JournalFile.segment(number).name)
        try FileSystem.syncFolder(path)
    }
}
