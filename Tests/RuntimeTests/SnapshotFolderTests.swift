import EventLoop
import Glibc
import Journal
import Primitives
import Testing

@testable import Runtime

@Suite struct SnapshotFolderTests {
    private static let group = GroupID(3)
    private static let snapshot = JournalFile.snapshot(group, LogIndex(40))
    private static let partial = JournalFile.partialSnapshot(group, LogIndex(40))

    private static func append(_ bytes: [UInt8]) -> SnapshotRequest {
        .append(group, LogIndex(40), bytes: bytes)
    }

    @Test("a file has its name once it is whole") func writing() throws {
        let temporary = try TemporaryFolder()
        let folder = SnapshotFolder(path: temporary.path)
        let journal = JournalFolder(path: temporary.path)
        let index = LogIndex(40)
        #expect(folder.perform(.begin(Self.group, index)) == .done)
        #expect(folder.perform(Self.append([1, 2])) == .done)
        #expect(folder.perform(.begin(Self.group, index)) == .done)
        let large = [UInt8](repeating: 5, count: 1_500_000)
        #expect(folder.perform(Self.append([9, 8])) == .done)
        #expect(folder.perform(Self.append(large)) == .done)
        #expect(try journal.files() == [Self.partial])
        #expect(folder.perform(.finish(Self.group, index)) == .done)
        #expect(try journal.files() == [Self.snapshot])
        #expect(try journal.read(Self.snapshot) == [9, 8] + large)
        #expect(
            folder.perform(.read(Self.group, index, offset: 1, byteCount: 3))
                == .bytes([8, 5, 5]))
        #expect(
            folder.perform(.read(Self.group, index, offset: 1_500_001, byteCount: 30))
                == .bytes([5]))
    }

    @Test("one that is given up leaves nothing") func givingUp() throws {
        let temporary = try TemporaryFolder()
        let folder = SnapshotFolder(path: temporary.path)
        let index = LogIndex(40)
        for request in [
            .begin(Self.group, index), Self.append([1]), .discard(Self.group, index),
            Self.append([2]), .finish(Self.group, index), .discard(Self.group, index),
        ] { #expect(folder.perform(request) == .done) }
        #expect(try FileSystem.names(in: temporary.path).isEmpty)
    }

    @Test("one that is being read is read to its end though it is removed") func reading() throws {
        let temporary = try TemporaryFolder()
        let folder = SnapshotFolder(path: temporary.path)
        let index = LogIndex(40)
        for request in [
            .begin(Self.group, index), Self.append([1, 2, 3, 4, 5]), .finish(Self.group, index),
        ] { #expect(folder.perform(request) == .done) }
        let read = { (offset: Int) in
            folder.perform(.read(Self.group, index, offset: offset, byteCount: 2))
        }
        #expect(read(0) == .bytes([1, 2]))
        #expect(JournalFolder(path: temporary.path).perform(.remove(Self.snapshot)) == .done)
        #expect(read(2) == .bytes([3, 4]))
        #expect(read(4) == .bytes([5]))
        #expect(read(4) == .bytes(nil))
    }

    @Test("a failure is for good") func failure() throws {
        let temporary = try TemporaryFolder()
        let folder = SnapshotFolder(path: temporary.path + "/absent")
        let outcome = folder.perform(.begin(Self.group, LogIndex(1)))
        let name = JournalFile.partialSnapshot(Self.group, LogIndex(1)).name
        #expect(
            outcome
                == .failed(code: ENOENT, operation: "open \(temporary.path)/absent/\(name)"))
        #expect(folder.perform(.discard(Self.group, LogIndex(1))) == outcome)
    }

    @Test("room is kept on the disk, more or less of it, and is no file of the journal")
    func reserve() throws {
        let temporary = try TemporaryFolder()
        let folder = SnapshotFolder(path: temporary.path)
        for byteCount in [3 << 20, 5 << 20, 1 << 20, 0, 2 << 20] {
            let outcome = folder.perform(.reserve(byteCount: byteCount))
            #expect(outcome == .reserved(byteCount: byteCount))
            var status = stat()
            #expect(unsafe stat(temporary.path + "/snapshot.reserve", &status) == 0)
            #expect(Int(status.st_blocks) * 512 >= byteCount)
            #expect(Int(status.st_blocks) * 512 < byteCount + 1 << 16)
        }
        // There is room for it as it is; and then not by far.
        #expect(folder.perform(.giveReserve(byteCount: 1 << 20)) == .reserved(byteCount: 2 << 20))
        #expect(folder.perform(.giveReserve(byteCount: 1 << 60)) == .reserved(byteCount: 2 << 20))
        // More than any disk has.
        #expect(folder.perform(.reserve(byteCount: 1 << 60)) == .reserved(byteCount: 2 << 20))
        #expect(try JournalFolder(path: temporary.path).files().isEmpty)
        let reserve = SnapshotReserveFile(path: temporary.path + "/snapshot.reserve")
        #expect(reserve.change(to: 10 << 20) == 10 << 20)
        #expect(reserve.give(5 << 20))
        #expect(try FileSystem.read(reserve.path).count == 5 << 20)
        #expect(reserve.give(1))
        #expect(try FileSystem.read(reserve.path).count == (5 << 20) - (256 << 10))
        #expect(reserve.give(5 << 20))
        #expect(!reserve.give(1), "there is nothing left")
        // Others write meanwhile: no more than a little of this.
        let large = 512 << 20
        #expect(reserve.change(to: large) == large)
        let lacking = try FileSystem.freeByteCount(at: temporary.path) + large / 2
        #expect((1..<large).contains(reserve.makeRoom(for: lacking)))
    }
}
