import Journal
import Primitives

extension Journal {
    /// Flushes as if files were there as soon as they are asked for: the requests that make them stand
    /// before those that need them.
    mutating func flushMakingFiles(now: Moment, into requests: inout [DiskRequest]) -> UInt64? {
        while true {
            if let batch = flush(now: now, into: &requests) { return batch }
            guard !canFlush else { return nil }
            segmentMade()
        }
    }
}
