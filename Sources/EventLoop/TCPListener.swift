import CLibuv
package import Primitives

/// Accepts TCP connections. Bound to `::`, it takes v4 as well.
///
/// It never shares its port (`SO_REUSEPORT`), so that a port in use is noticed; other loops get
/// connections through ``TCPConnection/handOver()``.
@safe package final class TCPListener: LoopObject {
    private let loop: Loop
    private let onConnection: (TCPConnection) -> Void

    private var tcp: UnsafeMutablePointer<uv_tcp_t> {
        unsafe memory.assumingMemoryBound(to: uv_tcp_t.self)
    }

    private var stream: UnsafeMutablePointer<uv_stream_t> {
        unsafe memory.assumingMemoryBound(to: uv_stream_t.self)
    }

    /// `onConnection` owns the connection: it sets its callbacks and starts reading, or closes it.
    package init(
        loop: Loop, address: SocketAddress, backlog: Int = 1024,
        onConnection: @escaping (TCPConnection) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.onConnection = onConnection
        super.init(UV_TCP)
        try SystemError.check(unsafe uv_tcp_init(loop.raw, tcp), "make a socket")
        didOpen()
        do {
            let text = "listen on \(address.address)"
            let bound = unsafe address.withPointer { unsafe uv_tcp_bind(tcp, $0, 0) }
            try SystemError.check(bound, text)
            let listening = unsafe uv_listen(
                stream, Int32(backlog),
                { stream, status in
                    guard status == 0, let data = unsafe stream?.pointee.data else { return }
                    unsafe Unmanaged<TCPListener>.fromOpaque(data).takeUnretainedValue().accept()
                })
            try SystemError.check(listening, text)
        } catch {
            close()
            throw error
        }
    }

    /// Where it listens, with the port that the system chose if 0 was asked for.
    package var boundAddress: Address? {
        var storage = sockaddr_storage()
        var byteCount = Int32(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &storage) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe uv_tcp_getsockname(tcp, $0, &byteCount)
            }
        }
        return status == 0 ? SocketAddress(storage).address : nil
    }

    private func accept() {
        guard isOpen, let connection = try? TCPConnection(loop: loop) else { return }
        guard unsafe connection.accept(from: stream) else {
            connection.close()
            return
        }
        onConnection(connection)
    }
}
