import EventLoop
import Glibc
import Journal
import Primitives
import Synchronization
import Testing

@testable import Runtime

@Suite("A journal's files on a full disk") struct FullDiskTests {
    @Test("a head takes its room once and for all") func head() throws {
        let temporary = try TemporaryFolder()
        let path = temporary.path + "/journal"
        try FileSystem.makeFolder(path)
        let folder = JournalFolder(path: path)
        for number: UInt8 in 1...3 {
            #expect(folder.perform(.writeHead([number, number])) == .done)
            #expect(try folder.read(.head) == [number, number])
        }
        // The second file is the one before: what exchanges the two makes none.
        #expect(try FileSystem.read(path + ".head.tmp") == [2, 2])
        #expect(try FileSystem.names(in: temporary.path).count == 3)
    }

    @Test("a segment that can't be made fails what it was made for, and leaves nothing")
    func segment() throws {
        let temporary = try TemporaryFolder()
        let folder = JournalFolder(path: temporary.path)
        let outcomes = Mutex<[DiskOutcome]>([])
        folder.whenSegmentMade { outcome in outcomes.withLock { $0.append(outcome) } }
        #expect(folder.perform(.createSegment(1, byteCount: 4096)) == .done)
        folder.finish()
        // A folder in the place of the file: no root may write to that.
        try FileSystem.makeFolder(temporary.path + "/segment.tmp")
        #expect(folder.perform(.createSegment(2, byteCount: 4096)) == .done)
        folder.finish()
        let failure = DiskOutcome.failed(
            code: EISDIR, operation: "open \(temporary.path)/segment.tmp")
        #expect(outcomes.withLock { $0 } == [.done, failure])
        #expect(folder.perform(.sync(segment: 1)) == failure, "nothing is done after a failure")
    }
}
