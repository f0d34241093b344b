import Journal
import Primitives

/// A journal's folder in memory, on a disk that never fails.
struct FuzzFolder: JournalDisk {
    var contents = SortedMap<JournalFile, [UInt8]>()

    func files() throws(DiskFailure) -> [JournalFile] { contents.keys }

    func read(_ file: JournalFile) throws(DiskFailure) -> [UInt8] {
        guard let bytes = contents[file] else {
            throw DiskFailure(operation: "open \(file)", code: 2)
        }
        return bytes
    }

    mutating func carryOut(_ request: DiskRequest) {
        switch request {
        case .createSegment(let sequence, let byteCount):
            contents[.segment(sequence)] = [UInt8](repeating: 0, count: byteCount)
        case .recycleSegment(let old, let new):
            contents[.segment(new)] = contents[.segment(old)]
            contents[.segment(old)] = nil
        case .write(let sequence, let offset, let bytes, _):
            guard let place = contents.index(of: .segment(sequence)) else {
                preconditionFailure("segment \(sequence) is not there")
            }
            let range = offset..<offset + bytes.count
            precondition(
                range.upperBound <= contents[valueAt: place].count,
                "\(range) of a segment of \(contents[valueAt: place].count) bytes")
            contents[valueAt: place].replaceSubrange(range, with: bytes)
        case .sync: break
        case .writeHead(let bytes): contents[.head] = bytes
        case .remove(let file): contents[file] = nil
        }
    }

    mutating func carryOut(_ request: SnapshotRequest) -> SnapshotOutcome {
        switch request {
        case .begin(let group, let index): contents[.partialSnapshot(group, index)] = []
        case .append(let group, let index, let bytes):
            contents[.partialSnapshot(group, index)]?.append(contentsOf: bytes)
        case .finish(let group, let index):
            contents[.snapshot(group, index)] = contents[.partialSnapshot(group, index)]
            contents[.partialSnapshot(group, index)] = nil
        case .discard(let group, let index): contents[.partialSnapshot(group, index)] = nil
        case .reserve(let byteCount): return .reserved(byteCount: byteCount)
        case .giveReserve: return .reserved(byteCount: 0)
        case .read(let group, let index, let offset, let byteCount):
            return .bytes(
                contents[.snapshot(group, index)].map {
                    Array($0.dropFirst(offset).prefix(byteCount))
                })
        }
        return .done
    }

    /// Writes what is open in `journal`, until it is durable.
    mutating func flush(_ journal: inout Journal, now: Moment) {
        var requests: [DiskRequest] = []
        while journal.hasOpenRecords, journal.canFlush {
            _ = journal.flush(now: now, into: &requests)
            while !requests.isEmpty {
                let request = requests.removeFirst()
                carryOut(request)
                journal.completed(into: &requests)
                if case .createSegment = request { journal.segmentMade() }
            }
        }
    }
}
