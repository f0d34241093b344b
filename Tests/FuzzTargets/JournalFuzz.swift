import Journal
import Primitives

/// Input: choices, then the files of the folder.
enum JournalFuzz {
    private static let now = Moment(
        boot: Instant(nanoseconds: 9_000_000_000), wallMilliseconds: 1_700_000_000_000)

    static func run(_ input: inout FuzzInput) throws(Finding) {
        let choices = input.byte()
        let settings = JournalSettings(
            segmentByteCount: 4096, durability: choices & 2 == 0 ? .sync : .periodic,
            heldByteCount: 512, carriedByteCount: 512)
        var folder = folder(&input, isResealed: choices & 1 == 0)
        if choices & 4 == 0 { addHead(to: &folder) }
        guard
            var first = try? Journal.recover(
                from: folder, settings: settings, bootID: 1, seed: 2, now: now)
        else { return }
        _ = first.report.lines + first.report.damageLines
        let mayHaveLostGroups = first.mayHaveLostGroups
        let expected = append(to: &first)
        folder.flush(&first.journal, now: now)
        // What was accepted once, and what was written behind it, is there at the next start.
        let second: Journal.Recovery
        do throws(JournalError) {
            second = try Journal.recover(
                from: folder, settings: settings, bootID: 1, seed: 3, now: now)
        } catch {
            throw Finding("what was accepted can't be read at the next start: \(error)")
        }
        try expectEqual(second.groups.map(Kept.init), expected, "the groups at the next start")
        try expectEqual(
            second.mayHaveLostGroups, mayHaveLostGroups, "whether groups may be lost")
    }

    /// What of a group counts and doesn't depend on the clock.
    private struct Kept: Equatable {
        var group: GroupID
        var replica: ReplicaID
        var quarantine: Quarantine?
        var configuration: Configuration?
        var hardState: HardState?
        var snapshot: SnapshotMetadata?
        var entries: [LogEntry]

        init(_ recovered: RecoveredGroup) {
            group = recovered.group
            replica = recovered.replica
            quarantine = recovered.quarantine
            entries = recovered.entries
            guard quarantine == nil else { return }
            configuration = recovered.initialConfiguration
            hardState = recovered.hardState
            snapshot = recovered.snapshot
        }
    }

    /// Goes on where the journal ends; what comes for a quarantined group must not count.
    ///
    /// - Returns: What it holds then.
    private static func append(to recovery: inout Journal.Recovery) -> [Kept] {
        var expected = recovery.groups.map(Kept.init)
        for place in expected.indices.prefix(3) {
            let group = expected[place].group
            let last = expected[place].entries.last?.index ?? expected[place].snapshot?.index
            let entry = LogEntry(
                term: Term(3), index: (last ?? .zero).next, kind: .command, stamp: 5,
                payload: [1, 2, 3])
            let hardState = HardState(term: Term(4), vote: ReplicaID(5))
            recovery.journal.append(.entry(group, entry))
            recovery.journal.append(.hardState(group, hardState))
            guard expected[place].quarantine == nil else { continue }
            expected[place].entries.append(entry)
            expected[place].hardState = hardState
        }
        return expected
    }

    // MARK: Folders

    private static func folder(_ input: inout FuzzInput, isResealed: Bool) -> FuzzFolder {
        var folder = FuzzFolder()
        while !input.isAtEnd, folder.contents.count < 6 {
            switch input.byte() % 3 {
            case 0:
                let sequence = UInt64(input.byte())
                let byteCount = min(input.number(), 8192)
                var bytes = Array(input.piece().prefix(byteCount))
                bytes += [UInt8](repeating: 0, count: byteCount - bytes.count)
                if isResealed { Resealing.segment(&bytes) }
                folder.contents[.segment(sequence)] = bytes
            case 1:
                let group = GroupID(UInt32(input.byte()))
                folder.contents[.snapshot(group, LogIndex(UInt64(input.byte())))] = [1]
            default: folder.contents[.suspect] = []
            }
        }
        return folder
    }

    /// The head that belongs to the segment with the highest number that has a header of its own.
    private static func addHead(to folder: inout FuzzFolder) {
        for (file, bytes) in folder.contents.reversed() {
            guard case .segment(let sequence) = file, bytes.count >= 80,
                bytes.starts(with: "MARTLETJ".utf8), bytes[24] == UInt8(sequence)
            else { continue }
            var head: [UInt8] = []
            head += "MARTLETH".utf8
            head.append(littleEndian: UInt32(1))
            head += bytes[16..<24]
            head.append(littleEndian: sequence)
            head.append(littleEndian: crc32c(head.span))
            folder.contents[.head] = head
            return
        }
    }

    private static func encode(_ folder: FuzzFolder, choices: UInt8) -> [UInt8] {
        var bytes = [choices]
        for (file, contents) in folder.contents {
            switch file {
            case .segment(let sequence):
                bytes += [0, UInt8(sequence)]
                bytes.append(littleEndian: UInt16(contents.count))
                let end = contents.lastIndex { $0 != 0 } ?? -1
                bytes.append(piece: Array(contents[...end]))
            case .snapshot(let group, let index):
                bytes += [1, UInt8(group.rawValue), UInt8(index.rawValue)]
            case .suspect: bytes.append(2)
            case .head, .partialSnapshot: break
            }
        }
        return bytes
    }

    static var seeds: [[UInt8]] {
        [Durability.sync, .periodic].flatMap { durability in
            (0..<6).flatMap { length in
                let choices: UInt8 = durability == .sync ? 0 : 2
                let whole = life(length: length * 4, durability: durability)
                var recycled = whole
                if case .segment? = whole.contents.keys.first, whole.contents.count > 1 {
                    recycled.contents[whole.contents.keys[0]] = nil
                }
                return [encode(whole, choices: choices), encode(recycled, choices: choices)]
            }
        }
    }

    /// A folder after some flushes of random records.
    private static func life(length: Int, durability: Durability) -> FuzzFolder {
        var folder = FuzzFolder()
        var generator = SeededGenerator(seed: UInt64(length))
        let settings = JournalSettings(
            segmentByteCount: 4096, durability: durability, heldByteCount: 512,
            carriedByteCount: 512)
        guard
            var journal = try? Journal.recover(
                from: folder, settings: settings, bootID: 1, seed: 5, now: now
            ).journal
        else { preconditionFailure("an empty folder can't be recovered") }
        var last = [LogIndex](repeating: .zero, count: 3)
        var base = last
        for group in last.indices {
            let members = [1, 2, 3].map { Member(replica: ReplicaID($0), node: NodeID($0 + 6)) }
            journal.append(
                .groupCreated(
                    GroupID(UInt32(group)), ReplicaID(1), Configuration(voters: members)))
        }
        folder.flush(&journal, now: now)
        for step in 0..<length {
            let place = generator.below(last.count)
            let group = GroupID(UInt32(place))
            if generator.chance(percent: 20), last[place] > base[place] {
                journal.append(.truncation(group, after: last[place].previous))
                last[place] = last[place].previous
            }
            let payload = [UInt8](repeating: UInt8(step), count: generator.below(250))
            last[place] = last[place].next
            journal.append(
                .entry(
                    group,
                    LogEntry(
                        term: Term(2), index: last[place], kind: .command, stamp: Int64(step),
                        payload: payload)))
            journal.append(.hardState(group, HardState(term: Term(2), vote: ReplicaID(2))))
            if step % 7 == 6 {
                base[place] = last[place]
                folder.contents[.snapshot(group, last[place])] = [1]
                let metadata = SnapshotMetadata(
                    index: last[place], term: Term(2),
                    configuration: Configuration(voters: []), stamp: 1)
                journal.append(.snapshot(group, metadata))
            }
            if step % 10 == 9 { journal.append(.caughtUp(group)) }
            if generator.chance(percent: 60) { folder.flush(&journal, now: now) }
        }
        if length % 8 == 0 { journal.append(.cleanStop) }
        folder.flush(&journal, now: now)
        return folder
    }
}
