import CLibuv
package import Primitives

/// A bound UDP socket. Bound to `::`, it speaks v4 as well.
@safe package final class UDPSocket: LoopObject {
    /// Packets that were not sent because the socket was full or the system refused them.
    package private(set) var dropCount = 0

    private let loop: Loop
    private let isVersionSix: Bool
    private let onReceive: (Span<UInt8>, SocketAddress) -> Void

    private var udp: UnsafeMutablePointer<uv_udp_t> {
        unsafe memory.assumingMemoryBound(to: uv_udp_t.self)
    }

    /// `onReceive` is called with each packet; its bytes are valid only during the call.
    package init(
        loop: Loop, address: SocketAddress,
        onReceive: @escaping (Span<UInt8>, SocketAddress) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.onReceive = onReceive
        isVersionSix = address.isVersionSix
        super.init(UV_UDP)
        try SystemError.check(unsafe uv_udp_init(loop.raw, udp), "make a UDP socket")
        didOpen()
        do {
            let text = "bind UDP \(address.address)"
            let bound = unsafe address.withPointer { unsafe uv_udp_bind(udp, $0, 0) }
            try SystemError.check(bound, text)
            try SystemError.check(startReading(), text)
        } catch {
            close()
            throw error
        }
    }

    private func startReading() -> Int32 {
        unsafe uv_udp_recv_start(
            udp,
            { handle, _, buffer in
                guard let buffer = unsafe buffer, let data = unsafe handle?.pointee.data else {
                    return
                }
                let socket = unsafe Unmanaged<UDPSocket>.fromOpaque(data).takeUnretainedValue()
                unsafe buffer.pointee.base =
                    socket.loop.readBuffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                unsafe buffer.pointee.len = Loop.readBufferByteCount
            },
            { handle, byteCount, _, sender, flags in
                guard byteCount > 0, flags & UV_UDP_PARTIAL.rawValue == 0,
                    let sender = unsafe SocketAddress(copying: sender),
                    let data = unsafe handle?.pointee.data
                else { return }
                let socket = unsafe Unmanaged<UDPSocket>.fromOpaque(data).takeUnretainedValue()
                socket.didReceive(byteCount, from: sender)
            })
    }

    private func didReceive(_ byteCount: Int, from sender: SocketAddress) {
        guard isOpen else { return }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<byteCount])
        unsafe bytes.withMemoryRebound(to: UInt8.self) { bytes in
            onReceive(unsafe bytes.span, sender)
        }
    }

    package var boundAddress: Address? {
        var storage = sockaddr_storage()
        var byteCount = Int32(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &storage) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe uv_udp_getsockname(udp, $0, &byteCount)
            }
        }
        return status == 0 ? SocketAddress(storage).address : nil
    }

    /// Whether the socket's family can speak to the address.
    package func canReach(_ address: SocketAddress) -> Bool {
        isVersionSix || !address.isVersionSix
    }

    /// Sends one packet, or drops it: UDP promises no more than that.
    package func send(_ bytes: Span<UInt8>, to address: SocketAddress) {
        guard isOpen else { return }
        let status = unsafe bytes.withUnsafeBufferPointer { bytes in
            var buffer = unsafe uv_buf_t(UnsafeRawBufferPointer(bytes))
            return unsafe address.mapped(toVersionSix: isVersionSix).withPointer {
                unsafe uv_udp_try_send(udp, &buffer, 1, $0)
            }
        }
        if status < 0 { dropCount += 1 }
    }
}
