import EventLoop
import Glibc

/// A file of nothing that takes room on the disk, to be given up for snapshots when there is no other.
///
/// On a file system that can't set blocks aside there is no reserve.
struct SnapshotReserveFile {
    /// What is given up at least at a time: each time costs a sync. So little that no segment of the log
    /// fits in it, or one would be begun there before the snapshot has had it.
    private static let stepByteCount = 256 << 10

    /// What a file system needs for a file beside its bytes.
    private static let overheadByteCount = 64 << 10

    let path: String

    /// Makes the reserve larger or smaller.
    ///
    /// - Returns: How many bytes it has now: as many as before when there is no room for more. 0 when it
    ///   can't be had: what is really wrong with a disk is for others to find.
    func change(to byteCount: Int) -> Int {
        do throws(SystemError) {
            let file = try openFile()
            let held = try file.byteCount()
            let isRefused = byteCount > held && !file.allocate(held..<byteCount)
            let kept = isRefused ? held : byteCount
            try file.truncate(kept)
            return kept
        } catch {
            return 0
        }
    }

    /// Gives up what somebody needs, and a little more.
    ///
    /// - Returns: Whether there was something to give.
    func give(_ byteCount: Int) -> Bool {
        guard FileSystem.exists(path) else { return false }
        do throws(SystemError) {
            let file = try openFile()
            let held = try file.byteCount()
            guard held > 0 else { return false }
            try file.truncate(max(0, held - max(byteCount, Self.stepByteCount)))
            // Blocks can be used again once it is on disk that they are free.
            try file.sync()
            return true
        } catch {
            return false
        }
    }

    /// Gives up what a file of so many bytes lacks, unless there isn't as much.
    ///
    /// - Returns: How many bytes it has now.
    func makeRoom(for byteCount: Int) -> Int {
        guard FileSystem.exists(path) else { return 0 }
        do throws(SystemError) {
            let file = try openFile()
            let held = try file.byteCount()
            let lacking = byteCount - (try FileSystem.freeByteCount(at: path))
            guard lacking > 0, lacking <= held else { return held }
            // A file takes a little more than its bytes.
            let kept = max(0, held - lacking - Self.overheadByteCount)
            try file.truncate(kept)
            try file.sync()
            return kept
        } catch {
            return 0
        }
    }

    private func openFile() throws(SystemError) -> File { try File(path, O_RDWR | O_CREAT) }
}
