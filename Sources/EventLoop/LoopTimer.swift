import CLibuv

/// Calls back on its loop, once or again and again, until it is stopped or closed.
@safe package final class LoopTimer: LoopObject {
    private var action: (() -> Void)?

    private var timer: UnsafeMutablePointer<uv_timer_t> {
        unsafe memory.assumingMemoryBound(to: uv_timer_t.self)
    }

    package init(loop: Loop) {
        super.init(UV_TIMER)
        unsafe uv_timer_init(loop.raw, timer)
        didOpen()
    }

    /// Starts it anew. Without `repeatMilliseconds` it fires once.
    package func start(
        milliseconds: Int, repeatMilliseconds: Int = 0, _ action: @escaping () -> Void
    ) {
        guard isOpen else { return }
        self.action = action
        unsafe uv_timer_start(
            timer,
            { timer in
                guard let data = unsafe timer?.pointee.data else { return }
                unsafe Unmanaged<LoopTimer>.fromOpaque(data).takeUnretainedValue().action?()
            }, UInt64(milliseconds), UInt64(repeatMilliseconds))
    }

    package func stop() {
        guard isOpen else { return }
        unsafe uv_timer_stop(timer)
        action = nil
    }

    override func didClose() { action = nil }
}
