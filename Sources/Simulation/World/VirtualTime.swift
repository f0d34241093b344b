/// Virtual time is counted in nanoseconds; these name the units that plans are written in.
extension UInt64 {
    package static func microseconds(_ count: Int) -> UInt64 { UInt64(count) * 1_000 }
    package static func milliseconds(_ count: Int) -> UInt64 { UInt64(count) * 1_000_000 }
    package static func seconds(_ count: Int) -> UInt64 { UInt64(count) * 1_000_000_000 }
}
