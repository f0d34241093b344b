/// What a datagram holds: its first byte, in clear; the rest is sealed with that byte as context.
/// The numbers go over the wire: append only.
enum DatagramKind: UInt8 {
    case gossip = 1
    case founding = 2
}
