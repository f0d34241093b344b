import EventLoop

/// Bytes on their way to a socket.
struct SendQueue {
    private var bytes: [UInt8] = []
    private var sentByteCount = 0

    var byteCount: Int { bytes.count - sentByteCount }

    mutating func append(_ append: (inout [UInt8]) -> Void) { append(&bytes) }

    /// Sends as much as the socket takes.
    mutating func flush(to connection: TCPConnection) {
        guard sentByteCount < bytes.count else { return }
        sentByteCount += connection.send(bytes.span.extracting(sentByteCount...))
        if sentByteCount == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.count <= LinkLimits.keptByteCount)
            sentByteCount = 0
        } else if sentByteCount > bytes.count / 2 {
            bytes.removeFirst(sentByteCount)
            sentByteCount = 0
        }
    }
}
