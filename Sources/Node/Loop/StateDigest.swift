import Keyspace
import Primitives

/// A hash of a shard's state, made of its snapshot's blocks as they come.
struct StateDigest: Sendable {
    private let seed: UInt64
    private var sharded: SnapshotDigest
    /// Of the whole databases that have come, by number.
    private var whole = SortedMap<Int, SnapshotDigest>()

    /// - Parameter seed: A hash of what belongs to the state and is in no database.
    init(seed: UInt64) {
        self.seed = seed
        sharded = SnapshotDigest(seed: seed)
    }

    /// Takes in a block of whole records of one database.
    ///
    /// - Throws: What is wrong with them and where; the digest can't go on.
    mutating func take(_ block: [UInt8]) throws(DecodingFailure) {
        guard let database = block.first.flatMap(DatabaseID.init(rawValue:)) else {
            throw DecodingFailure(what: "database", offset: 0)
        }
        let records = 1..<block.count
        guard let number = database.number else { return try sharded.take(block, in: records) }
        var digest = whole[number] ?? SnapshotDigest(seed: seed &+ UInt64(database.rawValue))
        try digest.take(block, in: records)
        whole[number] = digest
    }

    /// The hash, once all blocks have come.
    var value: UInt64 {
        whole.values.reduce(sharded.value) { SplitMix64.mix($0) ^ $1.value }
    }
}
