/// How much room values take.
extension Keyspace {
    /// About how many bytes of memory a key that is present takes, with its value and its place in the
    /// tables. Of a hash that is not compact, `samples` fields are measured to stand for all.
    package func memoryByteCount(at place: borrowing Place, samples: Int) -> Int {
        let entry = presentEntry(place)
        var byteCount = entry.blockByteCount + MemoryLayout<UInt64>.size
        if entry.expiryIndex != Entry.notInHeap { byteCount += ExpiryHeap.itemByteCount }
        if entry.hasFieldMap {
            byteCount += unsafe entry.fields.pointee.memoryByteCount(samples: samples)
        }
        return byteCount
    }
}

extension FieldMap {
    /// About how many bytes the map and its fields take, measuring up to `samples` of them.
    func memoryByteCount(samples: Int) -> Int {
        var measured = 0
        var byteCount = 0
        var field = first
        while let present = field, measured < samples {
            byteCount += present.blockByteCount + Entry.linkByteCount
            measured += 1
            field = present.nextField
        }
        let fields = measured < count ? byteCount * count / max(measured, 1) : byteCount
        return MemoryLayout<FieldMap>.size + tableByteCount + fields
    }
}
