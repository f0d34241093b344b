/// One table for each slot, made when the slot gets its first key.
///
/// Safe because it owns the memory of the tables and nothing outside `Memory` sees an address.
@safe struct SlotTables: ~Copyable {
    private let tables: UnsafeMutablePointer<EntryTable>
    let count: Int

    init(count: Int) {
        self.count = count
        unsafe tables = .allocate(capacity: count)
        unsafe tables.initialize(repeating: EntryTable(), count: count)
    }

    deinit {
        for index in 0..<count { unsafe tables[index].deallocate() }
        unsafe tables.deallocate()
    }

    /// Hands the tables over and is empty afterwards.
    mutating func takeAll() -> [EntryTable] {
        let taken = unsafe Array(UnsafeBufferPointer(start: tables, count: count))
        unsafe tables.update(repeating: EntryTable(), count: count)
        return taken
    }

    /// Where the table at `index` is held.
    func address(of index: Int) -> UnsafePointer<EntryTable> {
        precondition(index < count, "table \(index) of \(count)")
        return unsafe UnsafePointer(tables + index)
    }

    subscript(index: Int) -> EntryTable {
        _read {
            precondition(index < count, "table \(index) of \(count)")
            yield unsafe tables[index]
        }
        _modify {
            precondition(index < count, "table \(index) of \(count)")
            yield unsafe &tables[index]
        }
    }
}
