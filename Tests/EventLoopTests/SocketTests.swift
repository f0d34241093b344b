import EventLoop
import Primitives
import Testing

@Suite struct SocketTests {
    private func anyPort(_ host: String) throws -> SocketAddress {
        try #require(SocketAddress(Address(host: host, port: 0)))
    }

    private func bound(_ listener: TCPListener) throws -> SocketAddress {
        let address = try #require(listener.boundAddress)
        return try #require(SocketAddress(address))
    }

    /// Sends `payload` to an echo server over `host` and returns what came back.
    private func echo(_ payload: [UInt8], host: String, through clientHost: String) throws
        -> [UInt8]
    {
        var received: [UInt8] = []
        try runLoop { loop in
            let listener = try TCPListener(loop: loop, address: anyPort(host)) { server in
                var backlog: [UInt8] = []
                let flush = { (server: TCPConnection) in
                    while !backlog.isEmpty {
                        let sent = server.send(backlog.span)
                        guard sent > 0 else { return }
                        backlog.removeFirst(sent)
                    }
                }
                server.onReceive = { server, bytes in
                    backlog.append(copying: bytes)
                    flush(server)
                }
                server.onWritable = flush
                server.resume()
            }
            let port = try #require(listener.boundAddress).port
            let client = try TCPConnection(loop: loop)
            var unsent = payload
            let push = { (client: TCPConnection) in
                while !unsent.isEmpty {
                    let sent = client.send(unsent.span)
                    guard sent > 0 else { return }
                    unsent.removeFirst(sent)
                }
            }
            client.onWritable = push
            client.onReceive = { client, bytes in
                received.append(copying: bytes)
                if received.count >= payload.count { loop.stop() }
            }
            let address = try #require(
                SocketAddress(Address(host: clientHost, port: port)))
            try client.connect(to: address) { error in
                #expect(error == nil)
                client.resume()
                push(client)
            }
        }
        return received
    }

    @Test(
        "echoes every byte in order, whatever the socket takes at once",
        arguments: [1, 100_000, 8 << 20])
    func echoes(byteCount: Int) throws {
        let payload = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        #expect(try echo(payload, host: "127.0.0.1", through: "127.0.0.1") == payload)
    }

    @Test("a listener on :: takes v4 connections")
    func dualStack() throws {
        #expect(try echo([1, 2, 3], host: "::", through: "127.0.0.1") == [1, 2, 3])
    }

    @Test("a port in use is refused")
    func portInUse() throws {
        try runLoop { loop in
            let first = try TCPListener(loop: loop, address: anyPort("127.0.0.1")) { $0.close() }
            let taken = try bound(first)
            let error = #expect(throws: SystemError.self) {
                try TCPListener(loop: loop, address: taken) { $0.close() }
            }
            #expect(error?.reason == "address already in use")
            loop.stop()
        }
    }

    @Test("a refused connection is reported, after connect has returned")
    func refused() throws {
        var error: SystemError?
        try runLoop { loop in
            let listener = try TCPListener(loop: loop, address: anyPort("127.0.0.1")) {
                $0.close()
            }
            let free = try bound(listener)
            listener.close()
            let client = try TCPConnection(loop: loop)
            try client.connect(to: free) {
                error = $0
                loop.stop()
            }
            #expect(error == nil)
        }
        #expect(error?.reason == "connection refused")
    }

    @Test("the end that the peer makes is reported once, one's own is not")
    func end() throws {
        var ends: [String] = []
        try runLoop { loop in
            let listener = try TCPListener(loop: loop, address: anyPort("127.0.0.1")) { server in
                server.onEnd = { _, error in
                    ends.append("server \(error?.reason ?? "end")")
                    loop.stop()
                }
                server.resume()
            }
            let address = try bound(listener)
            let client = try TCPConnection(loop: loop)
            client.onEnd = { _, _ in ends.append("client") }
            try client.connect(to: address) { _ in client.close() }
        }
        #expect(ends == ["server end"])
    }

    @Test("a paused connection reads nothing until it is resumed")
    func pause() throws {
        var events: [String] = []
        try runLoop { loop in
            let listener = try TCPListener(loop: loop, address: anyPort("127.0.0.1")) { server in
                server.onReceive = { server, bytes in
                    events.append("read \(bytes.count)")
                    guard events.count == 1 else { return loop.stop() }
                    server.pause()
                    let timer = LoopTimer(loop: loop)
                    timer.start(milliseconds: 20) {
                        events.append("resume")
                        server.resume()
                    }
                }
                server.resume()
            }
            let address = try bound(listener)
            let client = try TCPConnection(loop: loop)
            try client.connect(to: address) { _ in
                #expect(client.send([1, 2, 3].span) == 3)
                let timer = LoopTimer(loop: loop)
                timer.start(milliseconds: 5) { #expect(client.send([4, 5].span) == 2) }
            }
        }
        #expect(events == ["read 3", "resume", "read 2"])
    }

    @Test("another loop takes over an accepted connection")
    func handOver() throws {
        var received: [UInt8] = []
        try runLoop { loop in
            let other = try OtherLoop { loop, descriptor in
                guard let server = try? TCPConnection(loop: loop, descriptor: descriptor) else {
                    return
                }
                server.onReceive = { server, bytes in _ = server.send(bytes) }
                server.resume()
            }
            let listener = try TCPListener(loop: loop, address: anyPort("127.0.0.1")) { server in
                if let descriptor = server.handOver() { other.give(descriptor) }
            }
            let address = try bound(listener)
            let client = try TCPConnection(loop: loop)
            client.onReceive = { _, bytes in
                received.append(copying: bytes)
                other.stop()
                loop.stop()
            }
            try client.connect(to: address) { _ in
                client.resume()
                #expect(client.send([7, 8, 9].span) == 3)
            }
        }
        #expect(received == [7, 8, 9])
    }

    @Test("packets arrive with their sender", arguments: ["127.0.0.1", "::"])
    func datagrams(host: String) throws {
        var packets: [String] = []
        try runLoop { loop in
            let server = try UDPSocket(loop: loop, address: anyPort(host)) { bytes, sender in
                packets.append("\([UInt8](copying: bytes)) from \(sender.address.host)")
                loop.stop()
            }
            let port = try #require(server.boundAddress).port
            let client = try UDPSocket(loop: loop, address: anyPort("127.0.0.1")) { _, _ in }
            let target = try #require(SocketAddress(Address(host: "127.0.0.1", port: port)))
            client.send([5, 6].span, to: target)
        }
        #expect(packets == ["[5, 6] from 127.0.0.1"])
    }

    @Test("finds the addresses of a name, and says when there is none")
    func resolve() throws {
        var outcomes: [String] = []
        try runLoop { loop in
            loop.resolve(Address(host: "localhost", port: 77)) { result in
                let ports = (try? result.get())?.map(\.address.port) ?? []
                outcomes.append(!ports.isEmpty && ports.allSatisfy { $0 == 77 } ? "found" : "no")
                loop.resolve(Address(host: "name.invalid", port: 77)) { result in
                    if case .failure = result { outcomes.append("none") }
                    loop.stop()
                }
            }
        }
        #expect(outcomes == ["found", "none"])
    }

    @Test(
        "numeric addresses are recognised and written back",
        arguments: [("127.0.0.1", true), ("::1", true), ("localhost", false), ("1.2.3", false)])
    func numeric(host: String, isNumeric: Bool) {
        let address = Address(host: host, port: 5)
        #expect(SocketAddress(address)?.address == (isNumeric ? address : nil))
    }
}

/// A loop on a thread of its own, to which descriptors are given.
final class OtherLoop: Sendable {
    private let thread: WorkerThread
    private let mailbox: Mailbox<Int32>
    private let handle: LoopHandle

    init(_ body: @escaping @Sendable (Loop, Int32) -> Void) throws {
        let started = Started()
        thread = try WorkerThread(name: "other") {
            guard let loop = try? Loop(),
                let mailbox = try? Mailbox<Int32>(
                    loop: loop, receive: { for descriptor in $0 { body(loop, descriptor) } })
            else { return }
            started.set(mailbox, loop.handle)
            loop.run()
            loop.close()
        }
        (mailbox, handle) = started.wait()
    }

    func give(_ descriptor: Int32) { mailbox.post(descriptor) }

    func stop() {
        handle.post { $0.stop() }
        thread.join()
    }

    /// Sendable: `parts` is only touched under the lock.
    private final class Started: @unchecked Sendable {
        private let lock = Lock()
        private var parts: (Mailbox<Int32>, LoopHandle)?

        func set(_ mailbox: Mailbox<Int32>, _ handle: LoopHandle) {
            lock.withLock {
                parts = (mailbox, handle)
                lock.signal()
            }
        }

        func wait() -> (Mailbox<Int32>, LoopHandle) {
            lock.withLock {
                while true {
                    if let parts { return parts }
                    lock.wait()
                }
            }
        }
    }
}
