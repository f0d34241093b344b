import CLibuv
import Glibc

/// Calls back on its loop when the process receives a signal.
@safe package final class SignalWatcher: LoopObject {
    private let action: (Int32) -> Void

    package init(loop: Loop, signal: Int32, _ action: @escaping (Int32) -> Void)
        throws(SystemError)
    {
        self.action = action
        super.init(UV_SIGNAL)
        let watcher = unsafe memory.assumingMemoryBound(to: uv_signal_t.self)
        try SystemError.check(unsafe uv_signal_init(loop.raw, watcher), "watch signals")
        didOpen()
        let status = unsafe uv_signal_start(
            watcher,
            { watcher, number in
                guard let data = unsafe watcher?.pointee.data else { return }
                unsafe Unmanaged<SignalWatcher>.fromOpaque(data).takeUnretainedValue()
                    .action(number)
            }, signal)
        try SystemError.check(status, "watch signal \(signal)")
    }

    /// A write to a connection that the peer has closed fails with an error, for the whole process,
    /// instead of a signal.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
