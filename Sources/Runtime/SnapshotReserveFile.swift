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
        let cut = cut { _ throws(SystemError) in max(byteCount, Self.stepByteCount) }
        return cut.before > cut.after
    }

    /// Gives up what a file of so many bytes lacks, unless there isn't as much.
    ///
    /// - Returns: How many bytes it has now.
    func makeRoom(for byteCount: Int) -> Int {
        cut { held throws(SystemError) in
            let lacking = byteCount - (try FileSystem.freeByteCount(at: path))
            // A file takes a little more than its bytes.
            return lacking > 0 && lacking <= held ? lacking + Self.overheadByteCount : 0
        }.after
    }

    /// Gives up as much as `share` says of the bytes that there are.
    private func cut(
        _ share: (_ held: Int) throws(SystemError) -> Int
    ) -> (before: Int, after: Int) {
        guard FileSystem.exists(path) else { return (0, 0) }
        do throws(SystemError) {
            let file = try openFile()
            let held = try file.byteCount()
            let kept = max(0, held - (try share(held)))
            guard kept < held else { return (held, held) }
            try file.truncate(kept)
            // Blocks can be used again once it is on disk that they are free.
            try file.sync()
            return (held, kept)
        } catch {
            return (0, 0)
        }
    }

    private func openFile() throws(SystemError) -> File { try File(path, O_RDWR | O_CREAT) }
}
