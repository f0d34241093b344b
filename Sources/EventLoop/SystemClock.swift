import CLibuv
import Glibc
package import Primitives

/// The clocks, the boot and the randomness of this machine.
package enum SystemClock {
    package static func now() -> Moment {
        Moment(
            boot: Instant(nanoseconds: nanoseconds(CLOCK_BOOTTIME)),
            wallNanoseconds: Int64(nanoseconds(CLOCK_REALTIME)))
    }

    /// A clock that measures short times.
    package static func monotonicNanoseconds() -> UInt64 { nanoseconds(CLOCK_MONOTONIC) }

    /// What the calling thread has had of a processor.
    package static func threadNanoseconds() -> UInt64 { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }

    private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        let status = unsafe clock_gettime(clock, &time)
        precondition(status == 0, "clock \(clock) can't be read: errno \(errno)")
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// A number that differs for each boot of the machine (`random/boot_id`, hashed); never 0.
    package static func bootID() throws(SystemError) -> UInt64 {
        let text = try FileSystem.read("/proc/sys/kernel/random/boot_id")
        var hash: UInt64 = 0
        for byte in text { hash = SplitMix64.mix(hash &+ UInt64(byte) &+ 0x9E37_79B9_7F4A_7C15) }
        return max(hash, 1)
    }
}

/// The kernel's random numbers, fit for secrets.
package enum SystemRandom {
    package static func bytes(_ byteCount: Int) -> [UInt8] {
        unsafe Array(unsafeUninitializedCapacity: byteCount) { buffer, count in
            let status = unsafe uv_random(nil, nil, buffer.baseAddress, byteCount, 0, nil)
            precondition(status == 0, "the kernel gives no random numbers: \(status)")
            count = byteCount
        }
    }

    package static func number() -> UInt64 {
        bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
