@testable import Journal
import Primitives

/// What was done to the files of a journal at rest.
struct Harm: CustomStringConvertible {
    var description: String
    /// The only groups whose records were hit; `nil` when it may be any.
    var groups: [GroupID]?

    mutating func add(_ other: Harm) {
        description += " and " + other.description
        if let more = other.groups { groups? += more } else { groups = nil }
    }

    /// What is wrong with what was found: each group must be as it was, or be quarantined.
    ///
    /// - Parameters:
    ///   - found: By recovery.
    ///   - mayHaveLostGroups: What recovery says.
    ///   - expected: On a sound disk.
    /// - Returns: `nil` when nothing is.
    func complaint(
        about found: JournalModel, _ mayHaveLostGroups: Bool, _ expected: JournalModel
    ) -> String? {
        if expected.mayHaveLostGroups, !mayHaveLostGroups { return "lost groups are forgotten" }
        let hasUnknown = found.groups.values.contains { $0.replica == .unknown }
        if groups != nil, !hasUnknown, mayHaveLostGroups != expected.mayHaveLostGroups {
            return "groups are thought lost"
        }
        for group in (found.groups.keys + expected.groups.keys).sorted() {
            if let complaint = complaint(
                about: group, found.groups[group], mayHaveLostGroups, expected.groups[group])
            {
                return "group \(group) \(complaint)"
            }
        }
        return nil
    }

    private func complaint(
        about group: GroupID, _ found: JournalModel.Group?, _ mayHaveLostGroups: Bool,
        _ expected: JournalModel.Group?
    ) -> String? {
        guard let found else {
            return mayHaveLostGroups && groups == nil ? nil : "is gone"
        }
        guard let expected else {
            return found.quarantine != nil && groups == nil ? nil : "came out of nothing"
        }
        if found.quarantine != nil {
            if expected.quarantine != nil, expected.replica == found.replica { return nil }
            if groups?.contains(group) == false { return "is quarantined with a sound log" }
            if found.replica == .unknown { return mayHaveLostGroups ? nil : "has no id" }
            if expected.replica == .unknown { return nil }
            return found.replica == expected.replica
                ? nil : "has id \(found.replica) for \(expected.replica)"
        }
        if expected.quarantine != nil { return "is not quarantined any more" }
        var like = expected
        // It is no harm to take a replica for amnesiac.
        if found.isAmnesiac { like.isAmnesiac = true }
        return found == like ? nil : Self.difference(found, like)
    }
}

extension Harm {
    private static func difference(
        _ found: JournalModel.Group, _ expected: JournalModel.Group
    ) -> String {
        let pairs = zip(Mirror(reflecting: found).children, Mirror(reflecting: expected).children)
        for (left, right) in pairs
        where "\(left.value)" != "\(right.value)" {
            return "has \(left.label ?? "") \(left.value), expected \(right.value)"
        }
        return "is as expected"
    }
}

extension JournalLife {
    var segments: [JournalFile] {
        disk.contents.keys.filter { if case .segment = $0 { true } else { false } }
    }

    /// The journal's head, if it is intact.
    private var journalHead: JournalHead? {
        guard let bytes = disk.contents[.head]?.cached,
            case .valid(let found) = JournalHead.read(from: bytes)
        else { return nil }
        return found
    }

    /// The segments that count.
    func chain() throws -> [SegmentSurvey.Link] {
        var segments = SegmentFiles(disk, disk.contents.keys)
        return try SegmentSurvey(disk.contents.keys, in: &segments).chain(journalHead).links
    }

    /// How many of the certain batches must be found, or the groups quarantined: the end of the journal
    /// from a batch on that no later one proves can't be told from what was never written.
    func certainCount(of count: Int, before sound: MemoryDisk) -> Int {
        let last = places.prefix(count).last { Self.isThere($0, on: sound) }
        guard let newest = last?.segment,
            let bytes = disk.contents[.segment(newest)]?.cached,
            let soundBytes = sound.contents[.segment(newest)]?.cached
        else { return count }
        let later = BatchReader.headers(in: bytes, sequence: newest).map(\.syncedThrough)
        let proven = max(
            later.max() ?? 0, journalHead.map { $0.sequence >= newest } == true ? 1 : 0)
        for (number, place) in places.prefix(count).enumerated()
        where place.segment == newest && place.range.lowerBound >= proven {
            let range = place.range
            guard range.upperBound <= bytes.count, bytes[range] == soundBytes[range] else {
                return number
            }
        }
        return count
    }

    /// Whether the batch is on the disk at all: one that changes nothing is not missed in the model.
    private static func isThere(_ place: Place, on disk: MemoryDisk) -> Bool {
        guard let bytes = disk.contents[.segment(place.segment)]?.cached else { return false }
        let offset = max(place.range.lowerBound, SegmentHeader.byteCount)
        return BatchHeader(at: offset, of: bytes)?.sequence == place.segment
    }

    /// Damages files.
    mutating func inflictHarm() -> Harm {
        let segments = segments
        guard !segments.isEmpty else { return Harm(description: "nothing", groups: []) }
        let file = segments[generator.below(segments.count)]
        let byteCount = disk.contents[file]?.cached.count ?? 0
        let offset = generator.below(max(1, byteCount))
        switch generator.below(12) {
        case 0 where byteCount > 0:
            disk.flip(file, at: offset, mask: 1 << UInt8(generator.below(8)))
            return Harm(description: "a bit at \(offset) of \(file) turned over")
        case 1:
            let zeros = [UInt8](repeating: 0, count: 1 + generator.below(1200))
            disk.overwrite(file, at: offset, with: zeros)
            return Harm(description: "\(zeros.count) zeros at \(offset) of \(file)")
        case 2: return loseWrite(andPutItAt: offset & ~511, of: file)
        case 3: return loseWrite(andPutItAt: nil, of: file)
        case 4:
            disk.replace(file, with: nil)
            return Harm(description: "\(file) removed")
        case 5 where disk.contents[.head] != nil:
            if generator.chance(percent: 50) {
                disk.replace(.head, with: nil)
                return Harm(description: "the head removed")
            }
            disk.flip(.head, at: generator.below(32), mask: 4)
            return Harm(description: "a bit of the head turned over")
        case 6:
            disk.unreadable.append(generator.chance(percent: 20) ? .head : file)
            disk.hasReadableBeginnings = generator.chance(percent: 50)
            return Harm(description: "\(disk.unreadable) unreadable")
        case 7:
            disk.replace(file, with: disk.contents[file]?.cached.dropLast(byteCount - offset))
            return Harm(description: "\(file) cut at \(offset)")
        case 8: return loseSnapshot()
        default: return flipBody()
        }
    }

    /// Takes back one of the newest writes, and perhaps puts it elsewhere.
    private mutating func loseWrite(andPutItAt offset: Int?, of file: JournalFile) -> Harm {
        let writes = disk.writes.filter { disk.contents[$0.file] != nil }
        guard !writes.isEmpty else { return Harm(description: "nothing", groups: []) }
        let write = writes[writes.count - 1 - generator.below(min(6, writes.count))]
        disk.overwrite(write.file, at: write.offset, with: write.before)
        let what = "\(write.after.count) bytes at \(write.offset) of \(write.file) lost"
        guard let offset else { return Harm(description: what) }
        disk.overwrite(file, at: offset, with: write.after)
        return Harm(description: "\(what), and written at \(offset) of \(file)")
    }

    private mutating func loseSnapshot() -> Harm {
        let snapshots = disk.contents.keys.filter {
            if case .snapshot = $0 { true } else { false }
        }
        guard !snapshots.isEmpty else { return Harm(description: "nothing", groups: []) }
        let file = snapshots[generator.below(snapshots.count)]
        disk.replace(file, with: nil)
        guard case .snapshot(let group, _) = file else { preconditionFailure("\(file)") }
        return Harm(description: "\(file) removed", groups: [group])
    }

    /// Turns over a bit of a record's body; its head, which is intact, tells whose it is.
    private mutating func flipBody() -> Harm {
        guard let links = try? chain(), !links.isEmpty else {
            return Harm(description: "nothing", groups: [])
        }
        let link = links[generator.below(links.count)]
        let file = JournalFile.segment(link.sequence)
        let bytes = disk.contents[file]?.cached ?? []
        let reader = BatchReader(
            bytes: bytes, sequence: link.sequence, segmentID: link.header.id)
        var records: [BatchReader.Record] = []
        for header in reader.headers(after: 0) {
            let batch = try? reader.readableBatch(
                at: header.offset, limit: bytes.count, number: nil)
            records += (batch?.records ?? []).filter { !$0.body.isEmpty }
        }
        guard !records.isEmpty else { return Harm(description: "nothing", groups: []) }
        let record = records[generator.below(records.count)]
        disk.flip(file, at: record.body.lowerBound + generator.below(record.body.count), mask: 2)
        return Harm(
            description: "the body of the record at \(record.offset) of \(file) hit",
            groups: [record.head.group])
    }
}
