import EventLoop
import Glibc
import Node

extension HostFacts {
    /// Those of this process.
    static func current() -> HostFacts {
        var name = utsname()
        unsafe uname(&name)
        let parts = [text(&name.sysname), text(&name.release), text(&name.machine)]
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        var path = [CChar](repeating: 0, count: 4096)
        let byteCount = unsafe readlink("/proc/self/exe", &path, path.count)
        return HostFacts(
            processID: Int(getpid()), system: parts.joined(separator: " "),
            executable: String(
                decoding: path.prefix(max(0, byteCount)).map { UInt8(bitPattern: $0) },
                as: UTF8.self),
            memoryByteCount: pages * sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func text<Field>(_ field: inout Field) -> String {
        unsafe withUnsafeBytes(of: &field) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension ProcessUsage {
    /// That of this process up to now; `nil` when the system doesn't say.
    static func current() -> ProcessUsage? {
        var usage = rusage()
        guard unsafe getrusage(RUSAGE_SELF.rawValue, &usage) == 0,
            let memory = try? FileSystem.read("/proc/self/statm"),
            let pages = String(decoding: memory, as: UTF8.self).split(separator: " ").dropFirst()
                .first.flatMap({ Int($0) })
        else { return nil }
        return ProcessUsage(
            residentByteCount: pages * sysconf(Int32(_SC_PAGESIZE)),
            userMicroseconds: microseconds(usage.ru_utime),
            systemMicroseconds: microseconds(usage.ru_stime))
    }

    private static func microseconds(_ time: timeval) -> Int {
        Int(time.tv_sec) * 1_000_000 + Int(time.tv_usec)
    }
}
