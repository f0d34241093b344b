import CLibuv

/// One libuv loop. Confined to the thread that made it: deliberately not Sendable.
///
/// Safe: libuv's pointers stay inside and are used on the loop's thread only.
@safe package final class Loop {
    /// How much one read from a socket may bring.
    package static let readBufferByteCount = 64 << 10

    private static let closingTurns = 8

    let raw: UnsafeMutablePointer<uv_loop_t>
    /// Shared by all sockets: what was read is handed on before the next read.
    let readBuffer: UnsafeMutableRawBufferPointer
    /// Names that are being looked up.
    var lookupCount = 0
    private var turnHook: TurnHook?
    private var mailbox: Mailbox<@Sendable (Loop) -> Void>?

    package init() throws(SystemError) {
        unsafe raw = .allocate(capacity: 1)
        unsafe readBuffer = .allocate(byteCount: Self.readBufferByteCount, alignment: 64)
        try SystemError.check(unsafe uv_loop_init(raw), "make an event loop")
        try SystemError.check(
            unsafe martlet_measure_idle_time(raw), "measure an event loop's idle time")
        mailbox = try Mailbox(loop: self) { [unowned self] work in
            for piece in work { piece(self) }
        }
    }

    deinit {
        unsafe raw.deallocate()
        unsafe readBuffer.deallocate()
    }

    /// What other threads hold.
    package var handle: LoopHandle {
        guard let mailbox else { preconditionFailure("the loop is closed") }
        return LoopHandle(mailbox: mailbox)
    }

    /// How long the loop has waited for events since it was made.
    package var idleNanoseconds: UInt64 { unsafe uv_metrics_idle_time(raw) }

    /// Calls `body` after the events of each turn, before the loop waits for the next ones.
    package func atEndOfTurn(_ body: @escaping () -> Void) throws(SystemError) {
        turnHook?.close()
        turnHook = try TurnHook(loop: self, body)
    }

    /// Serves events until ``stop()``.
    package func run() { unsafe uv_run(raw, UV_RUN_DEFAULT) }

    /// Makes ``run()`` return at the end of this turn.
    package func stop() { unsafe uv_stop(raw) }

    /// Closes everything that is still open on the loop; it can't be used afterwards.
    package func close() {
        mailbox?.close()
        mailbox = nil
        turnHook = nil
        unsafe uv_walk(
            raw,
            { handle, _ in
                guard let data = unsafe handle?.pointee.data else { return }
                unsafe Unmanaged<LoopObject>.fromOpaque(data).takeUnretainedValue().close()
            }, nil)
        // Handles need a turn or two to close; only name lookups take as long as they like.
        for _ in 0..<Self.closingTurns {
            unsafe uv_run(raw, UV_RUN_NOWAIT)
            if unsafe uv_loop_close(raw) == 0 { return }
        }
        precondition(lookupCount > 0, "a closed loop still has open handles")
        // The lookup's thread is going to write to the loop's memory, so that must stay.
        _ = unsafe Unmanaged.passRetained(self)
    }
}

/// Runs just before the loop polls: after the sockets' callbacks, mail and timers of a turn.
@safe private final class TurnHook: LoopObject {
    private let body: () -> Void

    init(loop: Loop, _ body: @escaping () -> Void) throws(SystemError) {
        self.body = body
        super.init(UV_PREPARE)
        let prepare = unsafe memory.assumingMemoryBound(to: uv_prepare_t.self)
        unsafe uv_prepare_init(loop.raw, prepare)
        didOpen()
        unsafe uv_prepare_start(prepare) { prepare in
            guard let data = unsafe prepare?.pointee.data else { return }
            unsafe Unmanaged<TurnHook>.fromOpaque(data).takeUnretainedValue().body()
        }
    }
}
