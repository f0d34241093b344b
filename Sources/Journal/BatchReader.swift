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
        /// Whether the body has the checksum that the head, which is intact, says.
        var isIntact: Bool

        /// What is wrong with a record that is not intact.
        var damage: Damage {
            Damage(
                range: offset..<body.upperBound, what: "a record with a wrong checksum",
                group: head.group)
        }
    }

    struct Batch {
        var header: BatchHeader
        /// Those whose heads are intact, up to the first other one.
        var records: [Record]
        /// What lies behind them, where the batch should have ended or gone on.
        var rest: Damage?

        /// The first thing that is wrong.
        var damage: Damage? { records.first { !$0.isIntact }?.damage ?? rest }
    }

    struct Damage: Error {
        /// Where; up to the end of the batch or the segment when it is not known how far.
        var range: Range<Int>
        var what: String
        /// Whose record it is, when only a record's body is bad.
        var group: GroupID?
    }

    /// The batch at `offset`, all of it intact; `number` is what it must be numbered, where that is known.
    func batch(at offset: Int, limit: Int, number: UInt64?) throws(Damage) -> Batch {
        let batch = try readableBatch(at: offset, limit: limit, number: number)
        if let damage = batch.damage { throw damage }
        return batch
    }

    /// The batch at `offset`, of which only the header need be intact.
    func readableBatch(at offset: Int, limit: Int, number: UInt64?) throws(Damage) -> Batch {
        guard let header = header(at: offset) else {
            throw Damage(range: offset..<limit, what: "no batch header")
        }
        guard header.batchByteCount >= BatchHeader.byteCount, header.end <= limit,
            header.batchByteCount % 8 == 0
        else {
            throw Damage(
                range: offset..<limit,
                what: "a batch of \(header.batchByteCount) bytes, \(limit - offset) left")
        }
        if let number, header.number != number {
            throw Damage(
                range: offset..<header.end,
                what: "batch \(header.number) in the place of \(number)")
        }
        let seed = header.checksumSeed
        var records: [Record] = []
        var position = offset + BatchHeader.byteCount
        for _ in 0..<header.recordCount {
            guard let head = RecordHead(at: position, of: bytes, limit: header.end, seed: seed)
            else {
                let rest = Damage(range: position..<header.end, what: "a bad record head")
                return Batch(header: header, records: records, rest: rest)
            }
            let body =
                position + RecordHead.byteCount..<position + RecordHead.byteCount
                + head.bodyByteCount
            let checksum = crc32c(bytes.span.extracting(body), continuing: seed)
            records.append(
                Record(
                    head: head, body: body, offset: position,
                    isIntact: checksum == head.bodyChecksum))
            position = body.upperBound
        }
        guard header.end - position < 8, bytes[position..<header.end].allSatisfy({ $0 == 0 }) else {
            let rest = Damage(range: position..<header.end, what: "a bad end of a batch")
            return Batch(header: header, records: records, rest: rest)
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
        Self.headers(in: bytes, from: offset + 8, sequence: sequence)
            .filter { $0.segmentID == segmentID }
    }

    /// Intact headers of batches that were written to segment `sequence`, whatever its id.
    static func headers(
        in bytes: [UInt8], from offset: Int = 0, sequence: UInt64
    ) -> [BatchHeader] {
        var found: [BatchHeader] = []
        var next = headerPlace(in: bytes.span, from: offset)
        while let place = next {
            if let header = BatchHeader(at: place, of: bytes), header.sequence == sequence {
                found.append(header)
            }
            next = headerPlace(in: bytes.span, from: place + 8)
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
}
