import Glibc

/// What the host part of an address says about who can reach it.
package enum HostKind: Equatable, Sendable {
    /// Only processes of this machine.
    case loopback
    /// Every interface: good to listen on, useless to tell others.
    case wildcard
    /// A numeric address of one interface.
    case numeric
    /// Not a numeric address.
    case name

    package init(_ host: String) {
        var address4 = in_addr()
        var address6 = in6_addr()
        if unsafe inet_pton(AF_INET, host, &address4) == 1 {
            let value = UInt32(bigEndian: address4.s_addr)
            self = value == 0 ? .wildcard : value >> 24 == 127 ? .loopback : .numeric
        } else if unsafe inet_pton(AF_INET6, host, &address6) == 1 {
            let bytes = unsafe withUnsafeBytes(of: &address6) { unsafe Array($0) }
            let isLow = bytes.dropLast().allSatisfy { $0 == 0 }
            self =
                isLow && bytes[15] == 0 ? .wildcard : isLow && bytes[15] == 1 ? .loopback : .numeric
        } else {
            self = .name
        }
    }
}
