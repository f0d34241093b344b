import EventLoop
import Node
import Primitives
import Testing
import Topology

@testable import Runtime

/// Nodes in this process, on loopback, and a client that asks them things.
enum TestNode {
    private static let anyPort = Address(host: "127.0.0.1", port: 0)

    static func configuration(folder: String) -> NodeConfiguration {
        var configuration = NodeConfiguration(
            dataDirectory: folder, peerListen: anyPort, clusterListen: anyPort,
            advertised: AdvertisedAddresses(
                peer: anyPort, cluster: anyPort, plain: anyPort, admin: anyPort),
            clusterName: "test", log: { _, _ in })
        configuration.segmentByteCount = 1 << 20
        configuration.shardCount = 4
        configuration.handlesSignals = false
        return configuration
    }

    /// `count` nodes whose seeds are each other.
    static func cluster(of count: Int, folder: String, loopCount: Int) throws
        -> [NodeConfiguration]
    {
        let ports = try freePorts(count)
        let seeds = ports.map { Address(host: "127.0.0.1", port: $0) }
        return (0..<count).map { number in
            var node = configuration(folder: "\(folder)/node-\(number)")
            node.peerListen = seeds[number]
            node.advertised.peer = seeds[number]
            node.secret = Array("the secret".utf8)
            node.seeds = seeds
            node.loopCount = loopCount
            return node
        }
    }

    /// Ports that nothing listened on a moment ago.
    private static func freePorts(_ count: Int) throws -> [UInt16] {
        let loop = try Loop()
        defer { loop.close() }
        let any = try #require(SocketAddress(anyPort))
        let listeners = try (0..<count).map { _ in
            try TCPListener(loop: loop, address: any) { $0.close() }
        }
        return listeners.compactMap { $0.boundAddress?.port }
    }

    /// The reply to an inline command; asked again while the cluster says that it isn't ready.
    static func ask(_ node: NodeRuntime, _ command: String, patienceMilliseconds: Int = 20_000)
        throws -> String
    {
        try askAny([node], command, patienceMilliseconds: patienceMilliseconds)
    }

    /// The reply of whichever node serves the key; asked again while none does.
    static func askAny(
        _ nodes: [NodeRuntime], _ command: String, patienceMilliseconds: Int = 20_000
    ) throws -> String {
        var reply = ""
        let loop = try Loop()
        let deadline = LoopTimer(loop: loop)
        deadline.start(milliseconds: patienceMilliseconds) { loop.stop() }
        var attempt = 0
        func tryNext() {
            guard let address = SocketAddress(nodes[attempt % nodes.count].listeners.cluster),
                let connection = try? TCPConnection(loop: loop)
            else { return loop.stop() }
            attempt += 1
            reply = ""
            let again = {
                connection.close()
                let timer = LoopTimer(loop: loop)
                timer.start(milliseconds: 20) {
                    timer.close()
                    tryNext()
                }
            }
            connection.onReceive = { _, bytes in
                reply += String(decoding: [UInt8](copying: bytes), as: UTF8.self)
                let isWhole =
                    reply.hasSuffix("\r\n")
                    && (!reply.hasPrefix("$") || reply.hasPrefix("$-")
                        || reply.split(separator: "\r\n").count == 2)
                guard isWhole else { return }
                let isFinal = !["-CLUSTERDOWN", "-MOVED", "-LOADING", "-TRYAGAIN"].contains {
                    reply.hasPrefix($0)
                }
                if isFinal { loop.stop() } else { again() }
            }
            connection.onEnd = { _, _ in again() }
            do throws(SystemError) {
                try connection.connect(to: address) { error in
                    guard error == nil else { return again() }
                    connection.resume()
                    _ = connection.send(Array("\(command)\r\n".utf8).span)
                }
            } catch {
                again()
            }
        }
        tryNext()
        loop.run()
        loop.close()
        return reply
    }
}
