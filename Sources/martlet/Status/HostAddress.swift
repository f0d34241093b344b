import Glibc
import Primitives
import Settings

extension HostKind {
    /// Whether a numeric address is one of IPv6.
    static func isVersion6(_ host: String) -> Bool { host.contains(":") }
}

/// A numeric address of either version.
enum HostAddress: Equatable, Sendable {
    case version4(String)
    case version6(String)

    /// Looks a host up; a numeric one stays as it is.
    ///
    /// - Parameter address: Its port plays no part.
    /// - Returns: The first address that the resolver names.
    /// - Throws: ``CommandFailure`` with the resolver's reason.
    static func resolve(_ address: Address) throws -> HostAddress {
        if HostKind(address.host) != .name {
            return HostKind.isVersion6(address.host)
                ? .version6(address.host) : .version4(address.host)
        }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(address.host, nil, &hints, &list)
        guard status == 0, let first = unsafe list?.pointee else {
            let reason = unsafe String(cString: gai_strerror(status))
            throw CommandFailure(.unavailable, "\(address.host) can't be resolved: \(reason)")
        }
        defer { unsafe freeaddrinfo(list) }
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let named = unsafe getnameinfo(
            first.ai_addr, first.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
        guard named == 0 else {
            let reason = unsafe String(cString: gai_strerror(named))
            throw CommandFailure(.unavailable, "\(address.host) can't be resolved: \(reason)")
        }
        let text = String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return unsafe first.ai_family == AF_INET6 ? .version6(text) : .version4(text)
    }
}
