import CLibuv

/// Messages from any thread to one loop, received in the order in which each thread posted them.
///
/// Sendable: `queue` and `isOpen` are only touched under the lock; `signal` is only used under it
/// while `isOpen`, so never after libuv has let go of it.
package final class Mailbox<Message: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var queue: [Message] = []
    private var isOpen = true
    private let signal: LoopSignal

    /// On the loop's thread. `receive` is called there with all that has come since the last time.
    package init(loop: Loop, receive: @escaping ([Message]) -> Void) throws(SystemError) {
        signal = try LoopSignal(loop: loop)
        // Kept alive by the signal, and so by the loop, until it is closed.
        signal.onSignal = { receive(self.take()) }
        signal.willClose = { [unowned self] in refuse() }
    }

    /// From any thread. False when the loop has closed the mailbox: the message is gone then.
    @discardableResult
    package func post(_ message: Message) -> Bool {
        lock.withLock {
            guard isOpen else { return false }
            queue.append(message)
            if queue.count == 1 { signal.send() }
            return true
        }
    }

    /// On the loop's thread.
    package func close() { signal.close() }

    private func refuse() {
        lock.withLock {
            isOpen = false
            queue = []
        }
    }

    private func take() -> [Message] {
        lock.withLock {
            let taken = queue
            queue = []
            return taken
        }
    }
}

/// `uv_async_t`: the one thing in libuv that other threads may use.
@safe final class LoopSignal: LoopObject {
    var onSignal: (() -> Void)?
    /// Whoever is about to send must have heard of it before libuv lets go of the handle.
    var willClose: (() -> Void)?

    init(loop: Loop) throws(SystemError) {
        super.init(UV_ASYNC)
        let status = unsafe uv_async_init(loop.raw, memory.assumingMemoryBound(to: uv_async_t.self))
        {
            signal in
            guard let data = unsafe signal?.pointee.data else { return }
            unsafe Unmanaged<LoopSignal>.fromOpaque(data).takeUnretainedValue().onSignal?()
        }
        try SystemError.check(status, "make a mailbox")
        didOpen()
    }

    /// From any thread, while it is open.
    func send() { unsafe uv_async_send(memory.assumingMemoryBound(to: uv_async_t.self)) }

    override func close() {
        if isOpen { willClose?() }
        super.close()
    }

    override func didClose() {
        onSignal = nil
        willClose = nil
    }
}

/// A loop, as other threads know it.
package struct LoopHandle: Sendable {
    let mailbox: Mailbox<@Sendable (Loop) -> Void>

    /// Runs `work` on the loop's thread, after what was posted before. False: the loop is closed.
    @discardableResult
    package func post(_ work: @escaping @Sendable (Loop) -> Void) -> Bool { mailbox.post(work) }
}
