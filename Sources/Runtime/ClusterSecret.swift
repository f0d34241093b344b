/// The cluster's secret, from which a key is derived for each purpose.
package struct ClusterSecret: Sendable {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Proves the secret in the handshake of peer links.
    var linkKey: [UInt8] {
        Crypto.deriveKey(secret: bytes, salt: [], purpose: "martlet peer link 1")
    }

    /// Seals the gossip packets of the process that drew `salt`.
    func gossipKey(salt: [UInt8]) -> [UInt8] {
        Crypto.deriveKey(secret: bytes, salt: salt, purpose: "martlet gossip 1")
    }
}
