import CPrimitives
package import Primitives

/// Asks the processor for what a look-up will touch, before it does: with keys drawn at random most
/// of a look-up is waiting for memory, and a pipeline's keys can be waited for together. Changes
/// nothing, whatever comes in between.
extension Keyspace {
    /// Asks for what tells where the table of `key` is.
    ///
    /// - Returns: The key's hash, for ``prefetchBucket(slot:hash:)`` a while later.
    package func prefetchTable(of key: Span<UInt8>, slot: SlotID) -> UInt64 {
        tables.prefetch(table(of: slot))
        return Entry.hash(of: key, secret: hashSecret)
    }

    /// Asks for the key's bucket, where its table is known.
    package func prefetchBucket(slot: SlotID, hash: UInt64) {
        tables[table(of: slot)].prefetchBucket(hash)
    }

    /// Asks for the entry that a look-up will take for the key's, if there is one, where its bucket is there.
    package func prefetchEntry(slot: SlotID, hash: UInt64) {
        tables[table(of: slot)].prefetchEntry(hash)
    }
}

extension SlotTables {
    func prefetch(_ index: Int) { unsafe martlet_prefetch(address(of: index)) }
}

extension EntryTable {
    func prefetchBucket(_ hash: UInt64) { block?.prefetchBucket(hash) }
    func prefetchEntry(_ hash: UInt64) { block?.prefetchEntry(hash) }
}

extension TableBlock {
    func prefetchBucket(_ hash: UInt64) {
        unsafe martlet_prefetch(address(ofBucket: home(hash)))
    }

    /// The first one with the hash's low bits, as ``find(_:hash:)`` looks for it: in a small table half
    /// of the keys are not in their home buckets.
    func prefetchEntry(_ hash: UInt64) {
        let mask = capacity - 1
        var index = home(hash)
        while self[index] != 0 {
            if self[index] >> 48 == hash & 0xFFFF { return prefetchEntry(ofBucket: index) }
            index = (index + 1) & mask
        }
    }

    func prefetchEntry(ofBucket index: Int) {
        let word = self[index]
        guard word != 0, word != Self.tombstone else { return }
        unsafe martlet_prefetch_two(
            UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: word & 0xFFFF_FFFF_FFFF)))
    }
}
