import CLibuv
import Glibc

/// Blocking file operations, each of which does one thing and says what failed.
package enum FileSystem {
    /// The whole file.
    package static func read(_ path: String) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        try read(path, into: &bytes)
        return bytes
    }

    /// Puts the whole file in the place of what `bytes` holds. Memory that is there already is used
    /// again: to touch new pages takes longer than to fill them.
    package static func read(_ path: String, into bytes: inout [UInt8]) throws(SystemError) {
        let file = try File(path, O_RDONLY)
        let byteCount = try file.byteCount()
        if byteCount == 0 {
            bytes = try readUnsized(file)
        } else if bytes.count < byteCount {
            bytes = []
            bytes = try file.read(byteCount, at: 0)
        } else {
            let done = try file.read(into: &bytes, byteCount: byteCount)
            bytes.removeLast(bytes.count - done)
        }
    }

    /// A file of /proc says nothing of its size.
    private static func readUnsized(_ file: borrowing File) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let byteCount = unsafe Glibc.read(file.descriptor, &chunk, chunk.count)
            if byteCount < 0, errno == EINTR { continue }
            guard byteCount >= 0 else { throw .last("read \(file.path)") }
            guard byteCount > 0 else { return bytes }
            bytes.append(contentsOf: chunk[..<byteCount])
        }
    }

    /// Replaces the file: after a crash it holds either the old bytes or the new ones.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let temporary = path + ".tmp"
        do {
            let file = try File(temporary, O_WRONLY | O_CREAT | O_TRUNC)
            try file.write(bytes, at: 0)
            try file.sync()
        }
        try rename(temporary, to: path)
        try syncFolder(containing: path)
    }

    /// Does the same by the help of a second file that stays there, so that there must be room for it
    /// only once. A file system that can't exchange two names needs room each time.
    package static func exchange(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let other = path + ".tmp"
        do {
            let file = try File(other, O_WRONLY | O_CREAT)
            try file.write(bytes, at: 0)
            try file.truncate(bytes.count)
            try file.sync()
        }
        if unsafe martlet_exchange_names(other, path) != 0 { try rename(other, to: path) }
        try syncFolder(containing: path)
    }

    /// At most how many bytes can be written to the file system that `path` is on.
    package static func freeByteCount(at path: String) throws(SystemError) -> Int {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { throw .last("look for room at \(path)") }
        return Int(clamping: UInt64(status.f_bfree) * UInt64(status.f_frsize))
    }

    package static func rename(_ path: String, to newPath: String) throws(SystemError) {
        guard unsafe Glibc.rename(path, newPath) == 0 else {
            throw .last("rename \(path) to \(newPath)")
        }
    }

    package static func remove(_ path: String) throws(SystemError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .last("remove \(path)") }
    }

    /// Removes an empty folder.
    package static func removeFolder(_ path: String) throws(SystemError) {
        guard unsafe rmdir(path) == 0 else { throw .last("remove folder \(path)") }
    }

    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Makes a folder, with those above it; one that is there already is left as it is.
    package static func makeFolder(_ path: String) throws(SystemError) {
        if unsafe mkdir(path, 0o750) == 0 {
            try syncFolder(containing: path)
            return
        }
        let code = errno
        if code == ENOENT, let above = folder(containing: path), above != path {
            try makeFolder(above)
            guard unsafe mkdir(path, 0o750) == 0 else { throw .last("make folder \(path)") }
            try syncFolder(containing: path)
            return
        }
        guard code == EEXIST else {
            throw SystemError(code: code, operation: "make folder \(path)")
        }
    }

    /// The names in a folder, sorted.
    package static func names(in path: String) throws(SystemError) -> [String] {
        guard let folder = unsafe opendir(path) else { throw .last("list \(path)") }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes the names in the folder of `path` durable.
    package static func syncFolder(containing path: String) throws(SystemError) {
        guard let above = folder(containing: path) else { return }
        try syncFolder(above)
    }

    package static func syncFolder(_ path: String) throws(SystemError) {
        let file = try File(path, O_RDONLY | O_DIRECTORY)
        guard fsync(file.descriptor) == 0 else { throw .last("sync folder \(path)") }
    }

    private static func folder(containing path: String) -> String? {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }
}
