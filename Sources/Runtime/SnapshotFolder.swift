import EventLoop
import Glibc
package import Journal
import Primitives

/// The snapshot files of one journal's folder, as a thread of their own writes and reads them.
///
/// Sendable: only that thread calls it.
package final class SnapshotFolder: @unchecked Sendable {
    /// A file that is being written, or read.
    private final class OpenFile {
        let group: GroupID
        let index: LogIndex
        let file: File
        var byteCount = 0
        var syncedByteCount = 0

        init(_ group: GroupID, _ index: LogIndex, _ path: String, _ flags: Int32)
            throws(SystemError)
        {
            self.group = group
            self.index = index
            file = try File(path, flags)
        }
    }

    /// What is written before it is synced: a long sync would make the log's wait.
    private static let unsyncedByteCount = 1 << 20
    /// Files that are kept open to be read on.
    private static let readLimit = 4

    private let path: String
    private let reserve: SnapshotReserveFile
    private var written: [OpenFile] = []
    /// They stay readable when their names are gone; the latest last.
    private var read: [OpenFile] = []
    /// The first one; nothing is done after it.
    private var failure: SnapshotOutcome?

    package init(path: String) {
        self.path = path
        reserve = SnapshotReserveFile(path: path + "/snapshot.reserve")
    }

    private func path(of file: JournalFile) -> String { path + "/" + file.name }

    /// Does what the request says. Blocks.
    package func perform(_ request: SnapshotRequest) -> SnapshotOutcome {
        if let failure { return failure }
        do throws(SystemError) {
            return try execute(request)
        } catch  where error.isFull {
            drop(request)
            return .full(code: error.code, operation: error.operation)
        } catch {
            let outcome = SnapshotOutcome.failed(code: error.code, operation: error.operation)
            failure = outcome
            return outcome
        }
    }

    private func execute(_ request: SnapshotRequest) throws(SystemError) -> SnapshotOutcome {
        switch request {
        case .begin(let group, let index):
            close(group, index)
            written.append(
                try makingRoom(for: 0) { () throws(SystemError) in
                    try OpenFile(
                        group, index, path(of: .partialSnapshot(group, index)),
                        O_WRONLY | O_CREAT | O_TRUNC)
                })
        case .append(let group, let index, let bytes):
            // One that was given up meanwhile takes no more.
            guard let open = written.first(where: { $0.group == group && $0.index == index })
            else { break }
            try makingRoom(for: bytes.count) { () throws(SystemError) in
                try open.file.write(bytes, at: open.byteCount)
            }
            open.byteCount += bytes.count
            if open.byteCount - open.syncedByteCount >= Self.unsyncedByteCount {
                try open.file.syncData()
                open.syncedByteCount = open.byteCount
            }
        case .finish(let group, let index):
            guard let open = written.first(where: { $0.group == group && $0.index == index })
            else { break }
            try open.file.sync()
            close(group, index)
            try FileSystem.rename(
                path(of: .partialSnapshot(group, index)), to: path(of: .snapshot(group, index)))
            try FileSystem.syncFolder(path)
        case .discard(let group, let index):
            close(group, index)
            try FileSystem.remove(path(of: .partialSnapshot(group, index)))
        case .reserve(let byteCount):
            return .reserved(byteCount: reserve.change(to: byteCount))
        case .giveReserve(let byteCount):
            return .reserved(byteCount: reserve.makeRoom(for: byteCount))
        case .read(let group, let index, let offset, let byteCount):
            return .bytes(try bytes(of: group, index, offset: offset, byteCount: byteCount))
        }
        return .done
    }

    /// Removes what there is of a file that there is no room for.
    private func drop(_ request: SnapshotRequest) {
        switch request {
        case .begin(let group, let index), .append(let group, let index, _),
            .finish(let group, let index):
            close(group, index)
            _ = try? FileSystem.remove(path(of: .partialSnapshot(group, index)))
        case .discard, .reserve, .giveReserve, .read: break
        }
    }

    /// Tries again, as long as there is no room and a reserve to give up. Only what can be done twice:
    /// never a sync, after which nobody knows what of the bytes is still to be written.
    private func makingRoom<Result: ~Copyable>(
        for byteCount: Int, _ body: () throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        while true {
            do throws(SystemError) {
                return try body()
            } catch {
                guard error.isFull, reserve.give(byteCount) else { throw error }
            }
        }
    }

    private func close(_ group: GroupID, _ index: LogIndex) {
        written.removeAll { $0.group == group && $0.index == index }
    }

    private func bytes(
        of group: GroupID, _ index: LogIndex, offset: Int, byteCount: Int
    ) throws(SystemError) -> [UInt8]? {
        let open: OpenFile
        if let place = read.firstIndex(where: { $0.group == group && $0.index == index }) {
            open = read.remove(at: place)
        } else {
            let name = path(of: .snapshot(group, index))
            guard FileSystem.exists(name) else { return nil }
            open = try OpenFile(group, index, name, O_RDONLY)
        }
        let bytes = try open.file.read(byteCount, at: offset)
        // The end has come: who wants more opens it again.
        if bytes.count == byteCount {
            if read.count == Self.readLimit { read.removeFirst() }
            read.append(open)
        }
        return bytes
    }
}
