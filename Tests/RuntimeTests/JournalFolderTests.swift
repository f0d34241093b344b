import EventLoop
import Glibc
import Journal
import Primitives
import Testing

@testable import Runtime

@Suite struct JournalFolderTests {
    @Test(
        "requests change the files as their contract says",
        arguments: [SegmentZeros.written, .setAside])
    func requests(zeros: SegmentZeros) throws {
        let temporary = try TemporaryFolder()
        let folder = JournalFolder(path: temporary.path, zeros: zeros)
        let requests: [DiskRequest] = [
            .createSegment(1, byteCount: 5000),
            .write(segment: 1, offset: 100, bytes: [1, 2, 3], sync: true),
            .createSegment(2, byteCount: 4096),
            .write(segment: 2, offset: 0, bytes: [9], sync: false), .sync(segment: 2),
            .recycleSegment(from: 1, to: 3),
            .write(segment: 3, offset: 101, bytes: [7], sync: true),
            .remove(.segment(2)), .remove(.segment(77)),
        ]
        for request in requests {
            #expect(folder.perform(request) == .done)
            // What needs a segment is only asked for when the segment is there.
            folder.finish()
        }
        #expect(try folder.files().sorted() == [.segment(3)])
        let segment = try folder.read(.segment(3))
        #expect(segment.count == 5000)
        #expect(segment[99..<104] == [0, 1, 7, 3, 0])
        #expect(try FileSystem.names(in: temporary.path).count == 1)
    }

    @Test(
        "a new segment has all its blocks and reads as zeros",
        arguments: [SegmentZeros.written, .setAside])
    func zeros(zeros: SegmentZeros) throws {
        let temporary = try TemporaryFolder()
        let folder = JournalFolder(path: temporary.path, zeros: zeros)
        #expect(folder.perform(.createSegment(1, byteCount: 1 << 20)) == .done)
        folder.finish()
        #expect(try folder.read(.segment(1)) == Array(repeating: 0, count: 1 << 20))
        var status = stat()
        let failure = unsafe stat(temporary.path + "/" + JournalFile.segment(1).name, &status)
        #expect(failure == 0)
        #expect(status.st_size == 1 << 20 && status.st_blocks * 512 >= 1 << 20)
    }

    @Test("a write to a segment that isn't there fails for good")
    func failure() throws {
        let temporary = try TemporaryFolder()
        let folder = JournalFolder(path: temporary.path)
        let outcome = folder.perform(.write(segment: 5, offset: 0, bytes: [1], sync: true))
        let path = temporary.path + "/" + JournalFile.segment(5).name
        #expect(outcome == .failed(code: ENOENT, operation: "open \(path)"))
        #expect(folder.perform(.createSegment(5, byteCount: 4096)) == outcome)
        #expect(try folder.files() == [.suspect], "the next start must know")
    }

    @Test("files that are not the journal's are not listed")
    func foreign() throws {
        let temporary = try TemporaryFolder()
        try FileSystem.replace(temporary.path + "/notes.txt", with: [1])
        #expect(try JournalFolder(path: temporary.path).files().isEmpty)
        let missing = JournalFolder(path: temporary.path + "/absent")
        #expect(throws: DiskFailure.self) { try missing.files() }
    }
}
