import CPrimitives
package import Primitives

/// Asks the processor for what a look-up will touch, before it does: with keys drawn at random most
/// of a look-up is waiting for memory, and a pipeline's keys can be waited for together. Changes
/// nothing, whatever comes in between.
extension Keyspace {
    /// Asks for what tells where the table of `key` is.
    package func prefetchTable(of key: Span<UInt8>, slot: SlotID) -> KeyAhead {
        let index = table(of: slot)
        tables.prefetch(index)
        return unsafe KeyAhead(
            table: tables.address(of: index), hash: Entry.hash(of: key, secret: hashSecret))
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

/// A key that memory is being asked for: the next steps without a look at the keyspace.
///
/// Safe while the keyspace it is of isn't changed; not to be kept any longer.
@safe package struct KeyAhead {
    private let table: UnsafePointer<EntryTable>?
    package let hash: UInt64

    fileprivate init(table: UnsafePointer<EntryTable>, hash: UInt64) {
        unsafe self.table = table
        self.hash = hash
    }

    /// No key.
    package init() {
        unsafe table = nil
        hash = 0
    }

    /// Asks for the key's bucket, where its table is known.
    package func prefetchBucket() {
        if let table = unsafe table { unsafe table.pointee.prefetchBucket(hash) }
    }

    /// Asks for the entry that a look-up will take for the key's, if there is one, where its bucket is there.
    package func prefetchEntry() {
        if let table = unsafe table { unsafe table.pointee.prefetchEntry(hash) }
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
