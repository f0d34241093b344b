import EventLoop

/// How long a loop's turns take: what its clients and peers may have to wait before it looks at them.
struct TurnMeter {
    private var time: UInt64 = 0
    private var idle: UInt64 = 0
    private var processor: UInt64 = 0

    init() {}

    /// Ends a turn; called on the loop's thread.
    ///
    /// - Returns: What it took of time, without waiting for events, and of the processor, both in
    ///   nanoseconds; `nil` for the first one.
    mutating func turnEnded(on loop: Loop) -> (time: UInt64, processor: UInt64)? {
        let last = self
        time = SystemClock.monotonicNanoseconds()
        idle = loop.idleNanoseconds
        processor = SystemClock.threadNanoseconds()
        guard last.time > 0 else { return nil }
        let (elapsed, waited) = (time - last.time, idle - last.idle)
        return (elapsed > waited ? elapsed - waited : 0, processor - last.processor)
    }
}
