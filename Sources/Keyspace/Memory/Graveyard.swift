/// What nothing refers to any more and waits to be freed, some of it at a time: a hash of a million
/// fields is gone at once for its clients, but not in one turn of the loop.
struct Graveyard {
    private var hashes: [Entry] = []
    private var tables: [EntryTable] = []
    /// Buckets of the last of ``tables`` whose entries are gone.
    private var bucket = 0

    init() {}

    var isEmpty: Bool { hashes.isEmpty && tables.isEmpty }

    /// Takes a hash that is in no table.
    mutating func bury(_ hash: Entry) { hashes.append(hash) }

    /// Takes tables with all their entries.
    mutating func bury(_ dead: [EntryTable]) {
        // The last one may be half gone.
        tables.insert(contentsOf: dead.filter { !$0.isEmpty }, at: 0)
    }

    /// Frees about `limit` entries or fields, or passes as many empty buckets.
    mutating func free(limit: Int) {
        var rest = limit
        while rest > 0 {
            if let hash = hashes.last {
                let freed = Keyspace.freeFields(of: hash, limit: rest)
                if freed < rest { hashes.removeLast() }
                rest -= freed + 1
            } else if var table = tables.last {
                let end = min(bucket + rest, table.bucketCount)
                table.forEach(ofBuckets: bucket..<end) { entry in
                    if entry.hasFieldMap, Keyspace.isLarge(entry) {
                        hashes.append(entry)
                    } else {
                        Keyspace.free(entry)
                    }
                }
                rest -= end - bucket
                bucket = end
                if bucket == table.bucketCount {
                    table.deallocate()
                    tables.removeLast()
                    bucket = 0
                }
            } else {
                return
            }
        }
    }

    /// Frees everything.
    mutating func freeAll() {
        while !isEmpty { free(limit: 1 << 20) }
    }
}
