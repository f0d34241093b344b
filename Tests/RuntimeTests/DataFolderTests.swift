import EventLoop
import Glibc
import Testing

@testable import Runtime

@Suite struct DataFolderTests {
    @Test("a new folder gets as many journals as asked for, and keeps that number")
    func layout() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/data"
        do {
            let first = try DataFolder(path: path, journalCount: 2)
            #expect(first.journalCount == 2)
            #expect(first.identity == nil)
            #expect(FileSystem.exists(first.journalPath(1)))
        }
        let again = try DataFolder(path: path, journalCount: 5)
        #expect(again.journalCount == 2)
        #expect(!FileSystem.exists(again.journalPath(2)))
    }

    @Test("a folder in use is refused with the other process's id")
    func inUse() throws {
        let folder = try TemporaryFolder()
        let first = try DataFolder(path: folder.path, journalCount: 1)
        let expected = StartError.folderInUse(path: folder.path, process: getpid())
        #expect(throws: expected) { try DataFolder(path: folder.path, journalCount: 1) }
        #expect(first.journalCount == 1)
        #expect("\(expected)".contains("is in use by process \(getpid())"))
    }

    @Test("an identity without its journal is refused")
    func lostJournal() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/data"
        do {
            let first = try DataFolder(path: path, journalCount: 1)
            try FileSystem.replace(first.identityPath, with: [1])
        }
        #expect(try DataFolder(path: path, journalCount: 1).identity == [1])
        #expect(unsafe rmdir(path + "/journal-0") == 0)
        let error = #expect(throws: StartError.self) {
            try DataFolder(path: path, journalCount: 1)
        }
        #expect("\(try #require(error))".contains("journal-0 is missing"))
    }

    @Test("a folder that can't be made is refused")
    func unusable() throws {
        let error = #expect(throws: StartError.self) {
            try DataFolder(path: "/proc/martlet", journalCount: 1)
        }
        #expect("\(try #require(error))".contains("can't be used: make folder /proc/martlet"))
    }

    @Test(
        "layouts that this version can't read are refused",
        arguments: [
            ("martlet-data 2\njournals 1\n", "newer version"), ("hello\n", "not one of Martlet's"),
            ("martlet-data 1\njournals 0\n", "number of journals"), ("", "not one of Martlet's"),
        ])
    func layouts(text: String, complaint: String) throws {
        let folder = try TemporaryFolder()
        try FileSystem.replace(folder.path + "/layout", with: Array(text.utf8))
        let error = #expect(throws: StartError.self) {
            try DataFolder(path: folder.path, journalCount: 1)
        }
        #expect("\(try #require(error))".contains(complaint))
    }

    @Test("journals without an identity are refused")
    func lostIdentity() throws {
        let folder = try TemporaryFolder()
        do {
            let data = try DataFolder(path: folder.path, journalCount: 1)
            try FileSystem.replace(data.journalPath(0) + "/segment-x", with: [1])
        }
        let error = #expect(throws: StartError.self) {
            try DataFolder(path: folder.path, journalCount: 1)
        }
        #expect("\(try #require(error))".contains("identity is missing"))
    }
}
