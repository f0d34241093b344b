import EventLoop
import Glibc
import Journal
import Primitives

/// A node's data folder, which no other process uses while this object lives.
///
/// ```
/// LOCK             locked; holds the process id
/// layout           "martlet-data 1" and "journals N", a line each
/// identity         the home core's
/// crashes          what processes were applying when they died; see ``CrashRecorder``
/// journal-0/       one for each loop
/// journal-0.head   which segment that journal had reached
/// ```
/// Sendable: the lock's file is opened in `init` and never touched again.
final class DataFolder: Sendable {
    private static let formatName = "martlet-data"
    private static let format = 1
    static let journalLimit = 256

    let path: String
    let journalCount: Int
    /// What the identity file held; `nil` in a new folder.
    let identity: [UInt8]?
    private let lock: LockFile

    var identityPath: String { path + "/identity" }

    func journalPath(_ index: Int) -> String { path + "/journal-\(index)" }

    /// Opens the folder, or makes it with `journalCount` journals.
    init(path: String, journalCount: Int) throws(StartError) {
        self.path = path
        do throws(SystemError) {
            try FileSystem.makeFolder(path)
        } catch {
            throw .folderUnusable(path: path, error)
        }
        lock = try LockFile(folder: path)
        do throws(SystemError) {
            identity =
                FileSystem.exists(path + "/identity")
                ? try FileSystem.read(path + "/identity") : nil
        } catch {
            throw .folderUnusable(path: path, error)
        }
        self.journalCount = try Self.readLayout(path, journalCount: journalCount)
        if identity != nil { try Self.checkJournals(path, count: self.journalCount) }
        do throws(SystemError) {
            for index in 0..<self.journalCount {
                let head = JournalFolder.headPath(path + "/journal-\(index)")
                if identity == nil, !FileSystem.exists(head) {
                    try FileSystem.replace(head, with: JournalHead.beginning.encode())
                }
                try FileSystem.makeFolder(path + "/journal-\(index)")
                let files = try FileSystem.names(in: path + "/journal-\(index)")
                guard identity != nil || files.isEmpty else {
                    throw SystemError(code: ENOENT, operation: "read \(path)/identity")
                }
            }
        } catch {
            guard identity != nil || error.code != ENOENT else {
                throw .corrupt(
                    path: path, "its journals hold data, but the file identity is missing")
            }
            throw .folderUnusable(path: path, error)
        }
    }

    /// An identity comes after the journals' folders: what promises it has made is in them.
    private static func checkJournals(_ path: String, count: Int) throws(StartError) {
        for index in 0..<count {
            let name = "journal-\(index)"
            guard !FileSystem.exists(path + "/" + name) else { continue }
            throw .corrupt(path: path, StartError.lostPromises("\(name) is missing"))
        }
    }

    /// The number of journals that the folder has; a new one gets `journalCount`.
    private static func readLayout(_ path: String, journalCount: Int) throws(StartError) -> Int {
        let file = path + "/layout"
        let bytes: [UInt8]
        do throws(SystemError) {
            guard FileSystem.exists(file) else {
                let text = "\(formatName) \(format)\njournals \(journalCount)\n"
                try FileSystem.replace(file, with: Array(text.utf8))
                return journalCount
            }
            bytes = try FileSystem.read(file)
        } catch {
            throw .folderUnusable(path: path, error)
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: " ") }
        guard lines.count >= 1, lines[0].count == 2, lines[0][0] == formatName,
            let found = Int(lines[0][1])
        else { throw .corrupt(path: path, "the file layout is not one of Martlet's") }
        guard found <= format else {
            throw .newerFormat(
                path: path, "it has format \(found), this version reads up to \(format)")
        }
        guard lines.count >= 2, lines[1].count == 2, lines[1][0] == "journals",
            let count = Int(lines[1][1]), (1...journalLimit).contains(count)
        else { throw .corrupt(path: path, "the file layout names no number of journals") }
        return count
    }
}

/// The locked file that says which process has a data folder.
private final class LockFile: Sendable {
    private let file: File

    init(folder: String) throws(StartError) {
        let path = folder + "/LOCK"
        do throws(SystemError) {
            file = try File(path, O_RDWR | O_CREAT)
            guard try file.lock() else {
                let text = try FileSystem.read(path)
                let process = String(decoding: text, as: UTF8.self).split(separator: "\n").first
                    .flatMap { Int32($0) }
                throw SystemError(code: EWOULDBLOCK, operation: "\(process ?? 0)")
            }
            try file.truncate(0)
            try file.write(Array("\(getpid())\n".utf8), at: 0)
        } catch {
            guard error.code == EWOULDBLOCK else { throw .folderUnusable(path: folder, error) }
            let process = Int32(error.operation) ?? 0
            throw .folderInUse(path: folder, process: process == 0 ? nil : process)
        }
    }
}
