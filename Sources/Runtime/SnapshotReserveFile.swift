import EventLoop
import Glibc

/// A file of nothing that takes room on the disk, to be given up for snapshots when there is no other.
///
/// On a file system that can't set blocks aside there is no reserve.
struct SnapshotReserveFile {
    /// What is given up at least at a time: each time costs a sync.
    private static let stepByteCount = 4 << 20

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

    private func openFile() throws(SystemError) -> File { try File(path, O_RDWR | O_CREAT) }
}
