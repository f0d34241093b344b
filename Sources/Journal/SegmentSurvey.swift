import Primitives

/// What the segment files are, before any record is read.
struct SegmentSurvey {
    enum State {
        /// Nothing in it counts: it was made ahead of need, or its beginning was cut short.
        case blank
        /// The header is intact, the first batch never got to disk whole.
        case begun(SegmentHeader, BatchReader.Damage)
        case whole(SegmentHeader)
        /// It was begun for good, and its beginning is bad now.
        case damaged(BatchReader.Damage)
    }

    struct File {
        let sequence: UInt64
        let byteCount: Int
        let state: State

        var name: JournalFile { .segment(sequence) }

        var header: SegmentHeader? {
            switch state {
            case .begun(let header, _), .whole(let header): header
            case .blank, .damaged: nil
            }
        }
    }

    /// A segment to read, and where it ends when a later one says so.
    struct Link {
        let sequence: UInt64
        let header: SegmentHeader
        let byteCount: Int
        let end: Int?
    }

    /// By sequence number.
    private(set) var files: [File] = []

    /// Looks at the segments among `names`; the memory of `bytes` is used for those that must be read
    /// as a whole.
    init<Disk: JournalDisk>(
        _ names: [JournalFile], on disk: Disk, using bytes: inout [UInt8]
    ) throws(JournalError) {
        for name in names.sorted() {
            guard case .segment(let sequence) = name else { continue }
            if let file = try Self.whole(sequence, on: disk) {
                files.append(file)
                continue
            }
            try disk.load(name, into: &bytes)
            files.append(
                File(
                    sequence: sequence, byteCount: bytes.count,
                    state: try Self.state(of: bytes, sequence: sequence)))
        }
    }

    /// The segment, when its beginning alone shows that it is whole; else all of it must be read.
    private static func whole<Disk: JournalDisk>(
        _ sequence: UInt64, on disk: Disk
    ) throws(JournalError) -> File? {
        let beginning: FileBeginning
        do {
            beginning = try disk.beginning(
                of: .segment(sequence), byteCount: JournalLimits.surveyedByteCount)
        } catch {
            throw .unreadable(error)
        }
        let bytes = beginning.bytes
        guard case .valid(let header) = SegmentHeader.read(from: bytes),
            header.sequence == sequence
        else { return nil }
        let reader = BatchReader(bytes: bytes, sequence: sequence, segmentID: header.id)
        guard
            (try? reader.batch(at: SegmentHeader.byteCount, limit: bytes.count, number: nil))
                != nil
        else { return nil }
        return File(
            sequence: sequence, byteCount: beginning.fileByteCount, state: .whole(header))
    }

    private static func state(
        of bytes: [UInt8], sequence: UInt64
    ) throws(JournalError) -> State {
        let header: SegmentHeader
        switch SegmentHeader.read(from: bytes) {
        case .newer(let version):
            throw .newerFormat(
                file: .segment(sequence), found: version, supported: SegmentHeader.version)
        case .invalid:
            return BatchReader.provesBeginning(bytes, sequence: sequence)
                ? .damaged(BatchReader.Damage(offset: 0, what: "a bad segment header")) : .blank
        case .valid(let found):
            // A recycled file keeps its old header until it is begun.
            guard found.sequence == sequence else {
                return BatchReader.provesBeginning(bytes, sequence: sequence)
                    ? .damaged(BatchReader.Damage(offset: 0, what: "another segment's header"))
                    : .blank
            }
            header = found
        }
        let reader = BatchReader(bytes: bytes, sequence: sequence, segmentID: header.id)
        do {
            _ = try reader.batch(
                at: SegmentHeader.byteCount, limit: bytes.count, number: nil)
            return .whole(header)
        } catch {
            let proven = reader.headers(after: SegmentHeader.byteCount).contains {
                $0.syncedThrough > SegmentHeader.byteCount
            }
            return proven ? .damaged(error) : .begun(header, error)
        }
    }

    /// The segments that make up the journal, oldest first: from the newest one back, each header names
    /// the one before, up to one that has been recycled.
    func chain() throws(JournalError) -> [Link] {
        guard let newest = files.last(where: { if case .blank = $0.state { false } else { true } })
        else { return [] }
        var links: [Link] = []
        var next: SegmentLink?
        switch newest.state {
        case .blank: return []
        case .damaged(let damage): throw corruption(damage, in: newest)
        case .begun(let header, _): next = header.previous
        case .whole(let header):
            links.append(
                Link(
                    sequence: newest.sequence, header: header, byteCount: newest.byteCount,
                    end: nil))
            next = header.previous
        }
        while let link = next {
            guard let file = files.first(where: { $0.sequence == link.sequence }) else {
                guard !links.isEmpty else {
                    throw .segmentMissing(
                        file: .segment(link.sequence), provenBy: newest.name)
                }
                break
            }
            switch file.state {
            case .damaged(let damage), .begun(_, let damage): throw corruption(damage, in: file)
            case .blank:
                throw corruption(
                    BatchReader.Damage(
                        offset: 0, what: "no beginning in a segment that was complete"),
                    in: file)
            case .whole(let header):
                guard header.id == link.id else {
                    throw .inconsistent(
                        file: file.name, offset: 0, group: nil,
                        what: "a later segment names it by another id")
                }
                try check(header, of: file, against: newest)
                links.append(
                    Link(
                        sequence: file.sequence, header: header, byteCount: file.byteCount,
                        end: link.end))
                next = header.previous
            }
        }
        return links.reversed()
    }

    /// Makes sure that the segment which the journal is known to have reached is there.
    func check(_ head: JournalHead) throws(JournalError) {
        guard head.sequence > 0 else { return }
        let name = JournalFile.segment(head.sequence)
        guard let file = files.first(where: { $0.sequence == head.sequence }) else {
            throw .segmentMissing(file: name, provenBy: .head)
        }
        switch file.state {
        case .blank:
            throw corruption(
                BatchReader.Damage(offset: 0, what: "no beginning in a segment that was begun"),
                in: file)
        case .begun(_, let damage), .damaged(let damage): throw corruption(damage, in: file)
        case .whole(let header):
            guard header.journalID != head.journalID else { return }
            throw .foreignSegment(
                file: name, found: header.journalID, expected: head.journalID)
        }
    }

    private func check(
        _ header: SegmentHeader, of file: File, against newest: File
    ) throws(JournalError) {
        guard let expected = newest.header?.journalID, header.journalID != expected else { return }
        throw .foreignSegment(file: file.name, found: header.journalID, expected: expected)
    }

    private func corruption(_ damage: BatchReader.Damage, in file: File) -> JournalError {
        .corrupt(
            file: file.name, offset: damage.offset,
            byteCount: (damage.end ?? file.byteCount) - damage.offset,
            groups: damage.group.map { [$0] } ?? [], what: damage.what)
    }
}

extension JournalError {
    /// The same error, with every group named that any segment knows of if it may concern any.
    func naming<Disk: JournalDisk>(groupsOn disk: Disk, _ files: [JournalFile]) -> JournalError {
        guard case .corrupt(let file, let offset, let byteCount, [], let what) = self else {
            return self
        }
        var groups: [GroupID] = []
        for case .segment(let sequence) in files {
            guard let bytes = try? disk.read(.segment(sequence)) else { continue }
            groups += BatchReader.groupsNamed(in: bytes, sequence: sequence)
        }
        groups.sort()
        var named: [GroupID] = []
        for group in groups where named.last != group { named.append(group) }
        return .corrupt(
            file: file, offset: offset, byteCount: byteCount, groups: named, what: what)
    }
}

extension JournalDisk {
    func load(_ file: JournalFile, into bytes: inout [UInt8]) throws(JournalError) {
        do {
            try read(file, into: &bytes)
        } catch {
            throw .unreadable(error)
        }
    }

    func contents(of file: JournalFile) throws(JournalError) -> [UInt8] {
        do {
            return try read(file)
        } catch {
            throw .unreadable(error)
        }
    }
}
