/// Authenticated encryption (AEAD) of datagrams with a key derived from the cluster's secret. The
/// shell supplies it.
///
/// A nonce must never be used twice with one key, not by another node and not after a restart, since
/// all nodes derive from the same secret. What keeps the rule: each process draws a random prefix of
/// at least 128 bits when it starts, derives its own sending key from the secret and the prefix
/// (HKDF), counts its packets as the nonce, and sends prefix and count in clear before the sealed
/// bytes. A receiver derives the key from the prefix it sees. A prefix is drawn anew well before the
/// count could wrap.
///
/// Replayed packets are harmless to ``GossipCore``: news is ordered by incarnation and term, and
/// replies are matched by random sequence numbers.
package protocol PacketSealing: Sendable {
    /// The sealed form of `plain`, which opens only with the same secret and the same `context`
    /// (additional authenticated data; not part of the result).
    mutating func seal(_ plain: [UInt8], context: [UInt8]) -> [UInt8]

    /// The plain bytes, or `nil` when `sealed` is damaged, or of another secret or context.
    mutating func open(_ sealed: [UInt8], context: [UInt8]) -> [UInt8]?
}
