import CLibuv
import Glibc
package import Primitives

/// One TCP connection, without delay (`TCP_NODELAY`) and with keep-alive.
///
/// The callbacks are set once by its owner. None is called from within a method of the connection,
/// so that they may be called while the owner's state is being changed.
@safe package final class TCPConnection: LoopObject {
    /// How much of what the socket didn't take at once is kept until it does.
    private static let heldByteCount = 64 << 10

    /// For its owner's use.
    package var tag: UInt64 = 0
    /// What was read; valid only during the call.
    package var onReceive: ((TCPConnection, Span<UInt8>) -> Void)?
    /// ``send(_:)`` takes bytes again, after it took less than it was given.
    package var onWritable: ((TCPConnection) -> Void)?
    /// The peer closed it, or it failed; not called when the owner closed it.
    package var onEnd: ((TCPConnection, SystemError?) -> Void)?

    private let loop: Loop
    private var onConnect: ((SystemError?) -> Void)?
    private let write = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    private let connect = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    private let shutdown = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
    private var held: UnsafeMutableRawBufferPointer?
    private var isReading = false
    private var endedByItself = false
    private var failure: SystemError?

    private var tcp: UnsafeMutablePointer<uv_tcp_t> {
        unsafe memory.assumingMemoryBound(to: uv_tcp_t.self)
    }

    private var stream: UnsafeMutablePointer<uv_stream_t> {
        unsafe memory.assumingMemoryBound(to: uv_stream_t.self)
    }

    package init(loop: Loop) throws(SystemError) {
        self.loop = loop
        super.init(UV_TCP)
        try SystemError.check(unsafe uv_tcp_init(loop.raw, tcp), "make a socket")
        didOpen()
    }

    deinit {
        unsafe write.deallocate()
        unsafe connect.deallocate()
        unsafe shutdown.deallocate()
        if let held = unsafe held { unsafe held.deallocate() }
    }

    /// Takes over a connected socket, as ``handOver()`` of another loop gave it.
    package convenience init(loop: Loop, descriptor: Int32) throws(SystemError) {
        do throws(SystemError) {
            try self.init(loop: loop)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        let status = unsafe uv_tcp_open(tcp, descriptor)
        if status < 0 {
            Glibc.close(descriptor)
            close()
        }
        try SystemError.check(status, "take over a connection")
        tune()
    }

    /// Gives the socket up for another loop. Nothing may have been read or sent.
    package func handOver() -> Int32? {
        var descriptor: Int32 = -1
        let status = unsafe uv_fileno(handle, &descriptor)
        let copy = status == 0 ? fcntl(descriptor, F_DUPFD_CLOEXEC, 0) : -1
        close()
        return copy < 0 ? nil : copy
    }

    func accept(from listener: UnsafeMutablePointer<uv_stream_t>) -> Bool {
        guard unsafe uv_accept(listener, stream) == 0 else { return false }
        tune()
        return true
    }

    private func tune() {
        unsafe uv_tcp_nodelay(tcp, 1)
        unsafe uv_tcp_keepalive(tcp, 1, 60)
    }

    /// Ends the connection when bytes that were sent stay unacknowledged for so long.
    package func limitUnacknowledged(milliseconds: Int) {
        var descriptor: Int32 = -1
        guard unsafe uv_fileno(handle, &descriptor) == 0 else { return }
        var value = Int32(milliseconds)
        unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &value,
            socklen_t(MemoryLayout<Int32>.size))
    }

    /// Connects. `completion` is called on the loop, later, unless the owner closes it before.
    package func connect(
        to address: SocketAddress, _ completion: @escaping (SystemError?) -> Void
    ) throws(SystemError) {
        onConnect = completion
        unsafe connect.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        let status = unsafe address.withPointer { pointer in
            unsafe uv_tcp_connect(
                connect, tcp, pointer,
                { connect, status in
                    guard let data = unsafe connect?.pointee.data else { return }
                    unsafe Unmanaged<TCPConnection>.fromOpaque(data).takeUnretainedValue()
                        .didConnect(status)
                })
        }
        try SystemError.check(status, "connect to \(address.address)")
    }

    private func didConnect(_ status: Int32) {
        guard let completion = onConnect else { return }
        onConnect = nil
        guard isOpen else { return }
        if status < 0 {
            close()
            completion(SystemError(code: -status, operation: "connect"))
        } else {
            tune()
            completion(nil)
        }
    }

    /// The other end; `nil` when it is gone.
    package var remoteAddress: Address? {
        var storage = sockaddr_storage()
        var byteCount = Int32(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &storage) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe uv_tcp_getpeername(tcp, $0, &byteCount)
            }
        }
        return status == 0 ? SocketAddress(storage).address : nil
    }

    // MARK: Hot path

    /// Starts reading, or goes on after ``pause()``.
    package func resume() {
        guard isOpen, !isReading else { return }
        isReading = true
        unsafe uv_read_start(
            stream,
            { handle, _, buffer in
                guard let buffer = unsafe buffer, let data = unsafe handle?.pointee.data else {
                    return
                }
                let connection =
                    unsafe Unmanaged<TCPConnection>.fromOpaque(data).takeUnretainedValue()
                unsafe buffer.pointee.base =
                    connection.loop.readBuffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                unsafe buffer.pointee.len = Loop.readBufferByteCount
            },
            { stream, byteCount, _ in
                guard let data = unsafe stream?.pointee.data else { return }
                unsafe Unmanaged<TCPConnection>.fromOpaque(data).takeUnretainedValue()
                    .didRead(byteCount)
            })
    }

    package func pause() {
        guard isOpen, isReading else { return }
        isReading = false
        unsafe uv_read_stop(stream)
    }

    private func didRead(_ byteCount: Int) {
        guard byteCount >= 0 else {
            let isEnd = Int32(byteCount) == UV_EOF.rawValue
            end(isEnd ? nil : SystemError(code: Int32(-byteCount), operation: "read"))
            return
        }
        guard byteCount > 0, isOpen else { return }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<byteCount])
        unsafe bytes.withMemoryRebound(to: UInt8.self) { bytes in
            onReceive?(self, unsafe bytes.span)
        }
    }

    /// Sends a prefix of `bytes` and returns its length.
    ///
    /// Less than all means that the socket is full (``onWritable`` follows), or that the connection
    /// has ended (``onEnd`` follows, or the owner closed it).
    package func send(_ bytes: Span<UInt8>) -> Int {
        guard isOpen, unsafe held == nil, bytes.count > 0 else { return 0 }
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            var buffer = unsafe uv_buf_t(UnsafeRawBufferPointer(bytes))
            let status = unsafe uv_try_write(stream, &buffer, 1)
            guard status >= 0 || status == UV_EAGAIN.rawValue else {
                end(SystemError(code: -status, operation: "write"))
                return 0
            }
            let sent = Int(max(status, 0))
            guard sent < bytes.count else { return sent }
            return unsafe sent + hold(UnsafeBufferPointer(rebasing: bytes[sent...]))
        }
    }

    /// Whether bytes that ``send(_:)`` took have not left yet.
    package var isFlushing: Bool { unsafe held != nil }

    private func hold(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let byteCount = min(bytes.count, Self.heldByteCount)
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)
        unsafe copy.copyMemory(
            from: UnsafeRawBufferPointer(start: bytes.baseAddress, count: byteCount))
        unsafe held = copy
        unsafe write.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        var buffer = unsafe uv_buf_t(UnsafeRawBufferPointer(copy))
        let status = unsafe uv_write(write, stream, &buffer, 1) { request, status in
            guard let data = unsafe request?.pointee.data else { return }
            unsafe Unmanaged<TCPConnection>.fromOpaque(data).takeUnretainedValue().didWrite(status)
        }
        if status < 0 { end(SystemError(code: -status, operation: "write")) }
        return byteCount
    }

    private func didWrite(_ status: Int32) {
        if let held = unsafe held { unsafe held.deallocate() }
        unsafe held = nil
        guard isOpen else { return }
        if status < 0 {
            end(SystemError(code: -status, operation: "write"))
        } else {
            onWritable?(self)
        }
    }

    // MARK: End

    /// Tells the peer that nothing more will come, behind all that was sent. What it sends is thrown away
    /// from here on; ``onEnd`` follows when it closes its end too.
    package func finish() {
        guard isOpen else { return }
        onReceive = nil
        onWritable = nil
        unsafe uv_shutdown(shutdown, stream) { _, _ in }
        resume()
    }

    private func end(_ error: SystemError?) {
        guard isOpen else { return }
        endedByItself = true
        failure = error
        close()
    }

    override func didClose() {
        if endedByItself { onEnd?(self, failure) }
        onReceive = nil
        onWritable = nil
        onEnd = nil
        onConnect = nil
    }
}

extension uv_buf_t {
    /// libuv's view of bytes that it only reads.
    init(_ bytes: UnsafeRawBufferPointer) {
        let base = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        unsafe self.init(
            base: base?.assumingMemoryBound(to: CChar.self), len: bytes.count)
    }
}
