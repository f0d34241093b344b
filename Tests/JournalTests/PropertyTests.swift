@testable import Journal
import Primitives
import Testing

extension JournalLife {
    /// How many copied entries the first batch of a segment holds.
    static func carriedCount(_ bytes: [UInt8]) -> Int {
        guard case .valid(let header) = SegmentHeader.read(from: bytes) else { return 0 }
        let reader = BatchReader(
            bytes: bytes, sequence: header.sequence, segmentID: header.id)
        guard
            let batch = try? reader.batch(
                at: SegmentHeader.byteCount, limit: bytes.count, number: nil)
        else { return 0 }
        return batch.records.count { $0.head.kind == RecordKind.carriedEntry.rawValue }
    }
}

@Suite("Journal under random lives")
struct PropertyTests {
    @Test("keeps what is durable and nothing else", arguments: 0..<200 as Range<UInt64>)
    func keepsWhatIsDurable(seed: UInt64) throws {
        var life = try JournalLife(seed: seed)
        try life.run(stepCount: 1500)
    }
}
