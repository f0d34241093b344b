import EventLoop
import Glibc
import Testing

@Suite struct DiskTests {
    private enum Request: Sendable {
        case create(String, zeroCount: Int)
        case write(String, at: Int, [UInt8])
        case rename(String, to: String)
        case remove(String)
    }

    private static func perform(_ request: Request, in folder: String) -> String {
        do throws(SystemError) {
            switch request {
            case .create(let name, let zeroCount):
                let file = try File(folder + "/" + name, O_RDWR | O_CREAT | O_EXCL)
                try file.fillWithZeros(zeroCount)
                try file.sync()
                try FileSystem.syncFolder(folder)
                return "created \(name)"
            case .write(let name, let offset, let bytes):
                let file = try File(folder + "/" + name, O_RDWR)
                try file.write(bytes, at: offset)
                try file.syncData()
                return "wrote \(name)"
            case .rename(let name, let newName):
                try FileSystem.rename(folder + "/" + name, to: folder + "/" + newName)
                try FileSystem.syncFolder(folder)
                return "renamed \(name)"
            case .remove(let name):
                try FileSystem.remove(folder + "/" + name)
                return "removed \(name)"
            }
        } catch {
            return error.reason
        }
    }

    @Test("requests are performed in order and reported in that order")
    func order() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        var outcomes: [String] = []
        try runLoop { loop in
            let disk = try DiskThread<Request, String>(
                name: "disk", loop: loop, perform: { Self.perform($0, in: path) },
                completed: { batch in
                    outcomes += batch
                    if outcomes.count == 6 { loop.stop() }
                })
            disk.submit(.create("a", zeroCount: 3_000_000))
            disk.submit(.write("a", at: 10, [1, 2, 3]))
            disk.submit(.rename("a", to: "b"))
            disk.submit(.write("a", at: 0, [4]))
            disk.submit(.write("b", at: 2_999_999, [5, 6]))
            disk.submit(.remove("absent"))
            #expect(disk.outstandingCount == 6)
        }
        #expect(
            outcomes == [
                "created a", "wrote a", "renamed a", "no such file or directory", "wrote b",
                "removed absent",
            ])
        let bytes = try FileSystem.read(path + "/b")
        #expect(bytes.count == 3_000_001)
        #expect(bytes[9..<14] == [0, 1, 2, 3, 0])
        #expect(bytes.suffix(2) == [5, 6])
    }

    @Test(
        "a file is read over what was read before, whatever their lengths",
        arguments: [0, 1, 5000])
    func readOver(byteCount: Int) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a"
        let contents = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) }
        try FileSystem.replace(path, with: contents)
        for before in [0, 1, 4999, 5000, 5001] {
            var bytes = [UInt8](repeating: 0xFF, count: before)
            try FileSystem.read(path, into: &bytes)
            #expect(bytes == contents)
        }
        var status: [UInt8] = []
        try FileSystem.read("/proc/self/status", into: &status)
        #expect(status.starts(with: Array("Name:".utf8)))
    }

    @Test("finishing performs what was submitted and reports no more")
    func finish() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        var outcomes: [String] = []
        try runLoop { loop in
            let disk = try DiskThread<Request, String>(
                name: "disk", loop: loop, perform: { Self.perform($0, in: path) },
                completed: { outcomes += $0 })
            for number in 0..<20 { disk.submit(.create("\(number)", zeroCount: 10)) }
            disk.finish()
            loop.stop()
        }
        #expect(outcomes.isEmpty)
        #expect(try FileSystem.names(in: path).count == 20)
    }

    @Test("a replaced file holds the new bytes and leaves nothing else behind")
    func replace() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/identity"
        try FileSystem.replace(file, with: [1, 2, 3])
        try FileSystem.replace(file, with: [4])
        #expect(try FileSystem.read(file) == [4])
        #expect(try FileSystem.names(in: folder.path) == ["identity"])
    }

    @Test("a lock is held by one and free again when its file is closed")
    func lock() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/LOCK"
        do {
            let first = try File(path, O_RDWR | O_CREAT)
            let second = try File(path, O_RDWR | O_CREAT)
            #expect(try first.lock())
            #expect(try !second.lock())
        }
        let third = try File(path, O_RDWR | O_CREAT)
        #expect(try third.lock())
    }

    @Test("folders are made with those above them")
    func folders() throws {
        let folder = try TemporaryFolder()
        try FileSystem.makeFolder(folder.path + "/a/b")
        try FileSystem.makeFolder(folder.path + "/a/b")
        #expect(FileSystem.exists(folder.path + "/a/b"))
        try FileSystem.removeFolder(folder.path + "/a/b")
        try FileSystem.removeFolder(folder.path + "/a")
        #expect(try FileSystem.names(in: folder.path) == [])
    }

    @Test("what the system refuses says what was tried and why")
    func errors() {
        let error = #expect(throws: SystemError.self) { try FileSystem.read("/proc/absent") }
        #expect(error?.description == "open /proc/absent: no such file or directory")
    }
}
