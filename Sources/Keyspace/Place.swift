/// Where a key was found, or where it would be: what one look-up tells and changes build on.
///
/// It holds until the keyspace changes; a change refreshes the place that it was made through, and
/// using any other one afterwards stops the process.
package struct Place: ~Copyable {
    let hash: UInt64
    let table: Int
    /// The time that decides what has ended.
    package let now: Int64
    /// What is in the table, expired or not.
    var entry: Entry?
    var generation: UInt64
    /// What the key holds; `nil` when there is no such key, or it has ended.
    package internal(set) var type: ValueType?
    /// When the key ends, in milliseconds since the epoch; ``Keyspace/noDeadline`` when it doesn't.
    package internal(set) var deadline: Int64
    /// ``deadline``, or when the last field of a hash ends, if that is earlier.
    package internal(set) var end: Int64

    package var isPresent: Bool { type != nil }
}
