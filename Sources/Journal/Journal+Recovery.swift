package import Primitives

extension Journal {
    /// What was found at start-up.
    package struct Recovery: Sendable {
        package var journal: Journal
        /// By group.
        package var groups: [RecoveredGroup]
        package var report: RecoveryReport
        /// Whether the last thing that the journal holds is ``JournalRecord/cleanStop``.
        package var wasCleanStop: Bool
    }

    /// Reads a journal's folder; an empty one is a new journal.
    ///
    /// Nothing is written. The first ``flush(now:into:)`` begins a new segment, so that what follows a
    /// cut can never count again; until ``isOpen`` no promise may rest on what was found.
    ///
    /// - Parameters:
    ///   - disk: The folder.
    ///   - settings: For the journal from now on; what is there may have been written with others.
    ///   - bootID: Which boot of the machine this is.
    ///   - seed: For the ids of segments; another one at each start.
    ///   - now: The present.
    /// - Returns: The journal, and what it holds.
    /// - Throws: ``JournalError`` when something that was on disk can't be read any more.
    package static func recover<Disk: JournalDisk>(
        from disk: Disk, settings: JournalSettings, bootID: UInt64, seed: UInt64, now: Moment
    ) throws(JournalError) -> Recovery {
        let names: [JournalFile]
        do {
            names = try disk.files().sorted()
        } catch {
            throw .unreadable(error)
        }
        // One segment after the other.
        var bytes: [UInt8] = []
        let survey = try SegmentSurvey(names, on: disk, using: &bytes)
        let chain: [SegmentSurvey.Link]
        var replay: Replay
        do throws(JournalError) {
            if names.contains(.head) {
                try survey.check(JournalHead(decoding: disk.contents(of: .head)))
            }
            chain = try survey.chain()
            replay = Replay(
                settings: settings, byteCount: chain.reduce(0) { $0 + $1.byteCount })
            for (place, link) in chain.enumerated() {
                try disk.load(.segment(link.sequence), into: &bytes)
                try replay.read(link, bytes: bytes, isOldest: place == 0)
            }
        } catch {
            throw error.naming(groupsOn: disk, names)
        }
        return try finish(
            replay, chain, survey, names: names, settings: settings, bootID: bootID, seed: seed,
            now: now)
    }

    private static func finish(
        _ replay: Replay, _ chain: [SegmentSurvey.Link], _ survey: SegmentSurvey,
        names: [JournalFile], settings: JournalSettings, bootID: UInt64, seed: UInt64, now: Moment
    ) throws(JournalError) -> Recovery {
        let last = chain.last
        let mayHaveForgotten =
            last?.header.durability == .periodic && !replay.endsWithCleanStop
            && (replay.lastHeader?.bootID != bootID || names.contains(.suspect))
        var report = replay.report
        var recovered: [RecoveredGroup] = []
        var live = SortedMap<GroupID, LiveGroup>()
        for (group, found) in replay.groups {
            if let missing = found.log.missing {
                throw .entriesMissing(
                    group: group, first: missing.lowerBound, last: missing.upperBound)
            }
            if let snapshot = found.state.snapshot {
                let file = JournalFile.snapshot(group, snapshot.index)
                guard names.contains(file) else {
                    throw .snapshotMissing(file: file, group: group)
                }
            }
            var state = found.state
            if mayHaveForgotten { state.isAmnesiac = true }
            let slots = found.log.filled
            recovered.append(RecoveredGroup(group, state, entries: slots.map(\.entry)))
            report.entryCount += slots.count
            var log = LiveLog(heldByteCount: settings.heldByteCount)
            for slot in slots { log.append(slot.entry, segment: slot.segment) }
            live[group] = LiveGroup(state: state, log: log)
        }
        report.groupCount = recovered.count

        let chained = chain.map(\.sequence)
        let leftovers = survey.files.filter { !chained.contains($0.sequence) }
        let orphans = names.filter { name in
            switch name {
            case .segment, .head: false
            case .snapshot(let group, let index): live[group]?.state.snapshot?.index != index
            case .partialSnapshot, .suspect: true
            }
        }
        report.discarded = leftovers.map(\.name) + orphans

        var generator = SeededGenerator(seed: seed)
        let start = Start(
            journalID: last?.header.journalID ?? max(1, generator.next()), groups: live,
            older: chain.map { SegmentFile(sequence: $0.sequence, byteCount: $0.byteCount) },
            previous: last.map {
                SegmentLink(sequence: $0.sequence, id: $0.header.id, end: replay.end)
            },
            unproven: replay.unproven,
            nextSequence: (survey.files.last?.sequence ?? 0) + 1,
            nextBatchNumber: (replay.lastHeader?.number ?? 0) + 1,
            leftoverSegments: leftovers.map {
                SegmentFile(sequence: $0.sequence, byteCount: $0.byteCount)
            },
            supersededFiles: orphans)
        return Recovery(
            journal: Journal(
                start, settings: settings, bootID: bootID, generator: generator, now: now),
            groups: recovered, report: report, wasCleanStop: replay.endsWithCleanStop)
    }
}

extension RecoveredGroup {
    fileprivate init(_ group: GroupID, _ state: GroupState, entries: [LogEntry]) {
        self.init(
            group: group, replica: state.replica,
            initialConfiguration: state.initialConfiguration, hardState: state.hardState,
            snapshot: state.snapshot, entries: entries, clock: state.clock,
            isAmnesiac: state.isAmnesiac)
    }
}
