import EventLoop
import Glibc

/// The CPU time of processes.
package enum ProcessClock {
    /// User and system time of this process, in nanoseconds.
    static func own() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// User and system time of other processes together, all threads, in nanoseconds; the kernel
    /// counts it in ticks of 10 ms.
    ///
    /// - Parameter pids: The processes.
    /// - Returns: Their sum.
    /// - Throws: ``BenchFailure/impossible(_:)`` when one of them is gone.
    package static func total(of pids: [Int32]) throws(BenchFailure) -> UInt64 {
        var ticks: UInt64 = 0
        for pid in pids {
            let path = "/proc/\(pid)/stat"
            guard let bytes = try? FileSystem.read(path),
                let own = Self.ticks(inStatus: String(decoding: bytes, as: UTF8.self))
            else { throw .impossible("\(path) can't be read: the process is gone") }
            ticks += own
        }
        return ticks * 1_000_000_000 / UInt64(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Fields 14 and 15 of proc(5)'s `stat`, added. The name, which may hold anything, is in
    /// parentheses.
    static func ticks(inStatus text: String) -> UInt64? {
        guard let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12])
        else { return nil }
        return user + system
    }
}
