import CLibuv
import Glibc
package import Primitives

/// A numeric address and port, v4 or v6.
package struct SocketAddress: Sendable {
    private(set) var storage: sockaddr_storage

    init(_ storage: sockaddr_storage) { self.storage = storage }

    /// `nil` when the host isn't a numeric address.
    package init?(_ address: Address) {
        var storage = sockaddr_storage()
        let port = Int32(address.port)
        let status = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            let isFour = unsafe uv_ip4_addr(
                address.host, port, bytes.assumingMemoryBound(to: sockaddr_in.self).baseAddress)
            guard isFour != 0 else { return isFour }
            return unsafe uv_ip6_addr(
                address.host, port, bytes.assumingMemoryBound(to: sockaddr_in6.self).baseAddress)
        }
        guard status == 0 else { return nil }
        self.storage = storage
    }

    /// Copies what a system call has filled in; `nil` for a family other than v4 and v6.
    init?(copying address: UnsafePointer<sockaddr>?) {
        guard let address = unsafe address else { return nil }
        var storage = sockaddr_storage()
        let byteCount: Int
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET: byteCount = MemoryLayout<sockaddr_in>.size
        case AF_INET6: byteCount = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        unsafe withUnsafeMutableBytes(of: &storage) {
            unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: byteCount))
        }
        self.storage = storage
    }

    var isVersionSix: Bool { Int32(storage.ss_family) == AF_INET6 }

    /// The address as numbers. A v4 address that came through a v6 socket is written as v4.
    package var address: Address {
        unsafe withPointer { pointer in
            var text = [CChar](repeating: 0, count: 64)
            unsafe uv_ip_name(pointer, &text, text.count)
            let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            var host = String(decoding: bytes, as: UTF8.self)
            if host.hasPrefix("::ffff:"), host.contains(".") { host.removeFirst(7) }
            return Address(host: host, port: unsafe port(of: pointer))
        }
    }

    private func port(of pointer: UnsafePointer<sockaddr>) -> UInt16 {
        // Both families have the port in the two bytes after the family, in network order.
        let raw = unsafe UnsafeRawPointer(pointer).load(fromByteOffset: 2, as: UInt16.self)
        return UInt16(bigEndian: raw)
    }

    /// The same address in the form that a socket of `family` takes.
    func mapped(toVersionSix: Bool) -> SocketAddress {
        guard toVersionSix, !isVersionSix else { return self }
        let four = address
        return SocketAddress(Address(host: "::ffff:" + four.host, port: four.port)) ?? self
    }

    func withPointer<Value>(_ body: (UnsafePointer<sockaddr>) -> Value) -> Value {
        unsafe withUnsafePointer(to: storage) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0) }
        }
    }
}
