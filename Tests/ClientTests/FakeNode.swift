import Client
import EventLoop
import Primitives
import Testing

/// Runs a loop until the test stops it; a test that hangs fails after ten seconds instead.
func runLoop(_ body: (Loop) throws -> Void) throws {
    let loop = try Loop()
    let guardTimer = LoopTimer(loop: loop)
    guardTimer.start(milliseconds: 10_000) {
        Issue.record("the loop was not stopped in time")
        loop.stop()
    }
    try body(loop)
    loop.run()
    loop.close()
}

/// A server on the test's own loop, which answers each request as it is told to.
final class FakeNode {
    private let loop: Loop
    private var listener: TCPListener?
    private var connections: [TCPConnection] = []
    let address: Address
    /// Gives the bytes of a request's reply; `nil` closes the connection instead.
    var answer: ([String]) -> String? = { _ in "+OK\r\n" }
    private(set) var requests: [[String]] = []

    init(loop: Loop) throws {
        self.loop = loop
        let any = try #require(SocketAddress(Address(host: "127.0.0.1", port: 0)))
        var accept: (TCPConnection) -> Void = { _ in }
        let listener = try TCPListener(loop: loop, address: any) { accept($0) }
        address = try #require(listener.boundAddress)
        self.listener = listener
        accept = { [weak self] connection in self?.serve(connection) }
    }

    /// Ends its listener and all its connections, as a process's death does.
    func die() {
        listener?.close()
        listener = nil
        for connection in connections { connection.close() }
    }

    private func serve(_ connection: TCPConnection) {
        connections.append(connection)
        var received: [UInt8] = []
        connection.onReceive = { [weak self] connection, bytes in
            for index in bytes.indices { received.append(bytes[index]) }
            var position = 0
            while let self, let request = try? ReplyDecoder.decode(received.span, at: &position) {
                let words = request.elements?.compactMap(\.text) ?? []
                requests.append(words)
                guard let reply = answer(words) else { return connection.close() }
                _ = connection.send([UInt8](reply.utf8).span)
            }
            received.removeFirst(position)
        }
        connection.resume()
    }

    /// A reply to CLUSTER SLOTS in which these nodes lead the slots up to and including each bound.
    static func slots(_ ranges: [(last: Int, node: Address)]) -> String {
        var text = "*\(ranges.count)\r\n"
        var first = 0
        for (last, node) in ranges {
            text +=
                "*3\r\n:\(first)\r\n:\(last)\r\n*3\r\n$\(node.host.utf8.count)\r\n\(node.host)\r\n"
            text += ":\(node.port)\r\n$2\r\nid\r\n"
            first = last + 1
        }
        return text
    }
}
