import Primitives

/// What the segment files are, before any record is read.
struct SegmentSurvey {
    struct File {
        let sequence: UInt64
        /// 0 when the file can't be read.
        var byteCount = 0
        /// As it was written; or, when the header is damaged and intact batches are there, what these
        /// tell: the id alone.
        var header: SegmentHeader?
        /// What is wrong with the header, or with the whole file.
        var damage: Quarantine?
        /// Whether the first batch is intact.
        var isWhole = false
        /// Whether a batch proves that the segment's first bytes were on disk before it was written.
        var isProven = false
        /// Whether there is a second batch: it is never written before the journal's head is.
        var provesHead = false

        var name: JournalFile { .segment(sequence) }
        var hasIntactHeader: Bool { header != nil && damage == nil }
    }

    /// By sequence number.
    private(set) var files: [File] = []

    /// - Parameters:
    ///   - names: The folder's files.
    ///   - segments: Those of the folder; the ones that must be are loaded.
    /// - Throws: ``JournalError/newerFormat(file:found:supported:)``.
    init<Disk: JournalDisk>(
        _ names: [JournalFile], in segments: inout SegmentFiles<Disk>
    ) throws(JournalError) {
        let hasHead = names.contains(.head)
        for name in names.sorted() {
            guard case .segment(let sequence) = name else { continue }
            var file = File(sequence: sequence)
            if hasHead, let beginning = Self.beginning(of: sequence, in: segments),
                file.settle(by: beginning)
            {
                files.append(file)
                continue
            }
            do {
                try segments.load(sequence)
            } catch {
                file.damage = Quarantine(unreadable: name, error)
            }
            if file.damage == nil { try file.look(at: segments.bytes, hasHead: hasHead) }
            files.append(file)
        }
    }

    /// The first bytes of a segment: as many as its first batch, if that is intact, takes.
    private static func beginning<Disk: JournalDisk>(
        of sequence: UInt64, in segments: SegmentFiles<Disk>
    ) -> FileBeginning? {
        let beginning = segments.beginning(
            of: sequence, byteCount: JournalLimits.surveyedByteCount)
        guard let beginning,
            let first = BatchHeader(at: SegmentHeader.byteCount, of: beginning.bytes),
            first.end > beginning.bytes.count, first.end <= beginning.fileByteCount
        else { return beginning }
        return segments.beginning(of: sequence, byteCount: first.end)
    }

    /// Whether a head must have been written.
    var provesHead: Bool { files.contains(where: \.provesHead) }

    // MARK: Chain

    /// A segment to read.
    struct Link {
        let sequence: UInt64
        let header: SegmentHeader
        let byteCount: Int
        /// Where it ends, when a later one says so.
        let end: Int?
        /// Whether its first batch is known to have been on disk.
        let isProven: Bool
    }

    /// The segments that make up the journal.
    struct Chain {
        /// Oldest first.
        var links: [Link] = []
        /// What came after the last of them and can't be read any more.
        var lost: [Quarantine] = []
        /// Why the segment before the first of them is not there. It may simply have been let go.
        var gap: Quarantine?
        /// All that is certainly damage, `lost` included.
        var damages: [Quarantine] = []
        /// 0 when no intact header is there.
        var journalID: UInt64 = 0

        fileprivate mutating func lose(_ damage: Quarantine) {
            lost.append(damage)
            damages.append(damage)
        }
    }

    /// A segment that must have been begun.
    private struct Place {
        var sequence: UInt64
        var id: UInt64?
        var end: Int?
        var isProven: Bool
    }

    /// From the newest segment back, each header names the one before, up to one that is gone.
    ///
    /// - Throws: ``JournalError/foreignSegment(file:found:expected:)`` or
    ///   ``JournalError/inconsistent(file:offset:group:what:)``.
    func chain(_ head: JournalHead?) throws(JournalError) -> Chain {
        var chain = Chain()
        chain.journalID = head?.journalID ?? 0
        var next = newest(head)
        while let place = next { next = try add(place, to: &chain) }
        chain.links.reverse()
        return chain
    }

    private func newest(_ head: JournalHead?) -> Place? {
        let newest = files.last { file in
            // A proof comes behind the head that names its segment. What looks like one in a file that was
            // recycled and not begun yet may be a value that a client has stored.
            file.hasIntactHeader || file.isProven && file.sequence <= head?.sequence ?? .max
        }
        if let head, head.sequence > 0, head.sequence >= newest?.sequence ?? 0 {
            return Place(sequence: head.sequence, isProven: true)
        }
        guard let newest else { return nil }
        if newest.isWhole || newest.isProven {
            return Place(sequence: newest.sequence, isProven: newest.isProven)
        }
        return newest.header?.previous.map(Self.place)
    }

    private static func place(_ link: SegmentLink) -> Place {
        Place(sequence: link.sequence, id: link.id, end: link.end, isProven: true)
    }

    /// - Returns: The one before, if it may be there.
    private func add(_ place: Place, to chain: inout Chain) throws(JournalError) -> Place? {
        let file = files.first { $0.sequence == place.sequence }
        guard let file, let header = file.header,
            place.id == nil || header.id == place.id || file.hasIntactHeader
        else {
            let reason = file.map { $0.damage ?? $0.blankness } ?? .init(gone: place.sequence)
            if chain.links.isEmpty {
                chain.lose(reason)
                return files.last { $0.sequence < place.sequence && $0.header != nil }
                    .map { Place(sequence: $0.sequence, isProven: false) }
            }
            chain.gap = reason
            if file != nil { chain.damages.append(reason) }
            return nil
        }
        guard place.id == nil || header.id == place.id else {
            throw .inconsistent(
                file: file.name, offset: 0, group: nil,
                what: "a later segment names it by another id")
        }
        chain.links.append(
            Link(
                sequence: file.sequence, header: header, byteCount: file.byteCount,
                end: place.end, isProven: place.isProven))
        if let damage = file.damage {
            chain.gap = damage
            chain.damages.append(damage)
            return nil
        }
        if chain.journalID == 0 { chain.journalID = header.journalID }
        guard header.journalID == chain.journalID else {
            throw .foreignSegment(
                file: file.name, found: header.journalID, expected: chain.journalID)
        }
        guard let previous = header.previous else { return nil }
        guard previous.sequence < file.sequence else {
            throw .inconsistent(
                file: file.name, offset: 0, group: nil,
                what: "it names segment \(previous.sequence) as the one before")
        }
        return Self.place(previous)
    }
}

extension SegmentSurvey.File {
    /// What is wrong with a file that holds nothing of its segment although it should.
    fileprivate var blankness: Quarantine {
        Quarantine(
            file: name, byteCount: byteCount, what: "no beginning in a segment that was begun")
    }

    /// Takes up what the file's beginning tells, if the rest can add nothing: where the journal's head is
    /// there, nothing more is asked of a segment whose header and first batch are intact.
    ///
    /// - Returns: Whether that is so.
    fileprivate mutating func settle(by beginning: FileBeginning) -> Bool {
        guard case .valid(let found) = SegmentHeader.read(from: beginning.bytes),
            found.sequence == sequence, Self.isWhole(found, beginning.bytes)
        else { return false }
        byteCount = beginning.fileByteCount
        header = found
        isWhole = true
        return true
    }

    /// Whether the first batch is intact.
    private static func isWhole(_ header: SegmentHeader, _ bytes: [UInt8]) -> Bool {
        let reader = BatchReader(bytes: bytes, sequence: header.sequence, segmentID: header.id)
        return
            (try? reader.batch(at: SegmentHeader.byteCount, limit: bytes.count, number: nil)) != nil
    }

    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - hasHead: Whether the journal's head is there.
    /// - Throws: ``JournalError/newerFormat(file:found:supported:)``.
    fileprivate mutating func look(at bytes: [UInt8], hasHead: Bool) throws(JournalError) {
        byteCount = bytes.count
        switch SegmentHeader.read(from: bytes) {
        case .newer(let version):
            throw .newerFormat(file: name, found: version, supported: SegmentHeader.version)
        // A recycled file keeps its old header until it is begun.
        case .valid(let found) where found.sequence == sequence: header = found
        case .valid: lookBehindHeader(of: bytes, "another segment's header")
        case .invalid: lookBehindHeader(of: bytes, "a bad segment header")
        }
        guard let header else { return }
        isWhole = Self.isWhole(header, bytes)
        if isWhole && hasHead { return }
        let reader = BatchReader(bytes: bytes, sequence: sequence, segmentID: header.id)
        let later = reader.headers(after: SegmentHeader.byteCount)
        provesHead = !later.isEmpty
        if later.contains(where: { $0.syncedThrough > SegmentHeader.byteCount }) { isProven = true }
    }

    /// Finds out what the batches say of the segment.
    private mutating func lookBehindHeader(of bytes: [UInt8], _ what: String) {
        let batches = BatchReader.headers(in: bytes, sequence: sequence)
        guard let first = batches.first else { return }
        damage = Quarantine(
            file: name, byteCount: min(bytes.count, SegmentHeader.byteCount), what: what)
        isProven = batches.contains { $0.syncedThrough > 0 }
        // Nobody knows any more whether the segment was written in periodic mode.
        header = SegmentHeader(
            durability: .periodic, journalID: 0, sequence: sequence, id: first.segmentID,
            segmentByteCount: bytes.count)
    }
}

extension Quarantine {
    init(unreadable file: JournalFile, _ failure: DiskFailure) {
        self.init(file: file, what: "\(failure.operation) failed with error \(failure.code)")
    }

    fileprivate init(gone sequence: UInt64) {
        self.init(file: .segment(sequence), what: "the segment is gone")
    }
}
