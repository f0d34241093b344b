import EventLoop
import Node
import Primitives

/// A node's listeners, all on loop 0. Confined to it.
final class Listeners {
    let bound: BoundAddresses
    private let all: [TCPListener]
    let packets: UDPSocket

    /// Connections are handed to `accept`; packets to `receive`.
    init(
        loop: Loop, configuration: NodeConfiguration,
        accept: @escaping (TCPConnection, ListenerKind?) -> Void,
        receive: @escaping (Span<UInt8>, SocketAddress) -> Void
    ) throws(StartError) {
        let peer = try Self.open("peer", configuration.peerListen, on: loop) { accept($0, nil) }
        // TCP and UDP of the peer listener have the same port.
        let peerAddress = peer.boundAddress ?? configuration.peerListen
        packets = try Self.refusing("peer (UDP)", peerAddress) { () throws(SystemError) in
            guard let address = SocketAddress(peerAddress) else {
                throw SystemError(code: 22, operation: "bind UDP")
            }
            return try UDPSocket(loop: loop, address: address, onReceive: receive)
        }
        let cluster = try Self.open("cluster", configuration.clusterListen, on: loop) {
            accept($0, .cluster)
        }
        var plain: TCPListener?
        if let address = configuration.plainListen {
            plain = try Self.open("plain", address, on: loop) { accept($0, .plain) }
        }
        all = [peer, cluster] + (plain.map { [$0] } ?? [])
        bound = BoundAddresses(
            peer: peerAddress, cluster: cluster.boundAddress ?? configuration.clusterListen,
            plain: plain?.boundAddress)
    }

    /// Accepts no more; what is connected stays.
    func close() { for listener in all { listener.close() } }

    /// What others are told, with the ports that were opened in place of 0.
    func advertised(_ addresses: AdvertisedAddresses) -> AdvertisedAddresses {
        var addresses = addresses
        if addresses.peer.port == 0 { addresses.peer.port = bound.peer.port }
        if addresses.cluster.port == 0 { addresses.cluster.port = bound.cluster.port }
        if addresses.plain.port == 0 { addresses.plain.port = bound.plain?.port ?? 0 }
        return addresses
    }

    private static func open(
        _ name: String, _ address: Address, on loop: Loop,
        onConnection: @escaping (TCPConnection) -> Void
    ) throws(StartError) -> TCPListener {
        try refusing(name, address) { () throws(SystemError) in
            let found = try loop.resolveNow(address)
            guard let first = found.first else {
                throw SystemError(code: 99, operation: "look up \(address.host)")
            }
            return try TCPListener(loop: loop, address: first, onConnection: onConnection)
        }
    }

    private static func refusing<Value>(
        _ name: String, _ address: Address, _ open: () throws(SystemError) -> Value
    ) throws(StartError) -> Value {
        do throws(SystemError) {
            return try open()
        } catch {
            guard error.isAddressInUse else {
                throw .listenerRefused(listener: name, address, error)
            }
            throw .portTaken(listener: name, address)
        }
    }
}
