/// What must have happened to a write before it is acknowledged. The numbers are written to disk.
package enum Durability: UInt8, Sendable {
    /// It is on disk on a majority of the shard's nodes.
    case sync = 1
    /// It is written on a majority, and on disk within about a second.
    case periodic = 2
}
