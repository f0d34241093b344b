package import Primitives

/// An error that names the node to ask instead (Redis Cluster specification, "Redirection and
/// resharding").
package struct Redirection: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// The node serves the slot from now on.
        case moved
        /// The node has the key for this request only, which `ASKING` must precede.
        case ask
    }

    package var kind: Kind
    package var slot: SlotID
    package var address: Address

    /// Parses `MOVED 3999 127.0.0.1:6381` or the same with `ASK`; `nil` for any other error.
    ///
    /// - Parameters:
    ///   - error: The error without its minus sign.
    ///   - dialled: The node that answered, meant when the error names a port only.
    package init?(_ error: String, dialled: Address) {
        let parts = error.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, let slot = UInt16(parts[1]), slot < SlotID.count else {
            return nil
        }
        switch parts[0] {
        case "MOVED": kind = .moved
        case "ASK": kind = .ask
        default: return nil
        }
        self.slot = SlotID(slot)
        // A v6 host comes without brackets: the port follows the last colon.
        guard let colon = parts[2].lastIndex(of: ":"),
            let port = UInt16(parts[2][parts[2].index(after: colon)...]), port > 0
        else { return nil }
        let host = String(parts[2][..<colon])
        address = Address(host: host.isEmpty ? dialled.host : host, port: port)
    }
}
