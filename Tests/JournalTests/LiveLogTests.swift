import Primitives
import Testing

@testable import Journal

@Suite("The entries that a journal can copy forward") struct LiveLogTests {
    private func entry(_ index: UInt64, byteCount: Int) -> LogEntry {
        LogEntry(
            term: Term(1), index: LogIndex(index), kind: .command, stamp: 0,
            payload: [UInt8](repeating: 1, count: byteCount))
    }

    private func carried(_ log: LiveLog, from segment: UInt64) -> [UInt64] {
        var (log, budget) = (log, Int.max)
        return log.carry(from: segment, to: 9, budget: &budget).map(\.index.rawValue)
    }

    @Test("are those of whole runs, the newest ones that have room") func wholeRuns() {
        var log = LiveLog(heldByteCount: 1000)
        for index: UInt64 in 1...3 { log.append(entry(index, byteCount: 100), segment: 1) }
        for index: UInt64 in 4...6 { log.append(entry(index, byteCount: 100), segment: 2) }
        #expect(carried(log, from: 1) == [1, 2, 3])
        #expect(carried(log, from: 2) == [4, 5, 6])
        // The older run makes room as a whole.
        for index: UInt64 in 7...8 { log.append(entry(index, byteCount: 100), segment: 2) }
        #expect(log.isPinning(1) && carried(log, from: 1) == [])
        #expect(!log.isPinning(2) && carried(log, from: 2) == [4, 5, 6, 7, 8])
        // A run that has no room itself can't be carried, and the next one can again.
        for index: UInt64 in 9...16 { log.append(entry(index, byteCount: 100), segment: 2) }
        #expect(log.isPinning(2) && carried(log, from: 2) == [])
        log.append(entry(17, byteCount: 100), segment: 3)
        log.append(entry(18, byteCount: 100), segment: 3)
        #expect(log.isPinning(2) && !log.isPinning(3))
        #expect(carried(log, from: 3) == [17, 18])
        // What is cut off is replaced, and what is compacted away is gone.
        log.apply(.append(entry(18, byteCount: 50)), segment: 3)
        log.apply(.compact(through: LogIndex(17)), segment: 3)
        #expect(carried(log, from: 3) == [18] && !log.isPinning(2))
    }

    @Test("hold no memory for a run that can't be carried") func noMemory() {
        var log = LiveLog(heldByteCount: 1000)
        for index: UInt64 in 1...100 { log.append(entry(index, byteCount: 100), segment: 1) }
        #expect(log.heldCount == 0)
        log.append(entry(101, byteCount: 100), segment: 2)
        #expect(log.heldCount == 1)
    }
}
