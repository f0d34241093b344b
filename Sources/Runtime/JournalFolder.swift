import EventLoop
import Glibc
package import Journal

/// The files of one journal: read at start-up, then changed as its requests say. They are in one folder,
/// but for the journal's head, which is beside it.
///
/// Sendable: requests are performed by one thread at a time (the disk thread, or the loop while the
/// disk thread has nothing to do), and what changes is only touched under the lock.
package final class JournalFolder: JournalDisk, @unchecked Sendable {
    /// Segments that are kept open: the one that is written and those just before it.
    private static let openLimit = 4
    private static let tellByteCount = 1 << 20

    private final class OpenSegment {
        var number: UInt64
        let file: File
        /// What was written and the disk has not been told of.
        var untold = 0..<0

        init(number: UInt64, path: String) throws(SystemError) {
            self.number = number
            file = try File(path, O_RDWR)
        }
    }

    package let path: String
    private let zeros: SegmentZeros
    private let lock = Lock()
    /// The first one. After it nothing is written: a later sync that succeeds would prove nothing.
    private var failure: DiskOutcome?
    /// The latest last.
    private var open: [OpenSegment] = []
    /// The segment that is being made, or was last.
    private var maker: SegmentMaker?
    private var segmentMade: @Sendable (DiskOutcome) -> Void = { _ in }

    package init(path: String, zeros: SegmentZeros = .written) {
        self.path = path
        self.zeros = zeros
    }

    /// From now on, calls `body` with what came of each segment that was to be made, on a thread of its
    /// own.
    package func whenSegmentMade(_ body: @escaping @Sendable (DiskOutcome) -> Void) {
        lock.withLock { segmentMade = body }
    }

    /// Waits until no segment is being made.
    package func finish() {
        let last = lock.withLock {
            let last = maker
            maker = nil
            return last
        }
        last?.join()
    }

    private func path(of file: JournalFile) -> String {
        if case .head = file { Self.headPath(path) } else { path + "/" + file.name }
    }

    /// Where the head of the journal in the folder at `path` is.
    static func headPath(_ path: String) -> String { path + "." + JournalFile.head.name }

    package func files() throws(DiskFailure) -> [JournalFile] {
        do throws(SystemError) {
            let hasHead = FileSystem.exists(path(of: .head))
            return try FileSystem.names(in: path).compactMap { JournalFile(name: $0) }
                .filter { $0 != .head } + (hasHead ? [.head] : [])
        } catch {
            throw DiskFailure(operation: error.operation, code: error.code)
        }
    }

    package func read(_ file: JournalFile) throws(DiskFailure) -> [UInt8] {
        do throws(SystemError) {
            return try FileSystem.read(path(of: file))
        } catch {
            throw DiskFailure(operation: error.operation, code: error.code)
        }
    }

    package func read(_ file: JournalFile, into bytes: inout [UInt8]) throws(DiskFailure) {
        do throws(SystemError) {
            try FileSystem.read(path(of: file), into: &bytes)
        } catch {
            throw DiskFailure(operation: error.operation, code: error.code)
        }
    }

    package func beginning(
        of file: JournalFile, byteCount: Int
    ) throws(DiskFailure) -> FileBeginning {
        do throws(SystemError) {
            let opened = try File(path(of: file), O_RDONLY)
            return FileBeginning(
                bytes: try opened.read(byteCount, at: 0), fileByteCount: try opened.byteCount())
        } catch {
            throw DiskFailure(operation: error.operation, code: error.code)
        }
    }

    /// Does what the request says. Blocks, but for a segment, which is only begun.
    package func perform(_ request: DiskRequest) -> DiskOutcome {
        // One segment at a time: the last has ended, or is about to.
        if case .createSegment = request { finish() }
        return lock.withLock {
            if let failure { return failure }
            do throws(SystemError) {
                try execute(request)
                return .done
            } catch {
                if case .writeHead = request, error.isFull {
                    return .full(code: error.code, operation: error.operation)
                }
                return fail(error)
            }
        }
    }

    private func fail(_ error: SystemError) -> DiskOutcome {
        let outcome = DiskOutcome.failed(code: error.code, operation: error.operation)
        failure = outcome
        // For the next start. The page cache is enough: after a reboot nobody needs it.
        _ = try? File(path(of: .suspect), O_WRONLY | O_CREAT)
        return outcome
    }

    private func execute(_ request: DiskRequest) throws(SystemError) {
        switch request {
        case .createSegment(let number, let byteCount):
            maker = try SegmentMaker(
                number: number, byteCount: byteCount, zeros: zeros, path: path
            ) { self.made($0) }
        case .recycleSegment(let old, let new):
            try FileSystem.rename(path(of: .segment(old)), to: path(of: .segment(new)))
            try FileSystem.syncFolder(path)
            for segment in open where segment.number == old { segment.number = new }
        case .write(let number, let offset, let bytes, let sync):
            let segment = try segment(number)
            try segment.file.write(bytes, at: offset)
            if sync {
                try segment.file.syncData()
                segment.untold = 0..<0
            } else {
                let isNext = segment.untold.upperBound == offset
                let start = isNext ? segment.untold.lowerBound : offset
                segment.untold = start..<offset + bytes.count
            }
        case .sync(let number): try segment(number).file.syncData()
        case .writeHead(let bytes): try FileSystem.exchange(path(of: .head), with: bytes)
        case .remove(let file):
            if case .segment(let number) = file {
                open.removeAll { $0.number == number }
            }
            try FileSystem.remove(path(of: file))
        }
    }

    /// Whether so much was written that the disk is to be told of it.
    package var isTellingDue: Bool {
        lock.withLock { open.last.map { $0.untold.count >= Self.tellByteCount } ?? false }
    }

    /// Has the disk begin with what was written, some of it at a time: the sync that comes once a second, and
    /// what is written behind it, would wait for all of it. Blocks while the disk's queue is full.
    package func tellDisk() {
        lock.withLock {
            guard let segment = open.last else { return }
            segment.file.beginWriting(segment.untold)
            segment.untold = segment.untold.upperBound..<segment.untold.upperBound
        }
    }

    /// On the maker's thread.
    private func made(_ error: SystemError?) {
        let outcome: DiskOutcome =
            if let error {
                error.isFull
                    ? .full(code: error.code, operation: error.operation)
                    : lock.withLock { fail(error) }
            } else {
                .done
            }
        lock.withLock { segmentMade }(outcome)
    }

    private func segment(_ number: UInt64) throws(SystemError) -> OpenSegment {
        if let last = open.last, last.number == number { return last }
        if let place = open.firstIndex(where: { $0.number == number }) {
            let segment = open.remove(at: place)
            open.append(segment)
            return segment
        }
        let segment = try OpenSegment(number: number, path: path(of: .segment(number)))
        if open.count == Self.openLimit { open.removeFirst() }
        open.append(segment)
        return segment
    }
}
