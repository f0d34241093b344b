import Primitives

/// Finds the batches of one segment in its file's bytes.
struct BatchReader {
    let bytes: [UInt8]
    let sequence: UInt64
    let segmentID: UInt64

    struct Record {
        var head: RecordHead
        var body: Range<Int>
        var offset: Int
    }

    struct Batch {
        var header: BatchHeader
        var records: [Record]
    }

    struct Damage: Error {
        /// Of the record that is bad, or of the batch if its header is.
        var offset: Int
        var what: String
        /// Where the batch ends, if its header is intact.
        var end: Int?
        /// Whose record it is, when only a record's body is bad.
        var group: GroupID?
    }

    /// The batch at `offset`; `number` is what it must be numbered, where that is known.
    func batch(at offset: Int, limit: Int, number: UInt64?) throws(Damage) -> Batch {
        guard let header = header(at: offset) else {
            throw Damage(offset: offset, what: "no batch header")
        }
        guard header.batchByteCount >= BatchHeader.byteCount, header.end <= limit,
            header.batchByteCount % 8 == 0
        else {
            throw Damage(
                offset: offset,
                what: "a batch of \(header.batchByteCount) bytes, \(limit - offset) left")
        }
        if let number, header.number != number {
            throw Damage(
                offset: offset, what: "batch \(header.number) in the place of \(number)",
                end: header.end)
        }
        let seed = header.checksumSeed
        var records: [Record] = []
        var position = offset + BatchHeader.byteCount
        for _ in 0..<header.recordCount {
            guard let head = RecordHead(at: position, of: bytes, limit: header.end, seed: seed)
            else { throw Damage(offset: position, what: "a bad record head", end: header.end) }
            let body =
                position + RecordHead.byteCount..<position + RecordHead.byteCount
                + head.bodyByteCount
            guard crc32c(bytes.span.extracting(body), continuing: seed) == head.bodyChecksum else {
                throw Damage(
                    offset: position, what: "a record with a wrong checksum", end: header.end,
                    group: head.group)
            }
            records.append(Record(head: head, body: body, offset: position))
            position = body.upperBound
        }
        guard header.end - position < 8, bytes[position..<header.end].allSatisfy({ $0 == 0 }) else {
            throw Damage(offset: position, what: "a bad end of a batch", end: header.end)
        }
        return Batch(header: header, records: records)
    }

    /// An intact header of this segment.
    func header(at offset: Int) -> BatchHeader? {
        guard let header = BatchHeader(at: offset, of: bytes), header.sequence == sequence,
            header.segmentID == segmentID
        else { return nil }
        return header
    }

    /// Intact headers of this segment after `offset`, whatever lies between.
    func headers(after offset: Int) -> [BatchHeader] {
        var found: [BatchHeader] = []
        var next = Self.headerPlace(in: bytes.span, from: offset + 8)
        while let place = next {
            if let header = header(at: place) { found.append(header) }
            next = Self.headerPlace(in: bytes.span, from: place + 8)
        }
        return found
    }

    /// The first place from `offset` on, in steps of 8, where a batch header may be; most of what is
    /// searched are zeros.
    private static func headerPlace(in bytes: Span<UInt8>, from offset: Int) -> Int? {
        let first = UInt8(truncatingIfNeeded: BatchHeader.magic)
        var place = offset
        while place <= bytes.count - BatchHeader.byteCount {
            if bytes[place] == first { return place }
            place += 8
        }
        return nil
    }

    /// The groups that intact records of the segment name, in any order; its header is not needed.
    static func groupsNamed(in bytes: [UInt8], sequence: UInt64) -> [GroupID] {
        var groups: [GroupID] = []
        for offset in stride(from: 0, through: bytes.count - BatchHeader.byteCount, by: 8) {
            guard let header = BatchHeader(at: offset, of: bytes), header.sequence == sequence
            else { continue }
            let reader = BatchReader(
                bytes: bytes, sequence: sequence, segmentID: header.segmentID)
            guard let batch = try? reader.batch(at: offset, limit: bytes.count, number: nil)
            else { continue }
            for record in batch.records
            where record.head.kind != RecordKind.cleanStop.rawValue
                && groups.last != record.head.group
            {
                groups.append(record.head.group)
            }
        }
        return groups
    }

    /// Whether the file holds proof that the segment had been begun for good: a batch that was written
    /// when the segment's first bytes were known to be on disk. `id` is not needed for it.
    static func provesBeginning(_ bytes: [UInt8], sequence: UInt64) -> Bool {
        var next = headerPlace(in: bytes.span, from: 0)
        while let place = next {
            if let header = BatchHeader(at: place, of: bytes), header.sequence == sequence,
                header.syncedThrough > 0
            {
                return true
            }
            next = headerPlace(in: bytes.span, from: place + 8)
        }
        return false
    }
}
